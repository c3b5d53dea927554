from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.utils import timezone

from engagements.models import Engagement, Membership, Role
from okrs.commands.cycles import create_cycle, create_team, update_cycle, update_team
from okrs.models import Cycle, CycleKind, Objective
from tests import build
from tests.okrs.refusals import refused

SPRING = {
    "name": "2026-Q2",
    "kind": "quarterly",
    "starts_on": dt.date(2026, 4, 1),
    "ends_on": dt.date(2026, 6, 30),
}


def create(by: Membership, **fields: Any) -> Cycle:
    return create_cycle(engagement=by.engagement, by=by, **{**SPRING, **fields}, now=timezone.now())


def update(cycle: Cycle, by: Membership, **fields: Any) -> Cycle:
    same = {name: getattr(cycle, name) for name in SPRING}
    same |= {"version": cycle.version, "now": timezone.now()}
    return update_cycle(cycle=cycle, by=by, **{**same, **fields})


def test_the_first_cycle_freezes_the_bands_from_its_start(lead: Membership) -> None:
    assert create(lead, name="  2026-Q2 ").name == "2026-Q2"
    create(lead, name="2026-Q1", starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 3, 31))

    engagement = Engagement.objects.get(pk=lead.engagement_id)
    assert engagement.bands_frozen_on == dt.date(2026, 1, 1)


MICRO = {"kind": CycleKind.MICRO}
EARLY = {"starts_on": dt.date(2026, 3, 31)}


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        pytest.param({"name": "2026-q1"}, ["name"], id="M1-name-taken"),
        pytest.param({"ends_on": dt.date(2026, 4, 1)}, ["dates"], id="M1-ends-as-it-starts"),
        pytest.param(MICRO | {"ends_on": dt.date(2026, 4, 28)}, [], id="M1-micro-28-days"),
        pytest.param(MICRO | {"ends_on": dt.date(2026, 4, 29)}, ["dates"], id="M1-micro-29-days"),
        pytest.param(EARLY, ["overlap"], id="M1-overlaps-a-quarter"),
        pytest.param(EARLY | {"kind": "annual"}, [], id="M1-overlaps-another-kind"),
    ],
)
def test_a_cycle_has_its_own_name_and_dates_in_order(
    lead: Membership, cycle: Cycle, fields: dict[str, Any], codes: list[str]
) -> None:
    if not codes:
        assert create(lead, **fields).name == "2026-Q2"
        return
    with refused(*codes):
        create(lead, **fields)


def test_drafts_move_with_their_cycle(lead: Membership, cycle: Cycle, objective: Objective) -> None:
    draft = build.key_result(objective)
    early = build.key_result(objective, due_on=dt.date(2026, 2, 15), starts_on=dt.date(2026, 1, 9))

    update(cycle, lead, starts_on=dt.date(2026, 1, 5), ends_on=dt.date(2026, 4, 3))

    draft.refresh_from_db()
    early.refresh_from_db()
    # A start that the cycle has overtaken is that of the commit again (M5.11).
    assert (draft.starts_on, draft.due_on) == (None, dt.date(2026, 4, 3))
    assert (early.starts_on, early.due_on) == (dt.date(2026, 1, 9), dt.date(2026, 2, 15))


def test_a_cycle_never_starts_after_a_draft_is_due(lead: Membership, objective: Objective) -> None:
    cycle = objective.cycle
    build.key_result(objective, title="Late")
    build.key_result(objective, title="Early", due_on=dt.date(2026, 2, 15))

    with refused("dates") as refusal:
        update(cycle, lead, starts_on=dt.date(2026, 2, 15))
    assert re.findall("“(.+?)”", refusal.value.messages[0]) == ["Early"]
    assert update(cycle, lead, starts_on=dt.date(2026, 2, 14)).version == 2


@pytest.mark.parametrize(
    ("starts_in", "moved_to", "frozen_in"),
    [
        pytest.param(-1, 30, -1, id="M5.4-past-start-freezes-for-good"),
        pytest.param(10, 11, 11, id="M5.4-later-start-still-moves"),
    ],
)
def test_the_bands_move_with_a_start_that_lies_ahead(
    lead: Membership, starts_in: int, moved_to: int, frozen_in: int
) -> None:
    today, day = timezone.localdate(), dt.timedelta(days=1)
    cycle = create(lead, starts_on=today + starts_in * day, ends_on=today + 60 * day)

    update(cycle, lead, starts_on=today + moved_to * day)

    engagement = Engagement.objects.get(pk=lead.engagement_id)
    assert engagement.bands_frozen_on == today + frozen_in * day


def test_the_start_is_frozen_once_something_is_committed(lead: Membership, cycle: Cycle) -> None:
    committed = build.live_key_result(build.objective(lead, cycle, committed=True))

    with refused("frozen"):
        update(cycle, lead, starts_on=dt.date(2026, 1, 5))
    update(cycle, lead, name="Winter", ends_on=dt.date(2026, 4, 3))

    committed.refresh_from_db()
    assert committed.due_on == dt.date(2026, 3, 31)


def test_an_overlap_is_confirmed_when_dates_change(lead: Membership, cycle: Cycle) -> None:
    renamed = update(create(lead, **EARLY, confirm_overlap=True), lead, name="Spring")
    with refused("overlap") as refusal:
        update(renamed, lead, ends_on=dt.date(2026, 7, 5))
    assert "2026-Q1 (1\xa0Jan" in refusal.value.messages[0]


def test_two_teams_cannot_have_the_same_name(lead: Membership) -> None:
    build.team(lead.engagement)

    with refused("name"):
        create_team(engagement=lead.engagement, name="platform ", champion=None, by=lead)


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.VIEWER, Role.SPONSOR])
def test_a_new_champion_must_be_able_to_pass_the_gate(lead: Membership, role: str) -> None:
    someone = build.member(lead.engagement, "Bob", role)
    lost_the_role = build.team(lead.engagement, "Core", champion=someone)

    with refused("champion"):
        create_team(engagement=lead.engagement, name="Platform", champion=someone, by=lead)
    renamed = update_team(team=lost_the_role, version=1, name="Base", champion=someone, by=lead)
    assert (renamed.name, renamed.version) == ("Base", 2)
