"""What Friday's message tells, and whom (M6.4). Friday is 6 March 2026."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from checkins.jobs.digests import friday_digests
from engagements.models import Membership, Role
from mail.outbox import enqueue
from okrs.models import KeyResult, Stage
from tenancy.scoping import identity
from tests import build
from tests.checkins.jobs.test_reminders import MINUTE, change
from tests.checkins.posting import at, post
from tests.escalations.jobs.telling import people, told
from tests.query_counts import assert_constant_queries

MONDAY = dt.date(2026, 3, 2)
NINE = at("2026-03-06T09:00")
TUESDAY = at("2026-03-03T09:00")


def run(now: dt.datetime = NINE) -> int:
    return friday_digests(now=now, using="default")


@pytest.fixture
def carol(onboarding: KeyResult) -> Membership:
    """Owns the objective, and champions no team."""
    carol = build.member(onboarding.engagement, "Carol", Role.CHAMPION)
    change(onboarding.objective, owner=carol)
    return carol


@pytest.fixture
def dana(onboarding: KeyResult) -> Membership:
    """Champion of the objective's team."""
    dana = build.member(onboarding.engagement, "Dana", Role.CHAMPION)
    change(onboarding.objective, team=build.team(onboarding.engagement, champion=dana))
    return dana


@pytest.fixture
def sound(onboarding: KeyResult, bob: Membership) -> KeyResult:
    """Updated this week with enough words: nothing to say on Friday."""
    for week in ("2026-02-24T09:00", "2026-03-03T09:00"):
        post(onboarding, bob, now=at(week), actual=6)
    change(onboarding, stage=Stage.ON_TRACK)
    return onboarding


class TestAtRisk:
    def test_objective_owner_and_leads_hear_of_what_is_at_risk(
        self, sound: KeyResult, alice: Membership, carol: Membership
    ) -> None:
        change(sound, stage=Stage.AT_RISK)

        assert run() == 2

        assert people("friday_at_risk") == {alice.pk, carol.pk}
        assert {one[2:] for one in told("friday_at_risk")} == {(sound.pk, MONDAY, NINE)}

    def test_and_of_what_a_blocker_holds_up(
        self, sound: KeyResult, alice: Membership, bob: Membership, carol: Membership
    ) -> None:
        post(sound, bob, now=at("2026-03-04T09:00"), blocker="No access to the shop")
        change(sound, stage=Stage.ON_TRACK, evidence_url="https://example.test/evidence")

        run()

        assert people("friday_at_risk") == {alice.pk, carol.pk}

    def test_not_of_what_is_on_track(self, sound: KeyResult, carol: Membership) -> None:
        run()

        assert told("friday_at_risk") == []


class TestLate:
    def test_the_champion_of_the_team_hears_of_what_is_late(
        self, onboarding: KeyResult, dana: Membership
    ) -> None:
        run()

        assert people("friday_late") == {dana.pk}
        assert {one[2:] for one in told("friday_late")} == {(onboarding.pk, MONDAY, NINE)}

    def test_the_leads_hear_of_it_where_there_is_no_champion(
        self, onboarding: KeyResult, alice: Membership, carol: Membership
    ) -> None:
        run()

        assert people("friday_late") == {alice.pk}

    @pytest.mark.parametrize("how", ["removed", "switched off"])
    def test_or_where_the_champion_has_left(
        self, onboarding: KeyResult, alice: Membership, dana: Membership, how: str
    ) -> None:
        if how == "removed":
            change(dana, removed_at=TUESDAY)
        else:
            change(dana.user, is_active=False)

        run()

        assert people("friday_late") == {alice.pk}

    def test_a_champion_who_wants_no_digests_is_not_stood_in_for(
        self, onboarding: KeyResult, dana: Membership
    ) -> None:
        change(dana.user, wants_digests=False)

        run()

        assert told("friday_late") == []

    def test_what_was_missed_last_period_is_named(
        self, onboarding: KeyResult, bob: Membership, dana: Membership
    ) -> None:
        post(onboarding, bob, now=TUESDAY, actual=6)  # the period of 23 February stays empty
        change(onboarding, evidence_url="https://example.test/evidence")

        run()

        assert people("friday_late") == {dana.pk}

    def test_what_is_done_in_time_and_at_length_is_not(
        self, sound: KeyResult, dana: Membership
    ) -> None:
        change(sound, evidence_url="https://example.test/evidence")

        assert run() == 0

    @pytest.mark.parametrize(
        "words",
        [
            {"insight": "As last week."},
            {"next_action": "Wait  and\nsee"},
            {"next_action": "Carry on"},
        ],
    )
    def test_fewer_than_four_words_are_thin(
        self, sound: KeyResult, bob: Membership, dana: Membership, words: dict[str, str]
    ) -> None:
        evidence = "https://example.test/evidence"
        post(sound, bob, now=at("2026-03-04T09:00"), evidence_url=evidence, **words)

        run()

        assert people("friday_late") == {dana.pk}

    def test_four_words_are_enough(
        self, sound: KeyResult, bob: Membership, dana: Membership
    ) -> None:
        words: dict[str, Any] = {"insight": "The form did it.", "next_action": "Roll it out\nnow"}
        evidence = "https://example.test/evidence"
        post(sound, bob, now=at("2026-03-04T09:00"), evidence_url=evidence, **words)

        run()

        assert told("friday_late") == []

    def test_green_without_evidence_is_thin(
        self, sound: KeyResult, bob: Membership, dana: Membership
    ) -> None:
        post(sound, bob, now=at("2026-03-04T09:00"), actual=5)

        run()

        assert people("friday_late") == {dana.pk}

    def test_a_thin_update_is_named_in_its_own_week_only(
        self, onboarding: KeyResult, bob: Membership, dana: Membership
    ) -> None:
        change(onboarding.engagement, cadence="biweekly")
        post(onboarding, bob, now=at("2026-02-17T09:00"))
        post(onboarding, bob, now=at("2026-03-04T09:00"), insight="As last week.")

        run()
        run(at("2026-03-13T09:00"))

        assert {one.period for one in told("friday_late")} == {MONDAY}


class TestWhen:
    @pytest.fixture(autouse=True)
    def at_risk(self, onboarding: KeyResult) -> None:
        change(onboarding, stage=Stage.AT_RISK)

    def test_at_the_hour_of_each_persons_message(
        self, alice: Membership, carol: Membership
    ) -> None:
        change(carol.user, time_zone="America/New_York")

        assert run(NINE - MINUTE) == 0
        run(NINE)
        assert people("friday_at_risk") == {alice.pk}
        run(at("2026-03-06T15:00"))
        assert people("friday_at_risk") == {alice.pk, carol.pk}

    def test_once_a_week(self) -> None:
        assert run() > 0
        assert run() == 0
        assert run(NINE + dt.timedelta(days=7)) > 0

    @pytest.mark.parametrize("day", ["2026-03-05", "2026-03-07", "2026-03-08", "2026-03-09"])
    def test_on_no_other_day(self, day: str) -> None:
        assert run(at(f"{day}T09:00")) == 0

    def test_what_comes_up_once_fridays_message_is_made_is_not_fridays(
        self, onboarding: KeyResult, alice: Membership
    ) -> None:
        assert alice.user is not None
        enqueue(
            kind="daily",
            recipient=alice.email,
            payload={},
            dedupe_key=f"daily:{alice.user.pk}:2026-03-06",
            user_id=alice.user.pk,
        )

        # The application reads a person's own messages only.
        with identity(user_id=alice.user.pk):
            assert run() == 0

    def test_nor_is_what_comes_up_once_the_evening_has_begun(self, alice: Membership) -> None:
        assert run(at("2026-03-06T20:00")) == 0

        assert run(at("2026-03-06T19:59")) > 0

    def test_an_hour_that_is_a_quiet_one_waits_for_the_end_of_the_quiet(
        self, alice: Membership
    ) -> None:
        """By ten in the evening Friday's message has long been made; it is made at seven."""
        change(alice.user, message_at=dt.time(22))

        assert run(at("2026-03-06T06:59")) == 0
        assert run(at("2026-03-06T07:00")) > 0
        assert told("friday_at_risk")[0].due_at == at("2026-03-06T07:00")

    @pytest.mark.parametrize(("day", "tells"), [("2026-04-03", True), ("2026-04-10", False)])
    def test_in_the_weeks_of_the_cycle_only(self, day: str, *, tells: bool) -> None:
        """It ends on Tuesday, 31 March."""
        run(at(f"{day}T09:00"))

        assert bool(told("friday_at_risk")) is tells

    def test_it_costs_the_same_queries_for_many(self, onboarding: KeyResult) -> None:
        def grow() -> None:
            for _ in range(10):
                build.live_key_result(onboarding.objective)

        assert_constant_queries(run, grow=grow, most=3)
