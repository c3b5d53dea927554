"""Reminders before a deadline, after it, and of missed check-ins (M6.4, M7.7, M7.9).

The period of Monday 9 March opens on Friday 6 March 00:00 and is due at 10:00 in Berlin.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from checkins.commands import undo_check_in
from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from engagements.commands.engagements import close_engagement
from engagements.models import Membership, Role
from notifications.models import Notice
from okrs.models import KeyResult, Stage
from tenancy.scoping import unscoped
from tests import build
from tests.build import change
from tests.checkins.posting import at, post
from tests.escalations.notices import people, told
from tests.query_counts import assert_constant_queries
from tests.walls.racing import waiting

MONDAY = dt.date(2026, 3, 9)
FRIDAY_MESSAGE = at("2026-03-06T09:00")
OPEN = at("2026-03-06T12:00")
DUE = at("2026-03-09T10:00")
MINUTE = dt.timedelta(minutes=1)
Job = Callable[..., int]


def run(job: Job, now: dt.datetime) -> int:
    return job(now=now, using="default")


def periods(rule: str) -> str:
    return " ".join(f"{one.period:%m-%d}" for one in told(rule))


@pytest.fixture
def carol(onboarding: KeyResult) -> Membership:
    """The owner of the objective."""
    carol = build.member(onboarding.engagement, "Carol", Role.CHAMPION)
    change(onboarding.objective, owner=carol)
    return carol


@pytest.mark.parametrize(
    ("job", "rule", "monday", "since"),
    [
        pytest.param(send_reminders, "reminder", "03-09", FRIDAY_MESSAGE, id="M6.4-reminder"),
        pytest.param(send_overdue, "overdue", "03-09", DUE, id="M6.4-overdue"),
        pytest.param(escalate_missed, "missed", "01-05", at("2026-01-12T00:00"), id="M7.7-missed"),
    ],
)
def test_the_owner_is_notified_once_from_its_time_on(
    onboarding: KeyResult, carol: Membership, job: Job, rule: str, monday: str, since: dt.datetime
) -> None:
    first = since + MINUTE if job is send_overdue else since

    assert [run(job, now) for now in (first - MINUTE, first, first)] == [0, 1, 0]
    reader = carol.pk if rule == "missed" else onboarding.owner_id
    assert told() == [(rule, reader, onboarding.pk, dt.date.fromisoformat(f"2026-{monday}"), since)]


@pytest.mark.parametrize(
    ("job", "now", "fields"),
    [
        pytest.param(send_reminders, "2025-12-24T12:00", {}, id="M6.4-cycle-not-begun"),
        pytest.param(send_reminders, "2026-03-09T10:00", {}, id="M6.4-deadline-has-passed"),
        pytest.param(send_reminders, "2026-04-03T12:00", {}, id="M6.4-cycle-over"),
        pytest.param(send_overdue, "2026-03-16T00:00", {}, id="M7.7-period-closed"),
        pytest.param(send_overdue, "2026-04-06T12:00", {}, id="M7.7-cycle-over"),
        pytest.param(escalate_missed, "2026-05-04T00:00", {}, id="M7.7-long-after-the-end"),
        pytest.param(
            *(send_overdue, "2026-03-09T10:02", {"committed_at": DUE + MINUTE}),
            id="M6.4-committed-after-the-due-time",
        ),
        *(
            pytest.param(job, now, {"stage": stage}, id=f"M6.4-{stage}-{job.__name__}")
            for stage in (Stage.DRAFT, Stage.CLOSED, Stage.WITHDRAWN)
            for job, now in (
                (send_reminders, "2026-03-06T12:00"),
                (send_overdue, "2026-03-09T10:01"),
            )
        ),
    ],
)
def test_there_is_nothing_to_notify_of(
    onboarding: KeyResult, job: Job, now: str, fields: dict[str, Any]
) -> None:
    change(onboarding, **fields)

    assert run(job, at(now)) == 0


@pytest.mark.parametrize("undone", [False, True])
def test_a_check_in_that_is_done_gets_no_reminder_unless_it_is_undone(
    onboarding: KeyResult, bob: Membership, *, undone: bool
) -> None:
    post(onboarding, bob, now=at("2026-03-02T09:00"))  # the week before, still open
    done = post(onboarding, bob, now=at("2026-03-06T08:00"))
    if undone:
        undo_check_in(check_in=done, by=bob, now=at("2026-03-06T08:05"))

    assert run(send_reminders, OPEN) == undone
    assert run(send_overdue, DUE + MINUTE) == undone


def test_a_new_owner_is_reminded_too_by_their_own_clock(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    change(alice.user, time_zone="America/New_York", message_at=dt.time(7, 30))
    half_past_seven = at("2026-03-06T13:30")
    run(send_reminders, OPEN)
    change(onboarding, owner=alice)

    assert run(send_reminders, half_past_seven - MINUTE) == 0
    assert run(send_reminders, half_past_seven) == 1
    assert people("reminder") == {alice.pk, bob.pk}


def test_two_open_periods_are_reminded_of_one_by_one(onboarding: KeyResult) -> None:
    change(onboarding.engagement, opens_days_before=7)

    assert run(send_overdue, at("2026-03-09T09:00")) == 0
    assert run(send_overdue, DUE + MINUTE) == 1
    assert run(send_reminders, at("2026-03-13T09:00")) == 1


# Missed check-ins.


@pytest.mark.parametrize(
    ("steps", "missed", "twice"),
    [
        pytest.param(
            *(
                "post 01-06, run 01-12, run 01-19, run 01-26, run 02-02",
                "01-12 01-19 01-26",
                "01-19",
            ),
            id="M7.9-once-per-streak",
        ),
        pytest.param(
            "run 01-19, post 01-20, run 02-02, run 02-09",
            *("01-05 01-12 01-26 02-02", "01-12 02-02"),
            id="M7.9-a-new-streak",
        ),
        pytest.param("commit 01-13, run 01-26", "01-19", "", id="M7.9-not-before-the-commit"),
        pytest.param("commit 01-13, run 02-02", "01-19 01-26", "01-26", id="M7.9-after-the-commit"),
        pytest.param("run 03-11", "02-23 03-02", "03-02", id="M7.7-after-an-outage"),
        pytest.param("run 01-19, run 03-11", "01-05 01-12 02-23 03-02", "01-12", id="M7.9-outage"),
        pytest.param("post 03-03, run 03-11", "02-23", "", id="M7.9-two-before-a-check-in"),
        pytest.param("run 04-06", "03-23 03-30", "03-30", id="M7.7-after-the-cycles-end"),
    ],
)
def test_the_objectives_owner_hears_of_each_missed_one_and_the_leads_of_two_in_a_row(
    onboarding: KeyResult,
    carol: Membership,
    alice: Membership,
    bob: Membership,
    steps: str,
    missed: str,
    twice: str,
) -> None:
    for step in steps.split(", "):
        what, day = step.split()
        if what == "run":
            run(escalate_missed, at(f"2026-{day}T00:00"))
        elif what == "post":
            post(onboarding, bob, now=at(f"2026-{day}T09:00"))
        else:
            change(onboarding, committed_at=at(f"2026-{day}T09:00"))

    assert (periods("missed"), periods("missed_twice")) == (missed, twice)
    assert people("missed") == {carol.pk}
    assert people("missed_twice") <= {alice.pk}


def test_a_new_lead_is_notified_once_of_the_newest_two(
    onboarding: KeyResult, alice: Membership, carol: Membership
) -> None:
    run(escalate_missed, at("2026-01-19T00:00"))
    change(carol, role=Role.LEAD)
    for day in ("03-02", "03-09"):
        run(escalate_missed, at(f"2026-{day}T00:00"))

    found = [(one.person, one.period) for one in told("missed_twice")]
    assert found == [(alice.pk, dt.date(2026, 1, 12)), (carol.pk, dt.date(2026, 2, 23))]


# Who gets them.


ALL = {"reminder", "overdue", "missed"}


@pytest.mark.parametrize(
    ("member", "user", "rules"),
    [
        pytest.param({}, {}, ALL, id="owner"),
        pytest.param({"role": Role.SPONSOR}, {}, ALL, id="sponsor-who-owns-it"),
        pytest.param({"removed_at": timezone.now()}, {}, set(), id="removed"),
        pytest.param({"user": None}, {}, set(), id="placeholder"),
        pytest.param({"role": Role.VIEWER}, {}, set(), id="viewer"),
        pytest.param({}, {"is_active": False}, set(), id="sign-in-switched-off"),
        pytest.param({}, {"wants_reminders": False}, {"missed"}, id="no-reminders"),
        pytest.param({}, {"wants_digests": False}, {"reminder", "overdue"}, id="no-digests"),
    ],
)
def test_these_members_get_notices_of_these_rules(
    onboarding: KeyResult,
    bob: Membership,
    member: dict[str, Any],
    user: dict[str, Any],
    rules: set[str],
) -> None:
    change(onboarding.objective, owner=bob)
    if user:
        change(bob.user, **user)
    if member:
        change(bob, **member)

    for job, now in ((send_reminders, OPEN), (send_overdue, DUE + MINUTE), (escalate_missed, DUE)):
        run(job, now)

    assert {one.rule for one in told() if one.person == bob.pk} == rules


def test_cycles_with_the_same_rhythm_are_all_reminded_of_but_those_with_odd_settings(
    onboarding: KeyResult, alice: Membership, caplog: pytest.LogCaptureFixture
) -> None:
    build.user("Zoe", time_zone="Pacific/Kiritimati")  # no member
    for index, ends_on in enumerate(("9999-12-31", "2026-06-30", "2026-06-30")):
        cycle = build.cycle(alice.engagement, f"C{index}", ends_on=dt.date.fromisoformat(ends_on))
        build.live_key_result(build.objective(alice, cycle, title=f"Win {index}"))

    assert run(send_reminders, OPEN) == 3
    assert "are left out of the jobs" in caplog.text
    with unscoped():
        ids = Notice.objects.values_list("public_id", flat=True)
        assert all(re.fullmatch("[2-9a-h]{12}", one) for one in ids)


@pytest.mark.parametrize("job", [send_reminders, send_overdue, escalate_missed])
def test_a_job_costs_the_same_queries_for_many(
    alice: Membership, onboarding: KeyResult, job: Job
) -> None:
    def add(number: int) -> None:
        build.live_key_result(onboarding.objective)

    now = OPEN if job is send_reminders else DUE + MINUTE
    assert_constant_queries(lambda: run(job, now), add=add, name=job.__name__)


@pytest.mark.slow
@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("job", "now"),
    [
        pytest.param(send_reminders, OPEN, id="M6.4-reminder"),
        pytest.param(send_overdue, DUE + MINUTE, id="M6.4-overdue"),
        pytest.param(escalate_missed, at("2026-03-16T00:01"), id="M7.7-missed"),
        pytest.param(friday_digests, at("2026-03-13T09:30"), id="M6.4-friday"),
    ],
)
def test_a_client_that_closes_meanwhile_gets_no_notices(job: Job, now: dt.datetime) -> None:
    lead = build.member(build.engagement())
    build.live_key_result(build.objective(lead, build.cycle(lead.engagement)))

    def closing() -> None:
        close_engagement(engagement=lead.engagement, by=lead, now=timezone.now())

    with waiting(closing, lambda: job(now=now), engagement_id=lead.engagement_id) as written:
        pass

    assert written.result() == 0
