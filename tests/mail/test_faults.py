"""Valkey is killed with SIGKILL and forgets all it held, while a worker and beat are at work."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from django.conf import settings
from django.db import Error, connection, connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from checkins.jobs.reminders import send_reminders
from config.celery import app
from config.embedded import DATABASE, Paths, servers
from engagements.models import Engagement, Membership, Role
from escalations.models import Escalation
from mail import runs
from mail.models import OutboxMessage
from mail.outbox import enqueue
from notifications.models import Notice
from okrs.models import Objective
from tenancy.grants import grant_tables
from tenancy.scoping import scope
from tests import build, databases, faults
from tests.broker import celery_url, ring_at
from tests.browser.servers import broker, running
from tests.checkins.posting import at
from tests.escalations import racing
from tests.mail.conftest import post
from tests.mail.reaper import AFTER, BEFORE, Reaper
from tests.own_servers import Server, own_postgres, own_valkey
from tests.processes import beat, environment, eventually, worker
from tests.smtp import listening

pytestmark = pytest.mark.slow

KINDS = "tests.mail.fault_kinds"
QUICK = "tests.mail.quick"


@pytest.fixture
def lead(committed: str, client: Client) -> Membership:
    return build.sign_in(client, build.engagement())


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Server]:
    """Cache and doorbell of this test, for its own pages too."""
    with own_valkey(forgetful=True) as (server, url):
        ring_at(monkeypatch, celery_url(url))
        settings.REDIS_URL = url
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": url}}
        yield server


@contextmanager
def working(
    bell: str, mail: Reaper, *, folder: Path, knows: str = KINDS, name: str = "worker"
) -> Iterator[None]:
    """Worker and beat, which are the same processes at the end as at the beginning."""
    told, log = told_of(bell, mail), folder / "worker"
    with (
        running(worker(name=name, knows=knows), told, log=log) as hearing,
        running(beat(folder / "schedule"), told, log=folder / "beat") as ringing,
    ):
        yield
        assert (hearing.poll(), ringing.poll()) == (None, None), log.read_text()[-3000:]


def told_of(bell: str, mail: Reaper) -> dict[str, str]:
    return environment(bell=bell, mail_port=mail.port, DJANGO_SETTINGS_MODULE=QUICK)


def posted(prefix: str, *, count: int) -> set[str]:
    names = [f"{prefix}{number}" for number in range(count)]
    with transaction.atomic():
        for name in names:
            post(name)
    return {f"{name}@example.test" for name in names}


def invited(client: Client, name: str) -> set[str]:
    """Who is invited on a page while no broker answers; the page does."""
    email = f"{name}@example.test"
    values = {"name": name, "email": email, "role": "viewer"}
    assert client.post("/e/northwind/members/invite/", values).status_code == 302
    return {email}


def test_a_broker_killed_at_work_loses_nothing(
    lead: Membership, valkey: Server, client: Client, tmp_path: Path
) -> None:
    log = tmp_path / "worker"
    with ExitStack() as stack:
        mail = stack.enter_context(listening(Reaper, pace=0.02))
        told = told_of(settings.REDIS_URL, mail)
        hearing = stack.enter_context(running(worker(knows=KINDS), told, log=log))
        # The first time nothing but one ring is in the worker's hands, and it listens for more.
        recipients = killed_at_work("alone", valkey, mail=mail, client=client)
        with running(beat(tmp_path / "schedule"), told, log=tmp_path / "beat") as ringing:
            for occasion in ("again", "once-more"):
                recipients |= killed_at_work(occasion, valkey, mail=mail, client=client)
            arrived = eventually(lambda: not mail.lost(recipients))
            assert (hearing.poll(), ringing.poll()) == (None, None), log.read_text()[-3000:]
        lost, doubled = mail.lost(recipients), mail.doubled
        faults.report("valkey-kill-9", injected=3, lost=lost, dup=doubled)
        assert (arrived, lost, doubled) == (True, 0, 0), log.read_text()[-3000:]

        # Beat has ended: what arrives now, the worker heard by the bell alone.
        last = posted("last", count=1)
        assert eventually(lambda: not mail.lost(last))
        assert lost_by_the_queue_alone(valkey, mail=mail) > 0
        assert hearing.poll() is None


def killed_at_work(occasion: str, valkey: Server, *, mail: Reaper, client: Client) -> set[str]:
    """All who are to get mail: some was posted while Valkey was there, some while it was not."""
    seen = mail.seen
    recipients = posted(f"before-{occasion}", count=20)
    assert eventually(lambda: mail.seen > seen + 3), "nobody delivers"
    valkey.kill()
    recipients |= posted(f"without-{occasion}", count=5)
    recipients |= invited(client, f"invited-{occasion}")
    valkey.start()
    return recipients


def lost_by_the_queue_alone(valkey: Server, *, mail: Reaper) -> int:
    """How many of forty messages the broker loses that no row knows of."""
    names = [f"alone{number}" for number in range(40)]
    for name in names:
        app.send_task(f"{KINDS}.greet_alone", [name])
    valkey.kill()
    valkey.start()
    after = posted("after", count=1)
    assert eventually(lambda: not mail.lost(after))
    return mail.lost({f"{name}@example.test" for name in names})


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
    with broker() as bell, listening(Reaper) as mail, ExitStack() as stack:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            own = working(bell, mail, folder=tmp_path / name, knows="", name=name)
            stack.enter_context(own)
        for wave in range(1, WAVES + 1):
            turn_red(objective, count=EACH)
            assert eventually(lambda: sent(objective) >= wave * EACH * len(LEADS))  # noqa: B023
        swept = runs.last()["sweep"]
        assert eventually(lambda: runs.last()["sweep"] > swept + dt.timedelta(seconds=2))

    with scope(objective.engagement_id):
        assert Escalation.objects.count() == WAVES * EACH
    assert mail.copies.total() == messages()
    lost, doubled = messages() - len(mail.copies), mail.copies.total() - len(mail.copies)
    doubled += doubled_rows(objective)
    faults.report("second-beat-and-worker", injected=2, lost=lost, dup=doubled)
    assert (lost, doubled) == (0, 0)


def sent(objective: Objective) -> int:
    with scope(objective.engagement_id):
        return Notice.objects.filter(rule="escalation_active").exclude(sent_at=None).count()


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
            assert eventually(lambda: other.done() or racing.waiting("sweep"))
        assert other.result() == doubled

    assert doubled_rows(objective) == doubled


def remind_beside() -> int:
    try:
        return send_reminders(now=FRIDAY, using="sweep")
    finally:
        connections.close_all()


WORKERS = 4


@contextmanager
def workers(server: Reaper, *, way: str) -> Iterator[None]:
    """Some workers, in a group of their own that the server may kill members of."""
    command = ["-m", "tests.mail.fault_workers", str(WORKERS), way]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=environment(bell=settings.REDIS_URL, mail_port=server.port),
        process_group=0,
    )
    server.group = process.pid
    try:
        yield
        assert process.poll() is None
    finally:
        os.killpg(process.pid, SIGKILL)
        process.wait()


def deaths(*, every: int, times: int) -> dict[int, str]:
    """Half of the mails are taken and nobody learns of it: those come twice."""
    return {number * every: [BEFORE, AFTER][number % 2] for number in range(1, times + 1)}


def delivered(count: int, *, way: str, **how: Any) -> tuple[Reaper, int]:
    """Have that many messages delivered; return the server, and how many it never got."""
    recipients = posted("person", count=count)
    with listening(Reaper, **how) as server, workers(server, way=way):
        is_open = OutboxMessage.objects.using("sweep").filter(sent_at=None).exists
        assert eventually(lambda: not is_open(), within=120)
        server.finished = time.monotonic()
    return server, server.lost(recipients)


def test_workers_killed_while_they_deliver_lose_nothing(committed: str) -> None:
    server, lost = delivered(2000, way="as_the_product_does", deaths=deaths(every=180, times=10))

    faults.report("worker-kill-9", injected=server.killed, lost=lost, dup=server.doubled)
    assert (server.killed, lost, len(server.taken)) == (10, 0, 2000)
    assert server.doubled <= server.killed


def test_no_email_is_later_than_a_minute_after_twenty_kills(committed: str) -> None:
    server, lost = delivered(300, way="as_beat_rings", deaths=deaths(every=5, times=20))

    faults.report("worker-kill-20", injected=server.killed, lost=lost, dup=server.doubled)
    assert (server.killed, lost) == (20, 0)
    assert server.finished - server.last_kill < 60


def test_a_worker_that_marks_before_it_sends_loses(committed: str) -> None:
    server, lost = delivered(60, way="mark_then_send", deaths={20: BEFORE, 40: BEFORE})

    assert server.killed == 2
    assert lost >= 2


def test_workers_that_claim_nothing_double(committed: str) -> None:
    server, lost = delivered(40, way="send_unclaimed", pace=0.01)

    assert lost == 0
    assert server.doubled > 0


CRASHES, CHILDREN = 2, 2
PACE = 0.01


@pytest.fixture
def postgres(committed: str) -> Iterator[tuple[Server, Paths]]:
    """A server of the test's own, at which its connections and its processes work."""
    with own_postgres(like=committed) as (server, paths), pytest.MonkeyPatch.context() as patch:
        for alias in databases.ROLES:
            connections[alias].close()
            patch.setitem(connections[alias].settings_dict, "HOST", str(paths.sockets))
            patch.setitem(connections[alias].settings_dict, "NAME", DATABASE)
        grant_tables(using="owner")  # as after any restore: processes refuse to start without
        yield server, paths
        connections.close_all()


class Poster(threading.Thread):
    """Posts one message after the other, each until the database acknowledges it."""

    def __init__(self, *, count: int) -> None:
        super().__init__()
        self.names = [f"person{number}" for number in range(count)]
        self.acknowledged: set[str] = set()
        self.failures = 0

    def run(self) -> None:
        for name in self.names:
            while not self.posts(name):
                self.failures += 1
                time.sleep(PACE)
            self.acknowledged.add(f"{name}@example.test")
            time.sleep(PACE)
        connections.close_all()

    def posts(self, name: str) -> bool:
        """Under one key, so that trying again makes no second message."""
        try:
            enqueue(
                kind="greeting",
                recipient=f"{name}@example.test",
                payload={"name": name},
                dedupe_key=f"greeting:{name}",
            )
        except Error:
            connection.close()
            return False
        return True


def test_a_database_that_crashes_at_work_loses_nothing_it_acknowledged(
    postgres: tuple[Server, Paths], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server, paths = postgres
    poster = Poster(count=240)
    with (
        broker() as bell,
        listening(Reaper, pace=0.005) as mail,
        working(bell, mail, folder=tmp_path),
    ):
        ring_at(monkeypatch, celery_url(bell))
        assert poster.posts("first")
        assert eventually(lambda: mail.seen), "nobody delivers"
        poster.start()
        for _ in range(CRASHES):
            crash(server, mail=mail)
        poster.join(timeout=60)
        arrived = eventually(lambda: not mail.lost(poster.acknowledged))

    lost, doubled = mail.lost(poster.acknowledged), mail.doubled
    faults.report("postgres-immediate-stop", injected=CRASHES, lost=lost, dup=doubled)
    assert poster.failures, "nobody noticed"
    assert (arrived, lost, len(poster.acknowledged), messages()) == (True, 0, 240, 241)
    assert doubled <= CRASHES * CHILDREN  # one is under way in each
    assert lost_by_acknowledging_before_writing(server, paths=paths) > 0


def crash(server: Server, *, mail: Reaper) -> None:
    seen = mail.seen
    assert eventually(lambda: mail.seen > seen + 40), "nobody delivers"
    server.kill()
    server.start()


def lost_by_acknowledging_before_writing(server: Server, *, paths: Paths) -> int:
    """How many of forty messages are gone in a crash where commits are only promised."""
    with servers.connect(paths) as superuser:
        superuser.execute("ALTER ROLE plumbline_app SET synchronous_commit = off")
        superuser.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        superuser.execute("SELECT pg_reload_conf()")
    before = messages()
    connections.close_all()
    poster = Poster(count=0)
    acknowledged = [poster.posts(f"late{number}") for number in range(40)]
    server.kill()
    server.start()
    connections.close_all()
    return sum(acknowledged) - (messages() - before)
