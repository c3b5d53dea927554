"""Reminders before a deadline and after it (M6.4, M7.7).

The period of Monday 9 March opens on Friday 6 March 00:00 and is due at 10:00 in Berlin.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from checkins.commands import undo_check_in
from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from engagements.commands import close_engagement
from engagements.models import Membership, Role
from okrs.models import Cycle, KeyResult, Stage
from tests import build
from tests.checkins.posting import at, post
from tests.escalations.jobs.telling import people, told
from tests.query_counts import assert_constant_queries
from tests.walls.racing import waiting

MONDAY = dt.date(2026, 3, 9)
FRIDAY_MESSAGE = at("2026-03-06T09:00")
OPEN = at("2026-03-06T12:00")
DUE = at("2026-03-09T10:00")
MINUTE = dt.timedelta(minutes=1)

Sweep = Callable[..., int]


def change(row: Any, **fields: Any) -> None:
    """On the row itself, whatever the rules say."""
    type(row)._base_manager.filter(pk=row.pk).update(**fields)


def run(sweep: Sweep, now: dt.datetime) -> int:
    return sweep(now=now, using="default")


class TestReminder:
    def test_the_owner_is_reminded_at_the_hour_of_the_message(
        self, onboarding: KeyResult, bob: Membership
    ) -> None:
        assert run(send_reminders, FRIDAY_MESSAGE - MINUTE) == 0
        assert run(send_reminders, FRIDAY_MESSAGE) == 1

        expected = ("reminder", bob.pk, onboarding.pk, MONDAY, FRIDAY_MESSAGE)
        assert told() == [expected]

    def test_nobody_is_reminded_twice(self, onboarding: KeyResult) -> None:
        run(send_reminders, FRIDAY_MESSAGE)

        assert run(send_reminders, FRIDAY_MESSAGE) == 0
        assert run(send_reminders, DUE - MINUTE) == 0

    def test_nobody_is_reminded_of_what_is_done(
        self, onboarding: KeyResult, bob: Membership
    ) -> None:
        post(onboarding, bob, now=at("2026-03-02T09:00"))  # the week before, still open
        post(onboarding, bob, now=at("2026-03-06T08:00"))

        assert run(send_reminders, OPEN) == 0

    def test_what_was_done_and_undone_is_reminded_of(
        self, onboarding: KeyResult, bob: Membership
    ) -> None:
        post(onboarding, bob, now=at("2026-03-02T09:00"))
        done = post(onboarding, bob, now=at("2026-03-06T08:00"))
        undo_check_in(check_in=done, by=bob, now=at("2026-03-06T08:05"))

        assert run(send_reminders, OPEN) == 1

    def test_a_deadline_that_has_gone_by_is_not_reminded_of(self, onboarding: KeyResult) -> None:
        assert run(send_reminders, DUE) == 0
        assert run(send_reminders, DUE + MINUTE) == 0

    def test_a_new_owner_is_reminded_too(
        self, onboarding: KeyResult, alice: Membership, bob: Membership
    ) -> None:
        run(send_reminders, OPEN)
        change(onboarding, owner=alice)

        assert run(send_reminders, OPEN) == 1
        assert people("reminder") == {alice.pk, bob.pk}

    def test_the_hour_is_that_of_the_persons_own_clock(
        self, onboarding: KeyResult, bob: Membership
    ) -> None:
        change(bob.user, time_zone="America/New_York", message_at=dt.time(7, 30))
        half_past_seven = at("2026-03-06T13:30")

        assert run(send_reminders, half_past_seven - MINUTE) == 0
        assert run(send_reminders, half_past_seven) == 1

    @pytest.mark.parametrize("stage", [Stage.DRAFT, Stage.CLOSED, Stage.WITHDRAWN])
    def test_only_live_key_results_ask_for_check_ins(
        self, onboarding: KeyResult, stage: str
    ) -> None:
        change(onboarding, stage=stage)

        assert (
            run(send_reminders, OPEN) + run(send_overdue, DUE + MINUTE) + run(escalate_missed, DUE)
            == 0
        )

    def test_a_cycle_that_has_not_begun_or_is_over_asks_for_nothing(
        self, onboarding: KeyResult
    ) -> None:
        assert run(send_reminders, at("2025-12-24T12:00")) == 0
        assert run(send_reminders, at("2026-04-03T12:00")) == 0
        assert run(send_overdue, at("2026-04-06T12:00")) == 0

    def test_it_costs_the_same_queries_for_many(
        self, alice: Membership, onboarding: KeyResult
    ) -> None:
        def grow() -> None:
            for _ in range(10):
                build.live_key_result(onboarding.objective)

        for sweep in (send_reminders, send_overdue, escalate_missed):
            now = OPEN if sweep is send_reminders else DUE + MINUTE
            assert_constant_queries(lambda: run(sweep, now), grow=grow, most=3)  # noqa: B023


class TestOverdue:
    def test_the_owner_is_told_when_the_due_time_has_passed(
        self, onboarding: KeyResult, bob: Membership
    ) -> None:
        assert run(send_overdue, DUE) == 0
        assert run(send_overdue, DUE + MINUTE) == 1
        assert run(send_overdue, DUE + MINUTE) == 0

        assert told() == [("overdue", bob.pk, onboarding.pk, MONDAY, DUE)]

    def test_what_was_posted_late_is_overdue_no_more(
        self, onboarding: KeyResult, bob: Membership
    ) -> None:
        post(onboarding, bob, now=DUE + MINUTE)

        assert run(send_overdue, DUE + 2 * MINUTE) == 0

    def test_what_was_committed_after_the_due_time_was_not_asked_for(
        self, onboarding: KeyResult
    ) -> None:
        change(onboarding, committed_at=DUE + MINUTE)

        assert run(send_overdue, DUE + 2 * MINUTE) == 0

    def test_a_closed_period_is_overdue_no_more(self, onboarding: KeyResult) -> None:
        run(send_overdue, at("2026-03-16T00:00"))

        assert told("overdue") == []

    def test_two_open_periods_are_told_of_one_by_one(self, onboarding: KeyResult) -> None:
        change(onboarding.engagement, opens_days_before=7)

        assert run(send_overdue, at("2026-03-09T09:00")) == 0
        assert run(send_overdue, DUE + MINUTE) == 1
        assert run(send_reminders, at("2026-03-13T09:00")) == 1


class TestMissed:
    """Committed on 5 January before the first due time: periods since then are asked for."""

    @pytest.fixture
    def carol(self, onboarding: KeyResult) -> Membership:
        """Owns the objective."""
        carol = build.member(onboarding.engagement, "Carol", Role.CHAMPION)
        change(onboarding.objective, owner=carol)
        return carol

    def test_the_objectives_owner_is_told_when_the_period_closes(
        self, onboarding: KeyResult, carol: Membership
    ) -> None:
        closes_at = at("2026-01-12T00:00")

        assert run(escalate_missed, closes_at - MINUTE) == 0
        assert run(escalate_missed, closes_at) == 1
        assert run(escalate_missed, closes_at) == 0

        expected = ("missed", carol.pk, onboarding.pk, dt.date(2026, 1, 5), closes_at)
        assert told() == [expected]

    def test_the_leads_are_told_of_two_in_a_row_once_per_streak(
        self, onboarding: KeyResult, carol: Membership, alice: Membership, bob: Membership
    ) -> None:
        post(onboarding, bob, now=at("2026-01-06T09:00"))
        for day in ("12", "19", "26"):
            run(escalate_missed, at(f"2026-01-{day}T00:00"))

        (twice,) = told("missed_twice")
        assert (twice.person, twice.period) == (alice.pk, dt.date(2026, 1, 19))
        assert len(told("missed")) == 2

        run(escalate_missed, at("2026-02-02T00:00"))
        assert len(told("missed_twice")) == 1

    def test_a_new_streak_is_told_again(
        self, onboarding: KeyResult, bob: Membership, carol: Membership
    ) -> None:
        run(escalate_missed, at("2026-01-19T00:00"))
        post(onboarding, bob, now=at("2026-01-20T09:00"))
        run(escalate_missed, at("2026-02-02T00:00"))
        run(escalate_missed, at("2026-02-09T00:00"))

        periods = [one.period for one in told("missed_twice")]
        assert periods == [dt.date(2026, 1, 12), dt.date(2026, 2, 2)]

    def test_what_was_not_asked_for_starts_no_streak(
        self, onboarding: KeyResult, carol: Membership
    ) -> None:
        change(onboarding, committed_at=at("2026-01-12T10:01"))

        run(escalate_missed, at("2026-01-19T00:00"))
        run(escalate_missed, at("2026-01-26T00:00"))
        assert told("missed_twice") == []

        run(escalate_missed, at("2026-02-02T00:00"))
        (twice,) = told("missed_twice")
        assert twice.period == dt.date(2026, 1, 26)

    def test_after_an_outage_the_last_two_closes_are_caught_up(
        self, onboarding: KeyResult, carol: Membership
    ) -> None:
        run(escalate_missed, at("2026-03-11T12:00"))

        periods = [one.period for one in told("missed")]
        assert periods == [dt.date(2026, 2, 23), dt.date(2026, 3, 2)]
        (twice,) = told("missed_twice")
        assert twice.period == dt.date(2026, 3, 2)

    def test_a_streak_told_of_by_an_older_pair_is_not_told_again(
        self, onboarding: KeyResult, alice: Membership, carol: Membership
    ) -> None:
        run(escalate_missed, at("2026-01-19T00:00"))

        run(escalate_missed, at("2026-03-11T12:00"))

        (twice,) = told("missed_twice")
        assert (twice.person, twice.period) == (alice.pk, dt.date(2026, 1, 12))

    def test_whoever_leads_later_hears_of_the_newest_two_and_once(
        self, onboarding: KeyResult, alice: Membership, carol: Membership
    ) -> None:
        run(escalate_missed, at("2026-01-19T00:00"))
        change(carol, role=Role.LEAD)
        for day in ("02", "09"):
            run(escalate_missed, at(f"2026-03-{day}T00:00"))

        periods = {one.person: one.period for one in told("missed_twice")}
        assert periods == {alice.pk: dt.date(2026, 1, 12), carol.pk: dt.date(2026, 2, 23)}
        assert len(told("missed_twice")) == 2

    def test_a_pair_that_was_followed_by_a_check_in_is_told_to_nobody(
        self, onboarding: KeyResult, bob: Membership, carol: Membership
    ) -> None:
        post(onboarding, bob, now=at("2026-03-03T09:00"))

        run(escalate_missed, at("2026-03-11T12:00"))

        assert told("missed_twice") == []

    def test_the_last_period_is_told_after_the_cycles_end_and_then_no_more(
        self, onboarding: KeyResult, carol: Membership, alice: Membership
    ) -> None:
        run(escalate_missed, at("2026-04-06T00:00"))
        assert [one.period.isoformat() for one in told("missed")] == ["2026-03-23", "2026-03-30"]

        change(onboarding.objective, owner=alice)  # years later, say
        assert run(escalate_missed, at("2026-05-04T00:00")) == 0

    def test_every_lead_is_told(
        self, onboarding: KeyResult, carol: Membership, alice: Membership
    ) -> None:
        second = build.member(onboarding.engagement, "Frank", Role.LEAD)

        run(escalate_missed, at("2026-01-19T00:00"))

        assert people("missed_twice") == {alice.pk, second.pk}


class TestWhoIsTold:
    @pytest.fixture
    def all_rules(self, onboarding: KeyResult, bob: Membership) -> Callable[[], set[str]]:
        """Bob owns the objective too; the rules by which he is told."""
        change(onboarding.objective, owner=bob)

        def rules() -> set[str]:
            run(send_reminders, OPEN)
            run(send_overdue, DUE + MINUTE)
            run(escalate_missed, DUE)
            return {one.rule for one in told() if one.person == bob.pk}

        return rules

    def test_whoever_owns_it(self, all_rules: Callable[[], set[str]]) -> None:
        assert all_rules() == {"reminder", "overdue", "missed"}

    @pytest.mark.parametrize(
        "fields",
        [{"removed_at": timezone.now()}, {"user": None}, {"role": Role.VIEWER}],
        ids=["removed", "placeholder", "viewer"],
    )
    def test_but_nobody_who_left_never_came_or_may_not_read(
        self, all_rules: Callable[[], set[str]], bob: Membership, fields: dict[str, Any]
    ) -> None:
        change(bob, **fields)

        assert all_rules() == set()

    def test_nor_anybody_whose_sign_in_is_switched_off(
        self, all_rules: Callable[[], set[str]], bob: Membership
    ) -> None:
        change(bob.user, is_active=False)

        assert all_rules() == set()

    def test_whoever_wants_no_reminders_still_hears_of_what_was_missed(
        self, all_rules: Callable[[], set[str]], bob: Membership
    ) -> None:
        change(bob.user, wants_reminders=False)

        assert all_rules() == {"missed"}

    def test_whoever_wants_no_digests_is_still_reminded(
        self, all_rules: Callable[[], set[str]], bob: Membership
    ) -> None:
        change(bob.user, wants_digests=False)

        assert all_rules() == {"reminder", "overdue"}

    def test_a_sponsor_who_owns_it_may_read_and_is_told(
        self, all_rules: Callable[[], set[str]], bob: Membership
    ) -> None:
        change(bob, role=Role.SPONSOR)

        assert all_rules() == {"reminder", "overdue", "missed"}


def test_a_client_whose_settings_make_no_sense_silences_nobody_else(
    onboarding: KeyResult, alice: Membership, caplog: pytest.LogCaptureFixture
) -> None:
    cycle = onboarding.objective.cycle
    for index, ends_on in enumerate(("9999-12-31", "2026-06-30")):
        odd = build.cycle(alice.engagement, f"Odd {index}", ends_on=dt.date.fromisoformat(ends_on))
        build.live_key_result(build.objective(alice, odd, title=f"Odd {index}"))

    assert run(send_reminders, OPEN) == 2
    assert "are left out of the jobs" in caplog.text
    assert Cycle.objects.filter(pk=cycle.pk).exists()


def test_rhythms_are_read_once_for_all_cycles_that_keep_them(onboarding: KeyResult) -> None:
    alice = onboarding.objective.owner
    for name in ("Growth", "Churn"):
        cycle = build.cycle(alice.engagement, name)
        build.live_key_result(build.objective(alice, cycle, title=f"Win {name}"))

    run(send_reminders, OPEN)

    assert len(told("reminder")) == 3


def test_the_clock_of_somebody_who_is_no_member_is_nobodys_business(onboarding: KeyResult) -> None:
    build.user("Zoe", time_zone="Pacific/Kiritimati")

    assert run(send_reminders, OPEN) == 1
    assert User.objects.count() == 3
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM notifications_notice WHERE public_id ~ '^[2-9a-h]{12}$'"
        )
        assert cursor.fetchone() == (1,)


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
def test_a_client_that_closes_meanwhile_gets_no_notices(job: Sweep, now: dt.datetime) -> None:
    lead = build.member(build.engagement())
    build.live_key_result(build.objective(lead, build.cycle(lead.engagement)))

    def closing() -> None:
        close_engagement(engagement=lead.engagement, by=lead)

    with waiting(closing, lambda: job(now=now), engagement_id=lead.engagement_id) as written:
        pass

    assert written.result() == 0
