from __future__ import annotations

import datetime as dt
from typing import Any, cast
from unittest.mock import Mock

import pytest

from okrs.models import Cycle
from workspace.headlines import home_headline
from workspace.queries.home import Home

TODAY = dt.date(2026, 3, 10)
COMMITTED = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def line(forecast: bool | None, rag: str = "green", title: str = "Expansion") -> Mock:
    cycle = Cycle(kind="quarterly", starts_on=dt.date(2026, 1, 1))
    key_result = Mock(rag=rag, title=title, is_draft=False, objective=Mock(cycle=cycle))
    return Mock(key_result=key_result, forecast_holds=forecast)


def home(*lines: Mock, committed: bool = True, objectives: int = 1, **fields: Any) -> Home:
    stands = Mock(objective=Mock(committed_at=COMMITTED if committed else None))
    values = {
        "cycles": ["2026-Q1"],
        "objectives": [stands] * objectives,
        "lines": lines,
        "forecasts": [one.forecast_holds for one in lines if one.forecast_holds is not None],
        "over_time": 0,
        "escalations": [],
        "beside": None,
        "today": TODAY,
        **fields,
    }
    return cast(Home, Mock(**values))


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        (
            home(line(True), line(False, "red")),
            "1 of 2 key results is on pace. 1 is behind. 1 is red: Expansion.",
        ),
        (home(line(True), line(True)), "Both key results are on pace. None is red."),
        (
            home(line(True, "red"), line(None, "no_data")),
            (
                "The only measured key result is on pace. 1 is red."
                " Scores are still low: the quarter is nine weeks old."
            ),
        ),
        (
            home(line(False, "red", "x" * 91)),
            "The only key result is behind pace. 1 is red.",
        ),
        (
            home(line(False, "red"), over_time=1),
            ("The only key result is behind pace. 1 is red: Expansion. 1 escalation is overdue."),
        ),
        (
            home(line(False, "red"), line(False, "red"), over_time=2),
            ("Both key results are behind pace. 2 are red. 2 escalations are overdue."),
        ),
        (
            home(line(None, "no_data")),
            "Work has started. No key result has a value yet.",
        ),
        (home(committed=False), "1 objective is drafted. None is committed yet."),
        (
            home(committed=False, objectives=4),
            "4 objectives are drafted. None is committed yet.",
        ),
    ],
)
def test_the_headline_counts_key_results_on_pace_and_red(stands: Home, said: str) -> None:
    assert home_headline(stands) == said


@pytest.mark.parametrize(
    ("activated_at", "said"),
    [
        (None, "2 are red. Scores are still low: the quarter is nine weeks old."),
        (COMMITTED, "2 are red, 1 of them still on pace."),
    ],
)
def test_an_escalated_key_result_is_not_called_early(
    activated_at: dt.datetime | None, said: str
) -> None:
    lines = (line(True, "red"), line(True, "red"))
    escalation = Mock(key_result_id=lines[0].key_result.pk, activated_at=activated_at)

    stands = home(*lines, escalations=[Mock(escalation=escalation)])

    assert home_headline(stands) == f"Both key results are on pace. {said}"


def test_an_empty_cycle_is_named() -> None:
    running = Mock(cycle="2026-Q1")

    assert home_headline(home(objectives=0, cycles=[running])) == ("2026-Q1 has no objectives yet.")


def test_without_a_cycle_the_headline_says_how_to_start() -> None:
    assert home_headline(home(cycles=[])) == "No cycle yet. Start with a quarter."


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "said"),
    [
        (dt.date(2026, 4, 1), dt.date(2026, 6, 30), "Q2 starts on 1\u00a0Apr."),
        (dt.date(2025, 10, 1), dt.date(2025, 12, 31), "Q2 ended on 31\u00a0Dec\u00a02025."),
    ],
)
def test_between_cycles_the_headline_names_the_nearest_one(
    starts_on: dt.date, ends_on: dt.date, said: str
) -> None:
    beside = Cycle(name="Q2", starts_on=starts_on, ends_on=ends_on)

    assert home_headline(home(cycles=[], beside=beside)) == f"No cycle is running. {said}"
