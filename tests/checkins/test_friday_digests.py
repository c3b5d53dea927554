"""Friday's notices, and who gets them (M6.4). Friday is 6 March 2026."""

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
from tests.build import change
from tests.checkins.posting import at, post
from tests.checkins.test_reminders import carol
from tests.escalations.notices import people, told
from tests.query_counts import assert_constant_queries

__all__ = ["carol"]

MONDAY = dt.date(2026, 3, 2)
NINE = at("2026-03-06T09:00")
TUESDAY = at("2026-03-03T09:00")
WEDNESDAY = at("2026-03-04T09:00")
PROOF = "https://example.test/evidence"


def run(now: dt.datetime = NINE) -> int:
    return friday_digests(now=now, using="default")


@pytest.fixture
def dana(onboarding: KeyResult) -> Membership:
    """The champion of the objective's team."""
    dana = build.member(onboarding.engagement, "Dana", Role.CHAMPION)
    change(onboarding.objective, team=build.team(onboarding.engagement, champion=dana))
    return dana


@pytest.fixture
def at_risk(onboarding: KeyResult) -> None:
    change(onboarding, stage=Stage.AT_RISK)


@pytest.mark.parametrize(
    ("stage", "blocker", "is_news"),
    [
        pytest.param(Stage.AT_RISK, "", True, id="M6.4-at-risk"),
        pytest.param(Stage.ON_TRACK, "No access to the shop", True, id="M6.4-blocked"),
        pytest.param(Stage.ON_TRACK, "", False, id="M6.4-on-track"),
    ],
)
def test_objective_owner_and_leads_get_key_results_at_risk_or_blocked(
    onboarding: KeyResult,
    alice: Membership,
    bob: Membership,
    carol: Membership,
    stage: Stage,
    blocker: str,
    *,
    is_news: bool,
) -> None:
    post(onboarding, bob, now=WEDNESDAY, blocker=blocker)
    change(onboarding, stage=stage)

    run()

    assert people("friday_at_risk") == ({alice.pk, carol.pk} if is_news else set())
    assert {one[2:] for one in told("friday_at_risk")} <= {(onboarding.pk, MONDAY, NINE)}


@pytest.mark.parametrize(
    ("champion", "reader"),
    [
        pytest.param({}, "champion", id="M6.4-champion"),
        pytest.param({"removed_at": TUESDAY}, "lead", id="M6.4-champion-removed"),
        pytest.param({"is_active": False}, "lead", id="M6.4-champion-switched-off"),
        pytest.param({"wants_digests": False}, "", id="M6.4-champion-wants-no-digests"),
        pytest.param(None, "lead", id="M6.4-no-champion"),
    ],
)
def test_the_champion_of_the_team_gets_late_check_ins_or_else_the_leads(
    onboarding: KeyResult,
    alice: Membership,
    dana: Membership,
    champion: dict[str, Any] | None,
    reader: str,
) -> None:
    if champion is None:
        change(onboarding.objective, team=None)
    elif champion:
        change(dana if "removed_at" in champion else dana.user, **champion)

    run()

    people_by_role = {"champion": {dana.pk}, "lead": {alice.pk}, "": set()}
    assert people("friday_late") == people_by_role[reader]
    assert {one[2:] for one in told("friday_late")} <= {(onboarding.pk, MONDAY, NINE)}


@pytest.mark.parametrize(
    ("before", "content", "is_news"),
    [
        pytest.param(True, {}, False, id="enough"),
        pytest.param(False, {}, True, id="M6.4-missed-last-period"),
        pytest.param(True, {"insight": "As last week."}, True, id="M6.4-thin"),
        pytest.param(
            True, {"actual": 5, "evidence_url": ""}, True, id="M6.4-green-without-evidence"
        ),
    ],
)
def test_the_champion_gets_thin_check_ins_and_those_missed_last_period(
    onboarding: KeyResult,
    bob: Membership,
    dana: Membership,
    content: dict[str, Any],
    *,
    before: bool,
    is_news: bool,
) -> None:
    if before:
        post(onboarding, bob, now=at("2026-02-24T09:00"))
    post(onboarding, bob, now=WEDNESDAY, **{"evidence_url": PROOF, **content})

    run()

    assert people("friday_late") == ({dana.pk} if is_news else set())


def test_a_thin_check_in_counts_in_its_own_week_only(
    onboarding: KeyResult, bob: Membership, dana: Membership
) -> None:
    change(onboarding.engagement, cadence="biweekly")
    post(onboarding, bob, now=at("2026-02-17T09:00"))
    post(onboarding, bob, now=WEDNESDAY, insight="As last week.")

    run()
    run(at("2026-03-13T09:00"))

    assert {one.period for one in told("friday_late")} == {MONDAY}


@pytest.mark.usefixtures("at_risk")
def test_they_come_once_a_week_at_the_time_of_each_persons_message(
    alice: Membership, carol: Membership
) -> None:
    change(carol.user, time_zone="America/New_York")

    assert run(NINE) > 0
    assert people("friday_at_risk") == {alice.pk}
    assert [run(at("2026-03-06T15:00")) > 0 for _ in range(2)] == [True, False]
    assert people("friday_at_risk") == {alice.pk, carol.pk}
    assert run(NINE + dt.timedelta(days=7)) > 0


@pytest.mark.usefixtures("at_risk")
@pytest.mark.parametrize(
    ("now", "comes"),
    [
        pytest.param("2026-03-06T08:59", False, id="before-the-message"),
        pytest.param("2026-03-05T09:00", False, id="thursday"),
        pytest.param("2026-03-07T09:00", False, id="saturday"),
        pytest.param("2026-03-06T20:00", False, id="friday-evening"),
        pytest.param("2026-03-06T19:59", True, id="before-the-evening"),
        # The cycle ends on Tuesday, 31 March.
        pytest.param("2026-04-03T09:00", True, id="last-week-of-the-cycle"),
        pytest.param("2026-04-10T09:00", False, id="after-the-cycle"),
    ],
)
def test_they_come_on_fridays_until_the_evening(now: str, *, comes: bool) -> None:
    assert (run(at(now)) > 0) is comes


@pytest.mark.usefixtures("at_risk")
@pytest.mark.parametrize(
    ("now", "comes"), [("2026-03-05T07:00", True), ("2026-03-06T07:00", False)]
)
def test_they_come_on_thursday_where_friday_is_part_of_the_weekend(
    alice: Membership, now: str, *, comes: bool
) -> None:
    change(alice.user, time_zone="Asia/Riyadh")

    run(at(now))

    assert (alice.pk in people("friday_at_risk")) is comes


@pytest.mark.usefixtures("at_risk")
def test_changes_after_fridays_message_are_not_included(alice: Membership) -> None:
    user_id = alice.user_id
    key = f"daily:{user_id}:2026-03-06"
    enqueue(kind="daily", recipient=alice.email, payload={}, dedupe_key=key, user_id=user_id)

    # The application reads a person's own messages only.
    with identity(user_id=user_id):
        assert run() == 0


@pytest.mark.usefixtures("at_risk")
def test_a_message_in_the_quiet_hours_waits_for_their_end(alice: Membership) -> None:
    """By ten in the evening Friday's message has been sent: it is built at seven."""
    change(alice.user, message_at=dt.time(22))

    assert run(at("2026-03-06T06:59")) == 0
    assert run(at("2026-03-06T07:00")) > 0
    assert told("friday_at_risk")[0].due_at == at("2026-03-06T07:00")


@pytest.mark.usefixtures("at_risk")
def test_it_costs_the_same_queries_for_many(onboarding: KeyResult) -> None:
    def add(number: int) -> None:
        build.live_key_result(onboarding.objective)

    assert_constant_queries(run, add=add, name="build_friday_digests")
