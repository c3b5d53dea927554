"""Problems of single cells, of rows compared with each other, and with the data of the engagement."""

from __future__ import annotations

import datetime as dt

import pytest

from engagements.models import Membership, Role
from imports.checking import METRIC_FACTS
from imports.columns import COLUMNS
from metrics.models import Metric
from okrs.models import Cycle, KeyResult
from tests import build
from tests.imports.files import faults, file_of, load, plan, problems

BAD_TEXTS = {
    "cycle": ["Spring", "2026-Q5", "2026-Q1" * 10],
    "level": ["division"],
    "objective": ["x" * 241],
    "key_result": ["x" * 100_000, "NUL \x00"],
    "unit": ["x" * 41],
    "direction": ["sideways", "lower"],
    "baseline": ["many", "18 days", "NaN", "#REF!", "-1"],
    "target": ["", "18", "101", "12,5x", "1" + "0" * 14, "20.1234567"],
    "starts_on": ["31.02.2026", "2025-12-31", "2026-03-31"],
    "due_on": ["31.02.2026", "2026-02-30", "2026-01-01", "2025-12-31", "2026-04-01", "soon"],
    "valid_low": ["none"],
    "valid_high": ["none"],
    "owner_email": ["dana at harbor", "x" * 250 + "@harbor.test"],
    "refresh": ["sometimes"],
    "method": ["curve"],
    "ladder": ["4:1.0"],
    "weight": ["0", "-1", "0.005", "10000"],
    "indicator": ["trailing"],
    "commitment": ["promised"],
    "contributes_to": ["Nothing in this file", "Metric 2"],  # the second is its own
}
# An empty target stays a problem: the value to reach is what a key result is about.
OPTIONAL = set(COLUMNS) - {"cycle", "objective", "key_result", "target", "owner", "team"}
BAD_CELLS = [(column, text) for column, texts in BAD_TEXTS.items() for text in texts]
BAD_LADDERS = ["", "4", "4:", "four:1", "4:2", "4:0", "4:0.5;6:0.7", "6:1.0;4:0.7", "4:1;;6:0.7"]


@pytest.mark.parametrize(("column", "text"), BAD_CELLS, ids=lambda value: value[:20] or "blank")
def test_a_bad_cell_is_reported_with_line_and_column(column: str, text: str) -> None:
    assert faults(file_of({}, {column: text}, {})) == [(3, column)]


@pytest.mark.parametrize("ladder", BAD_LADDERS)
def test_a_ladder_must_be_one(ladder: str) -> None:
    falls = {"direction": "lower", "baseline": "28", "target": "18"}
    line = {"method": "ladder", "ladder": ladder, **falls}

    assert faults(file_of(line)) == [(2, "ladder")]


def test_every_problem_says_how_to_fix_it() -> None:
    content = file_of(*({column: text} for column, text in BAD_CELLS))

    found = problems(content)

    assert len(found) >= len(BAD_CELLS)
    assert all(problem.fix.endswith((".", "?")) for problem in found)
    assert all(len(str(problem)) < 250 for problem in found)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(dict.fromkeys(OPTIONAL, ""), id="blank"),
        pytest.param({"baseline": "12,5", "target": "1.234,5", "valid_high": "9 999"}, id="comma"),
    ],
)
def test_optional_cells_may_be_blank_and_figures_have_a_comma(line: dict[str, str]) -> None:
    assert plan(file_of(line)).key_results == 1


def test_another_cycle_must_exist_and_keeps_its_dates(lead: Membership) -> None:
    build.cycle(lead.engagement, "Spring", starts_on=dt.date(2026, 2, 1))

    load(file_of({"cycle": "SPRING", "starts_on": "2026-02-01", "due_on": ""}), by=lead)

    assert KeyResult.objects.get().starts_on == dt.date(2026, 2, 1)
    assert KeyResult.objects.get().due_on == dt.date(2026, 3, 31)
    assert Cycle.objects.count() == 1


SALES = {"level": "team", "team": "Sales"}
TWICE = {"key_result": "The same", "metric": "The same"}
CHURN, TO_CHURN = {"metric": "Churn"}, {"contributes_to": "churn"}
FROM_50 = {**CHURN, "valid_low": "50", "valid_high": "", "baseline": "60", "target": "70"}
TO_40 = {**CHURN, "valid_low": "", "valid_high": "40"}
SHOUTED = {"owner": "dana  WHITLOCK"}
LATER = {"cycle": "2026-Q2", "due_on": "", "contributes_to": "Metric 1"}
CIRCLE = [{"contributes_to": f"Metric {metric}"} for metric in (2, 3, 4, 2)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([TWICE, {}, TWICE], [(4, "key_result")], id="a key result twice"),
        pytest.param([SALES, SALES, {}], [(4, "team")], id="an objective of two teams"),
        pytest.param([{}, SHOUTED, {"owner": "Eve"}], [(4, "owner")], id="an address, two names"),
        pytest.param(
            [CHURN, {**CHURN, "unit": "days"}, {**CHURN, "definition": "Another"}],
            [(3, "unit"), (4, "definition")],
            id="M4.4-a-metric-with-two-meanings",
        ),
        pytest.param([FROM_50, TO_40], [(3, "valid_high")], id="a range that falls"),
        pytest.param([CHURN, CHURN, TO_CHURN], [(4, "contributes_to")], id="M2.4-two-use-a-metric"),
        pytest.param([{}, LATER], [(3, "contributes_to")], id="M2.4-another-cycle"),
        pytest.param(CIRCLE, [(3, "contributes_to")], id="M2.4-a-circle-is-reported-once"),
        pytest.param(
            [{"level": "team"}, {"objective": "Another", "team": "Sales", "level": "company"}],
            [(2, "team"), (3, "team")],
            id="M2.1-a-team-goes-with-the-level",
        ),
    ],
)
def test_lines_that_contradict_each_other_are_reported(
    lines: list[dict[str, str]], expected: list[tuple[int, str]]
) -> None:
    assert faults(file_of(*lines)) == expected


def test_a_metric_is_described_once_and_named_again(lead: Membership) -> None:
    silent = dict.fromkeys(METRIC_FACTS, "")

    churn = [{**silent, "metric": "CHURN"}, {"metric": "Churn", "refresh": "daily"}]
    load(
        file_of(
            *churn,
            {"metric": "churn", "unit": "%", "refresh": "daily"},
            {"metric": "Sign-ups", "refresh": ""},
        ),
        by=lead,
    )

    first, sign_ups = Metric.objects.order_by("name")
    assert (first.name, first.unit, first.refresh) == ("CHURN", "percent", "daily")
    assert "refresh" in sign_ups.data_questions_open


def test_existing_rows_are_used_in_any_case(lead: Membership) -> None:
    build.metric(lead.engagement, "Churn", unit="Percent", source="Ours")
    build.team(lead.engagement, "Sales")
    build.member(lead.engagement, "Dana", Role.CHAMPION, email="Dana@Harbor.test")

    made = load(file_of({"metric": "churn", "level": "team", "team": "SALES"}), by=lead).made

    assert [made[noun] for noun in ("metric", "team", "placeholder")] == [0, 0, 0]
    key_result = KeyResult.objects.select_related("owner", "metric").get()
    assert (str(key_result.owner), str(key_result.metric)) == ("Dana", "Churn")
    assert Metric.objects.get().source == "Ours"


def test_existing_rows_are_used_however_they_are_typed(lead: Membership) -> None:
    build.cycle(lead.engagement, "İzmir")
    build.metric(lead.engagement, "Café visits", unit="percent", source="Ours")
    build.team(lead.engagement, "Sales team")
    build.member(lead.engagement, "Dana", Role.CHAMPION, email="dana@harbor.test")
    named = {
        "cycle": "Iz\u00admir",
        "metric": "Cafe\u0301\u00a0visits",
        "level": "team\u200b",
        "team": "\ufeffSALES\u2009team",
        "owner_email": "dana@harbor.test\u200b",
    }
    other = {**named, "metric": "Café \u200bvisits", "objective": "Another\u00a0one"}

    made = load(file_of(named, other, {**other, "objective": "ANOTHER one"}), by=lead).made

    nouns = ("cycle", "metric", "team", "placeholder", "objective", "key result")
    assert [made[noun] for noun in nouns] == [0, 0, 0, 0, 2, 3]
    assert Metric.objects.get().source == "Ours"


NOW = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def test_what_does_not_fit_the_engagement_is_reported(lead: Membership) -> None:
    load(file_of({"objective": "Ours", "metric": "Ours"}), by=lead)
    build.metric(lead.engagement, "Churn", unit="days")
    build.metric(lead.engagement, "Sign-ups", unit="", archived_at=NOW)
    build.member(lead.engagement, "Eve", Role.VIEWER, email="eve@harbor.test")
    build.member(lead.engagement, "Gus", email="gus@harbor.test", removed_at=NOW)

    unfit = {
        (2, "unit"): {"metric": "Churn"},
        (3, "metric"): {"metric": "Sign-ups"},
        (4, "owner_email"): {"owner": "Eve", "owner_email": "eve@harbor.test"},
        (5, "owner_email"): {"owner": "Gus", "owner_email": "gus@harbor.test"},
        (6, "team"): {"objective": "Ours", **SALES},
    }

    assert faults(file_of(*unfit.values()), by=lead) == list(unfit)


def test_a_contribution_names_a_title_before_a_metric_also_of_before(lead: Membership) -> None:
    load(file_of({"metric": "Churn"}, {"key_result": "Churn", "metric": "Loss"}), by=lead)

    links = [{"contributes_to": "churn"}, {"contributes_to": "Result 1"}]
    made = load(file_of({}, {}, *links), by=lead).made

    assert made["contribution link"] == 2
    assert KeyResult.objects.get(title="Churn").contributions.count() == 1
