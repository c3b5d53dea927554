"""Contradictions (M1, M3): refused in a draft, at commit, and where a change would make one later."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from engagements.models import Membership
from metrics.commands import update_metric
from okrs.commands.cycles import create_cycle, update_cycle
from okrs.commands.key_results import draft_key_result, update_key_result
from okrs.commands.objectives import commit_objective
from okrs.contradictions import check_numbers
from okrs.models import Cycle, KeyResult, Objective
from tenancy.scoping import scope
from tests import build
from tests.okrs.refusals import refused
from tests.okrs.views.forms import typed, url_of

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("direction", "baseline", "target", "codes"),
    [
        pytest.param("higher", 9, 4, ["direction"], id="M3-higher-but-falls"),
        pytest.param("lower", 4, 9, ["direction"], id="M3-lower-but-rises"),
        pytest.param("higher", 4, 9, [], id="M3-rises"),
        pytest.param("lower", 9, 4, [], id="M3-falls"),
        pytest.param("higher", 9, 9, [], id="M3-equal-is-for-ladders-to-use"),
        pytest.param("higher", None, 9, [], id="M3-no-baseline-yet"),
        pytest.param("higher", 0, 100, [], id="M3-both-ends-of-the-range"),
        pytest.param("higher", "-0.01", 9, ["baseline"], id="M3-baseline-below"),
        pytest.param("lower", "100.01", 9, ["baseline"], id="M3-baseline-above"),
        pytest.param("lower", 9, -1, ["target"], id="M3-target-below"),
        pytest.param("lower", 101, 102, ["direction", "baseline", "target"], id="M3-all"),
    ],
)
def test_direction_and_range_must_fit_the_numbers(
    direction: str, baseline: object, target: object, codes: list[str]
) -> None:
    numbers = [None if one is None else Decimal(str(one)) for one in (baseline, target)]

    found = check_numbers(
        higher_is_better=direction == "higher",
        baseline=numbers[0],
        target=numbers[1],
        low=Decimal(0),
        high=Decimal(100),
    )

    assert [finding.code for finding in found] == codes


def test_a_ladder_may_keep_a_value_that_is_better_than_its_target(
    lead: Membership, objective: Objective
) -> None:
    floor: dict[str, Any] = {"baseline": Decimal("99.9"), "target": Decimal("99.5")}
    floor |= {"title": "Availability", "direction": "higher"}
    with refused("direction"):
        draft_key_result(objective=objective, by=lead, **floor)

    kept = draft_key_result(
        objective=objective, by=lead, method="ladder", ladder=[("99.5", 1)], **floor
    )

    assert kept.is_draft


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"direction": "higher"}, "direction", id="M3-direction"),
        pytest.param({"baseline": Decimal(366)}, "baseline", id="M3-baseline"),
        pytest.param({"target": Decimal(-1)}, "target", id="M3-target"),
        pytest.param({"due_on": dt.date(2025, 12, 31)}, "due_on", id="M3-due-before-the-cycle"),
        pytest.param({"due_on": dt.date(2026, 4, 1)}, "due_on", id="M3-due-after-the-cycle"),
    ],
)
def test_a_contradiction_is_refused_in_a_draft_and_at_commit(
    lead: Membership, objective: Objective, fields: dict[str, Any], code: str
) -> None:
    metric = build.metric(lead.engagement)
    numbers: dict[str, Any] = {"baseline": Decimal(9), "target": Decimal(4), "direction": "lower"}
    with refused(code):
        draft_key_result(
            objective=objective, title="Time", by=lead, metric=metric, **{**numbers, **fields}
        )

    drafted = build.key_result(objective, metric, **fields)
    with refused(code):
        update_key_result(key_result=drafted, title="Time", version=1, by=lead)
    build.audited(drafted, by=lead)
    build.audited(build.key_result(objective, metric), by=lead)
    with refused(code):
        commit_objective(objective=objective, by=lead, now=build.COMMITTED_AT)


def test_what_is_frozen_already_can_still_be_renamed(
    lead: Membership, objective: Objective
) -> None:
    live = build.live_key_result(objective, build.metric(lead.engagement), target=Decimal(-1))
    build.change(live, due_on=objective.cycle.ends_on + DAY)

    changed = update_key_result(key_result=live, title="Renamed", version=1, by=lead)

    assert changed.title == "Renamed"


def test_the_form_shows_each_contradiction_at_its_field(client: Client, db: None) -> None:
    lead = build.sign_in(client, build.engagement())
    objective = build.objective(lead, build.cycle(lead.engagement))
    metric = build.metric(lead.engagement)
    fields = {"metric": metric.public_id, "direction": "lower", "baseline": "400", "target": "500"}

    answer = client.post(
        url_of(objective, "key-result-create"), typed(**fields, due_on="2026-04-01")
    )
    checks = client.post(url_of(objective, "key-result-check"), typed(**fields))

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"direction", "baseline", "target", "due_on"}
    assert "Lower is better, but the target 500 is above the baseline 400." in checks.text
    with scope(lead.engagement_id):
        assert not KeyResult.objects.exists()


def test_a_range_never_leaves_out_what_is_frozen(lead: Membership, objective: Objective) -> None:
    metric = build.metric(lead.engagement)
    live = build.live_key_result(objective, metric)
    same: dict[str, Any] = {"metric": metric, "version": 1, "by": lead, "name": metric.name}

    ranges: list[dict[str, Any]] = [{"valid_low": Decimal(5)}, {"valid_high": Decimal(8)}]
    for ends in ranges:
        with refused("range") as refusal:
            update_metric(**same, **ends)
        assert f"“{live.title}”" in refusal.value.messages[0]
    assert update_metric(**same, valid_low=Decimal(4), valid_high=Decimal(9)).version == 2


@pytest.mark.parametrize(
    ("kind", "days", "codes"),
    [
        pytest.param("micro", 28, [], id="M1-micro-28-days"),
        pytest.param("micro", 29, ["dates"], id="M1-micro-29-days"),
        pytest.param("quarterly", 98, [], id="M1-quarterly-14-weeks"),
        pytest.param("quarterly", 99, ["dates"], id="M1-quarterly-longer"),
        pytest.param("annual", 378, [], id="M1-annual-54-weeks"),
        pytest.param("annual", 379, ["dates"], id="M1-annual-longer"),
    ],
)
def test_a_cycle_is_as_long_as_its_kind_allows(
    lead: Membership, kind: str, days: int, codes: list[str]
) -> None:
    starts_on = dt.date(2027, 1, 1)
    fields: dict[str, Any] = {
        "starts_on": starts_on,
        "ends_on": starts_on + DAY * (days - 1),
        "kind": kind,
    }
    known: dict[str, Any] = {"engagement": lead.engagement, "by": lead, "now": timezone.now()}
    if not codes:
        assert create_cycle(name="New", **fields, **known).kind == kind
        return
    with refused(*codes):
        create_cycle(name="New", **fields, **known)


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [
        pytest.param(dt.date(9999, 10, 1), dt.date(9999, 12, 31), id="M1-the-last-year"),
        pytest.param(dt.date(1, 1, 1), dt.date(1, 3, 31), id="M1-the-first-year"),
        pytest.param(dt.date(2200, 12, 1), dt.date(2201, 1, 31), id="M1-over-the-end"),
    ],
)
def test_a_cycle_is_in_years_that_can_be_counted(
    client: Client, db: None, starts_on: dt.date, ends_on: dt.date
) -> None:
    lead = build.sign_in(client, build.engagement())
    days: dict[str, Any] = {"kind": "quarterly", "starts_on": starts_on, "ends_on": ends_on}
    with scope(lead.engagement_id), refused("dates"):
        now = timezone.now()
        create_cycle(engagement=lead.engagement, name="New", by=lead, now=now, **days)

    page = reverse("okrs:cycle-create", args=[lead.engagement.slug])
    answer = client.post(page, {"name": "New", **days})

    assert answer.status_code == 422
    with scope(lead.engagement_id):
        assert not Cycle.objects.exists()


def test_a_cycle_never_ends_before_what_is_committed_in_it(
    lead: Membership, cycle: Cycle, objective: Objective
) -> None:
    build.change(objective, committed_at=build.COMMITTED_AT, committed_by=lead)
    early, late = (
        build.live_key_result(objective, title=title, due_on=cycle.ends_on - days * DAY)
        for title, days in (("Early", 10), ("Late", 0))
    )
    build.live_key_result(objective, title="Withdrawn", stage="withdrawn")
    known: dict[str, Any] = {"cycle": cycle, "version": 1, "name": cycle.name, "by": lead}
    known |= {"kind": cycle.kind, "starts_on": cycle.starts_on, "now": timezone.now()}

    with refused("dates") as refusal:
        update_cycle(ends_on=cycle.ends_on - DAY, **known)
    assert "“Late”" in refusal.value.messages[0]
    assert "“Early”" not in refusal.value.messages[0]
    assert "“Withdrawn”" not in refusal.value.messages[0]

    build.change(late, due_on=early.due_on)
    known["ends_on"] = early.due_on
    assert update_cycle(**known).ends_on == early.due_on


def test_a_cycle_never_ends_before_a_draft_is_due(lead: Membership, objective: Objective) -> None:
    cycle = objective.cycle
    build.key_result(objective, title="In between", due_on=cycle.ends_on - DAY)
    follows = build.key_result(objective, title="At the end")
    known: dict[str, Any] = {"cycle": cycle, "version": 1, "name": cycle.name, "by": lead}
    known |= {"kind": cycle.kind, "starts_on": cycle.starts_on, "now": timezone.now()}

    with refused("dates") as refusal:
        update_cycle(ends_on=cycle.ends_on - 5 * DAY, **known)
    assert "“In between”" in refusal.value.messages[0]
    update_cycle(ends_on=cycle.ends_on - DAY, **known)

    follows.refresh_from_db()
    assert follows.due_on == cycle.ends_on - DAY


def test_a_cycle_that_is_too_long_already_can_be_renamed(lead: Membership, cycle: Cycle) -> None:
    build.change(cycle, ends_on=dt.date(2026, 12, 31))
    known: dict[str, Any] = {"cycle": cycle, "version": 1, "by": lead, "now": timezone.now()}
    days: dict[str, Any] = {
        "kind": cycle.kind,
        "starts_on": cycle.starts_on,
        "ends_on": dt.date(2026, 12, 31),
    }

    assert update_cycle(name="The whole year", **days, **known).name == "The whole year"
