"""Two beats ring and two workers hear: every row is written once and every mail is sent once."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connections, transaction
from django.utils import timezone

from checkins.jobs.reminders import send_reminders
from engagements.models import Engagement, Membership, Role
from escalations.models import Escalation
from mail import heartbeats
from mail.models import OutboxMessage
from notifications.models import Notice
from okrs.models import Objective
from tenancy.scoping import scope
from tests import build, faults
from tests.browser.servers import broker, running
from tests.checkins.posting import at
from tests.mail.reaper import reaping
from tests.processes import beat, environment, eventually, worker

pytestmark = pytest.mark.slow

QUICK = "tests.mail.quick"
WAVES, EACH, LEADS = 2, 5, ("Alice", "Bob", "Dana")
WEEK = dt.timedelta(days=7)
FRIDAY = at("2026-03-06T09:00")  # when the owner is reminded of Monday's check-in


def awake(engagement: Engagement, name: str) -> Membership:
    """A lead who is told at any hour."""
    hour = dt.time(0)
    user = build.user(name, quiet_from=hour, quiet_until=hour)
    return build.member(engagement, name, Role.LEAD, user=user)


def objective_of_now() -> Objective:
    """In a cycle around today."""
    engagement = build.engagement(escalation="strict", time_zone="UTC")
    owner, *_ = [awake(engagement, name) for name in LEADS]
    today = timezone.now().date()
    begun, over = today - 5 * WEEK, today + 7 * WEEK
    return build.objective(owner, build.cycle(engagement, starts_on=begun, ends_on=over))


def turn_red(objective: Objective, *, count: int) -> None:
    """Some key results have been red for two weeks, and nobody has been told."""
    today = timezone.now().date()
    since = today - dt.timedelta(days=today.weekday()) - 2 * WEEK
    for _ in range(count):
        build.live_key_result(objective, rag="red", red_since=since)


def test_two_beats_and_two_workers_write_and_send_once(committed: str, tmp_path: Path) -> None:
    objective = objective_of_now()
    with broker() as bell, reaping() as mail, ExitStack() as stack:
        told = environment(bell=bell, mail_port=mail.port, DJANGO_SETTINGS_MODULE=QUICK)
        for name in ("one", "two"):
            log = tmp_path / f"worker-{name}"
            stack.enter_context(running(worker(name=name), told, log=log))
            log = tmp_path / f"beat-{name}"
            stack.enter_context(running(beat(tmp_path / f"schedule-{name}"), told, log=log))
        for wave in range(1, WAVES + 1):
            turn_red(objective, count=EACH)
            assert eventually(lambda: sent(objective) >= wave * EACH * len(LEADS))  # noqa: B023
        swept = heartbeats.last()["sweep"]
        assert eventually(lambda: heartbeats.last()["sweep"] > swept + dt.timedelta(seconds=2))

    assert (counted(objective), mail.copies.total()) == (WAVES * EACH, messages())
    lost, doubled = messages() - len(mail.copies), mail.copies.total() - len(mail.copies)
    doubled += doubled_rows(objective)
    faults.report("second-beat-and-worker", injected=2, lost=lost, dup=doubled)
    assert (lost, doubled) == (0, 0)


def sent(objective: Objective) -> int:
    with scope(objective.engagement_id):
        return Notice.objects.filter(rule="escalation_active").exclude(sent_at=None).count()


def counted(objective: Objective) -> int:
    with scope(objective.engagement_id):
        return Escalation.objects.count()


def messages() -> int:
    return OutboxMessage.objects.using("sweep").count()


def doubled_rows(objective: Objective) -> int:
    """How many notices tell a person again what another told them."""
    with scope(objective.engagement_id):
        keys = Notice.objects.values_list("person", "rule", "subject", "period")
        return len(keys) - len(set(keys))


@pytest.mark.parametrize(("key", "doubled"), [(True, 0), (False, 1)], ids=["once", "no unique key"])
def test_the_unique_key_is_what_holds(committed: str, *, key: bool, doubled: int) -> None:
    """A sweep that cannot see the other's rows yet waits for them at the key, or writes them too."""
    engagement = build.engagement()
    lead = build.member(engagement)
    objective = build.objective(lead, build.cycle(engagement))
    build.live_key_result(objective)
    if not key:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE notifications_notice DROP CONSTRAINT notice_once")

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(using="sweep"):
            assert send_reminders(now=FRIDAY, using="sweep") == 1
            other = pool.submit(remind_beside)
            assert eventually(lambda: other.done() or somebody_waits())
        assert other.result() == doubled

    assert doubled_rows(objective) == doubled


def remind_beside() -> int:
    try:
        return send_reminders(now=FRIDAY, using="sweep")
    finally:
        connections.close_all()


def somebody_waits() -> bool:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        (waiting,) = cursor.fetchone()
    return bool(waiting)
