"""Key results: drafts, the frozen terms (M5.10, M9.5), audit answers (M4.2), contributions (M2.4), state."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import Membership, Role
from okrs.commands import key_results
from okrs.models import ContributionLink, Cycle, KeyResult, KeyResultAudit, Objective
from okrs.states import KeyResultState
from scoring import Rag
from tenancy.locks import StaleEdit
from tests import build
from tests.okrs.refusals import refused
from tests.query_counts import queries_of

TITLE = "Median onboarding time"
HALF_WAY = dt.datetime(2026, 2, 15, 12, tzinfo=dt.UTC)
LATE = dt.datetime(2026, 3, 30, 12, tzinfo=dt.UTC)
SAME = {"baseline": Decimal(62), "target": Decimal(62)}
RISING = {"method": "ladder", "direction": "lower", "ladder": [(8, "1"), (4, "0.7")]}


def draft(objective: Objective, title: str = TITLE, **fields: Any) -> KeyResult:
    return key_results.draft_key_result(
        objective=objective, title=title, by=objective.owner, **fields
    )


def update(key_result: KeyResult, **fields: Any) -> KeyResult:
    by = key_result.objective.owner
    same = {"version": key_result.version, "title": key_result.title}
    return key_results.update_key_result(key_result=key_result, by=by, **{**same, **fields})


def answer(key_result: KeyResult, *, ambitious: bool = True, **fields: Any) -> KeyResultAudit:
    fields |= {"by": key_result.objective.owner, "ambitious": ambitious, "now": HALF_WAY}
    return key_results.answer_audit(key_result=key_result, **fields)


def test_drafts_come_in_order_with_the_current_dates_of_the_cycle(objective: Objective) -> None:
    assert objective.cycle.starts_on == dt.date(2026, 1, 1)  # read before someone moves it
    Cycle.objects.update(starts_on=dt.date(2026, 1, 12), ends_on=dt.date(2026, 4, 3))

    drafts = [draft(objective, title) for title in ("One", "Two", "Three")]

    assert list(objective.key_results.all()) == drafts
    dates = {(one.starts_on, one.due_on) for one in drafts}
    assert dates == {(None, dt.date(2026, 4, 3))}  # they start with their commit (M5.11)
    assert (drafts[0].stage, drafts[0].weight) == ("draft", Decimal(1))


def test_a_ladder_is_kept_as_plain_decimals_and_never_turned(objective: Objective) -> None:
    rungs = [(Decimal("4.00"), Decimal(1)), ("6", "0.7"), (8, "0.3")]

    key_result = draft(objective, method="ladder", direction="lower", ladder=rungs)

    assert key_result.ladder == [["4", "1.00"], ["6", "0.70"], ["8", "0.30"]]
    with refused("ladder"):  # best first no more
        update(key_result, direction="higher")


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        pytest.param({"title": "  "}, ["empty"], id="M3-no-title"),
        pytest.param({"title": TITLE.upper()}, ["repeated"], id="M3-title-twice"),
        pytest.param(SAME, ["target_is_baseline"], id="M3-target-is-baseline"),
        pytest.param({"due_on": dt.date(2026, 1, 1)}, ["due_on"], id="due-at-the-start"),
        pytest.param({"starts_on": dt.date(2026, 3, 31)}, ["starts_on"], id="M5.11-start-is-due"),
        pytest.param({"starts_on": dt.date(2026, 4, 1)}, ["starts_on"], id="M5.11-start-after-due"),
        pytest.param(
            {"starts_on": dt.date(2025, 12, 31)}, ["starts_on"], id="M5.11-start-before-cycle"
        ),
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
    with refused("owner"):
        draft(objective, owner=build.member(objective.engagement, "Vera", Role.VIEWER))


def test_an_archived_metric_is_not_chosen_but_kept(objective: Objective) -> None:
    archived = build.metric(objective.engagement, archived_at=HALF_WAY)
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
        {"starts_on": dt.date(2026, 1, 12)},
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
    ("field", "ambitious"),
    [
        pytest.param("target", False, id="M4.2-new-target"),
        pytest.param("metric", True, id="M4.2-new-metric"),
    ],
)
def test_a_new_target_asks_the_audit_again(
    objective: Objective, field: str, *, ambitious: bool
) -> None:
    key_result = build.key_result(objective)
    answers = answer(key_result)
    values = {"target": Decimal(8), "metric": build.metric(objective.engagement)}

    update(key_result, **{field: values[field]})

    answers.refresh_from_db()
    assert answers.ambitious is ambitious


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


def answer_all(objective: Objective, *drafts: KeyResult, ambitious: bool) -> None:
    versions = {row.public_id: row.version for row in drafts}
    known = {"by": objective.owner, "now": HALF_WAY}
    key_results.answer_audits(objective=objective, versions=versions, ambitious=ambitious, **known)


def test_an_answer_for_a_whole_objective_can_be_undone_and_leaves_notes(
    objective: Objective,
) -> None:
    first, second = draft(objective, "One"), draft(objective, "Two")
    answer(first, ambitious=False, note="A quarter above the trend")

    for ambitious in (True, False):
        answer_all(objective, first, second, ambitious=ambitious)

        audits = [row.audits.get() for row in (first, second)]
        assert [(row.ambitious, row.note) for row in audits] == [
            (ambitious, "A quarter above the trend"),
            (ambitious, ""),
        ]


def test_an_answer_for_all_needs_drafts_as_they_were_read(objective: Objective) -> None:
    first, second = draft(objective, "One"), draft(objective, "Two")
    update(KeyResult.objects.get(pk=second.pk), target=Decimal(4))

    with pytest.raises(StaleEdit):
        answer_all(objective, first, second, ambitious=True)

    assert not first.audits.exists()
    with refused("frozen"):
        answer_all(objective, build.live_key_result(objective), ambitious=True)


def test_many_contribute_to_one_with_how(objective: Objective) -> None:
    above, one, two = (build.key_result(objective) for _ in range(3))
    by = objective.owner

    for source, how in ((one, "Fewer steps"), (two, ""), (two, "More calls")):
        key_results.link_contribution(source=source, target=above, how=how, by=by)

    assert sorted(link.how for link in above.contributions.all()) == ["Fewer steps", "More calls"]
    for link in above.contributions.all():
        key_results.unlink_contribution(link=link, by=by)
    assert not ContributionLink.objects.exists()


def test_contributions_cannot_form_a_loop(objective: Objective) -> None:
    one, two, three = (build.key_result(objective) for _ in range(3))
    build.contribution(one, two)
    build.contribution(two, three)

    for source in (three, one):
        with refused("loop"):
            key_results.link_contribution(source=source, target=one, how="", by=objective.owner)


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


def set_state(key_result: KeyResult, state: KeyResultState, now: dt.datetime = HALF_WAY) -> None:
    build.set_state(key_result=key_result, state=state, by=key_result.objective.owner, now=now)


@pytest.mark.parametrize("now", [HALF_WAY, LATE])
@pytest.mark.parametrize(
    ("measured_on", "stage"),
    [
        pytest.param(dt.date(2026, 2, 13), "on_track", id="M9.2-pace-0.48-needs-0.23"),
        pytest.param(dt.date(2026, 3, 14), "at_risk", id="M9.2-pace-0.81-needs-0.66"),
    ],
)
def test_a_state_is_stored_with_stage_by_the_day_it_was_measured(
    objective: Objective, now: dt.datetime, measured_on: dt.date, stage: str
) -> None:
    live = build.live_key_result(objective)

    set_state(live, replace(STATE, measured_on=measured_on), now)

    kept = KeyResult.objects.get(pk=live.pk)
    assert (kept.latest_value, kept.score, kept.rag) == (Decimal("6.6"), Decimal("0.48"), "amber")
    assert (kept.confidence, kept.last_period) == (4, dt.date(2026, 2, 16))
    assert kept.trail == [["2026-02-16", "6.6", "0.48"]]
    assert (kept.stage, kept.on_pace) == (stage, stage == "on_track")


def test_a_draft_or_a_key_result_due_before_it_starts_has_no_state(objective: Objective) -> None:
    late = build.live_key_result(objective, due_on=objective.cycle.starts_on)

    for key_result, code in ((build.key_result(objective), "draft"), (late, "dates")):
        with refused(code):
            set_state(key_result, STATE)


def test_an_empty_state_is_no_data(objective: Objective) -> None:
    live = build.live_key_result(objective)
    set_state(live, STATE)

    set_state(live, KeyResultState())

    kept = KeyResult.objects.get(pk=live.pk)
    assert (kept.score, kept.rag, kept.stage, kept.trail) == (None, "no_data", "committed", [])


def test_a_new_state_changes_no_other_field(objective: Objective) -> None:
    live = build.live_key_result(objective)
    KeyResult.objects.filter(pk=live.pk).update(title="Renamed meanwhile")

    *_, update = queries_of(lambda: set_state(live, STATE))

    assert update.startswith('UPDATE "okrs_keyresult"')
    assert '"target"' not in update
    assert KeyResult.objects.get(pk=live.pk).title == "Renamed meanwhile"
