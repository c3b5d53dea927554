"""Key results: drafts, the frozen terms (M5.10, M9.5), audit answers (M4.2), contributions (M2.4), state."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import Membership, Role
from okrs.commands.key_results import (
    answer_audit,
    draft_key_result,
    link_contribution,
    unlink_contribution,
    update_key_result,
)
from okrs.models import ContributionLink, Cycle, KeyResult, KeyResultAudit, Objective
from okrs.states import KeyResultState
from scoring import Rag
from tenancy.locks import StaleEdit
from tests import build
from tests.okrs.refusals import refused
from tests.query_counts import queries_of

TITLE = "Median onboarding time"
SAME = {"baseline": Decimal(62), "target": Decimal(62)}
RISING = {"method": "ladder", "direction": "lower", "ladder": [(8, "1"), (4, "0.7")]}


def draft(objective: Objective, title: str = TITLE, **fields: Any) -> KeyResult:
    return draft_key_result(objective=objective, title=title, by=objective.owner, **fields)


def update(key_result: KeyResult, **fields: Any) -> KeyResult:
    by = key_result.objective.owner
    same = {"version": key_result.version, "title": key_result.title}
    return update_key_result(key_result=key_result, by=by, **{**same, **fields})


def answer(key_result: KeyResult, *, ambitious: bool = True, **fields: Any) -> KeyResultAudit:
    by = key_result.objective.owner
    return answer_audit(
        key_result=key_result, refresh_confirmed=True, ambitious=ambitious, by=by, **fields
    )


def test_drafts_come_in_order_with_the_dates_that_their_cycle_has_by_now(
    objective: Objective,
) -> None:
    assert objective.cycle.starts_on == dt.date(2026, 1, 1)  # read before someone moves it
    Cycle.objects.update(starts_on=dt.date(2026, 1, 12), ends_on=dt.date(2026, 4, 3))

    drafts = [draft(objective, title) for title in ("One", "Two", "Three")]

    assert list(objective.key_results.all()) == drafts
    assert {one.starts_on for one in drafts} == {dt.date(2026, 1, 12)}
    assert {one.due_on for one in drafts} == {dt.date(2026, 4, 3)}
    assert (drafts[0].stage, drafts[0].weight) == ("draft", Decimal(1))


def test_a_ladder_is_kept_as_plain_decimals(objective: Objective) -> None:
    rungs = [(Decimal("4.00"), Decimal(1)), ("6", "0.7"), (8, "0.3")]

    key_result = draft(objective, method="ladder", direction="lower", ladder=rungs)

    assert key_result.ladder == [["4", "1.00"], ["6", "0.70"], ["8", "0.30"]]


def test_turning_the_direction_alone_cannot_break_a_ladder(objective: Objective) -> None:
    rungs = [(4, "1"), (8, "0.3")]
    key_result = draft(objective, method="ladder", direction="lower", ladder=rungs)

    with refused("ladder"):
        update(key_result, direction="higher")


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        pytest.param({"title": "  "}, ["empty"], id="M3-no-title"),
        pytest.param({"title": TITLE.upper()}, ["said_twice"], id="M3-title-twice"),
        pytest.param(SAME, ["target_is_baseline"], id="M3-target-is-baseline"),
        pytest.param({"due_on": dt.date(2026, 1, 1)}, ["due_on"], id="due-at-the-start"),
        pytest.param({"weight": Decimal(0)}, ["weight"], id="no-weight"),
        pytest.param(RISING, ["ladder"], id="M5.3-ladder-not-best-first"),
        pytest.param(SAME | {"weight": 0}, ["target_is_baseline", "weight"], id="all-at-once"),
    ],
)
def test_a_draft_with_a_blocking_problem_is_refused(
    objective: Objective, fields: dict[str, Any], codes: list[str]
) -> None:
    draft(objective)

    with refused(*codes):
        draft(objective, **{"title": "Other", **fields})


def test_a_viewer_cannot_own_a_key_result(objective: Objective) -> None:
    viewer = build.member(objective.engagement, "Vera", Role.VIEWER)

    with refused("owner"):
        draft(objective, owner=viewer)


def test_an_archived_metric_is_not_chosen_but_kept(objective: Objective) -> None:
    when = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    archived = build.metric(objective.engagement, archived_at=when)
    reader = build.key_result(objective, archived)

    with refused("archived"):
        draft(objective, metric=archived)
    assert update(reader, metric=archived, title="Onboarding").metric == archived


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "ladder"},
        {"direction": "higher"},
        {"baseline": Decimal(8)},
        {"ladder": [(4, "1")]},
        {"due_on": dt.date(2026, 3, 30)},
        {"commitment": "aspirational"},
        {"target": Decimal(5), "weight": Decimal(2)},
    ],
)
def test_each_part_of_the_promise_is_frozen(objective: Objective, fields: dict[str, Any]) -> None:
    live = build.live_key_result(objective)

    with refused("frozen") as refusal:
        update(live, **fields)
    assert refusal.value.messages[0].startswith("Frozen at commit: ")


def test_after_commit_the_rest_can_change_and_frozen_values_may_be_repeated(
    objective: Objective, bob: Membership
) -> None:
    live = build.live_key_result(objective, method="ladder", ladder=[["4", "1"], ["6", "0.7"]])

    changed = update(
        live,
        title="Onboarding, median",
        owner=bob,
        collaborators=[objective.owner],
        ladder=[(Decimal("4.0"), Decimal("1.00")), (6, "0.70")],
        baseline=Decimal("9.0"),
        due_on=None,
    )

    assert (changed.title, changed.owner, changed.version) == ("Onboarding, median", bob, 2)
    assert changed.collaborators.count() == 1


@pytest.mark.parametrize(
    ("field", "ambitious", "refresh_confirmed"),
    [
        pytest.param("target", False, True, id="M4.2-new-target"),
        pytest.param("metric", True, False, id="M4.2-new-metric"),
    ],
)
def test_a_change_asks_the_audit_again(
    objective: Objective, field: str, *, ambitious: bool, refresh_confirmed: bool
) -> None:
    key_result = build.key_result(objective)
    answers = answer(key_result)
    values = {"target": Decimal(8), "metric": build.metric(objective.engagement)}

    update(key_result, **{field: values[field]})

    answers.refresh_from_db()
    assert (answers.ambitious, answers.refresh_confirmed) == (ambitious, refresh_confirmed)


def test_the_audit_is_answered_once_for_a_version_of_a_draft(objective: Objective) -> None:
    key_result = draft(objective)
    answer(key_result, ambitious=False)
    answer(key_result)

    assert key_result.audits.get().ambitious
    update(key_result, target=Decimal(4))
    with pytest.raises(StaleEdit):
        answer(key_result, version=1)
    with refused("frozen"):
        answer(build.live_key_result(objective))


def test_many_contribute_to_one_with_how(objective: Objective) -> None:
    above, one, two = (draft(objective, title) for title in ("Above", "One", "Two"))
    by = objective.owner

    link_contribution(source=one, target=above, how="Fewer steps", by=by)
    link_contribution(source=two, target=above, how="", by=by)
    link_contribution(source=two, target=above, how="More calls", by=by)

    assert sorted(link.how for link in above.contributions.all()) == ["Fewer steps", "More calls"]
    for link in above.contributions.all():
        unlink_contribution(link=link, by=by)
    assert not ContributionLink.objects.exists()


def test_contributions_cannot_form_a_loop(objective: Objective) -> None:
    one, two, three = (draft(objective, title) for title in ("One", "Two", "Three"))
    by = objective.owner
    link_contribution(source=one, target=two, how="", by=by)
    link_contribution(source=two, target=three, how="", by=by)

    with refused("loop"):
        link_contribution(source=three, target=one, how="", by=by)
    with refused("loop"):
        link_contribution(source=one, target=one, how="", by=by)


HALF_WAY = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)
LATE = dt.datetime(2026, 3, 30, 12, tzinfo=dt.UTC)
STATE = KeyResultState(
    value=Decimal("6.6"),
    score=Decimal("0.48"),
    rag=Rag.AMBER,
    confidence=4,
    measured_on=dt.date(2026, 2, 13),
    checked_in_at=dt.datetime(2026, 2, 13, 9, tzinfo=dt.UTC),
    period=dt.date(2026, 2, 16),
    insight="The shorter form did it.",
    evidence_url="https://example.test/chart",
    trail=[["2026-02-16", "6.6", "0.48"]],
)


@pytest.mark.parametrize(("now", "stage"), [(HALF_WAY, "on_track"), (LATE, "at_risk")])
def test_the_state_is_stored_with_the_stage_that_follows(
    lead: Membership, objective: Objective, now: dt.datetime, stage: str
) -> None:
    live = build.live_key_result(objective)

    build.set_state(key_result=live, state=STATE, by=lead, now=now)

    kept = KeyResult.objects.get(pk=live.pk)
    assert (kept.latest_value, kept.score, kept.rag) == (Decimal("6.6"), Decimal("0.48"), "amber")
    assert (kept.confidence, kept.last_period) == (4, dt.date(2026, 2, 16))
    assert kept.trail == [["2026-02-16", "6.6", "0.48"]]
    assert kept.stage == stage


def test_a_draft_or_a_key_result_due_before_it_starts_has_no_state(
    lead: Membership, objective: Objective
) -> None:
    late = build.live_key_result(objective, due_on=objective.cycle.starts_on)

    for key_result, code in ((build.key_result(objective), "draft"), (late, "dates")):
        with refused(code):
            build.set_state(key_result=key_result, state=STATE, by=lead, now=HALF_WAY)


def test_an_empty_state_is_no_data(lead: Membership, objective: Objective) -> None:
    live = build.live_key_result(objective)
    build.set_state(key_result=live, state=STATE, by=lead, now=HALF_WAY)

    build.set_state(key_result=live, state=KeyResultState(), by=lead, now=HALF_WAY)

    kept = KeyResult.objects.get(pk=live.pk)
    assert (kept.score, kept.rag, kept.stage, kept.trail) == (None, "no_data", "committed", [])


def test_a_new_state_changes_no_other_field(lead: Membership, objective: Objective) -> None:
    live = build.live_key_result(objective)
    KeyResult.objects.filter(pk=live.pk).update(title="Renamed meanwhile")

    *_, update = queries_of(
        lambda: build.set_state(key_result=live, state=STATE, by=lead, now=HALF_WAY)
    )

    assert update.startswith('UPDATE "okrs_keyresult"')
    assert '"target"' not in update
    assert KeyResult.objects.get(pk=live.pk).title == "Renamed meanwhile"
