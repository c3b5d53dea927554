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
    key_result = Mock(rag=rag, title=title)
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
            "One of two forecasts holds. One key result is red: Expansion.",
        ),
        (home(line(True), line(True)), "Both forecasts hold. Nothing is red."),
        (
            home(line(True, "red"), line(None, "no_data")),
            "The one forecast holds. One key result is red, merely early.",
        ),
        (
            home(line(False, "red", "x" * 91)),
            "The one forecast does not hold. One key result is red.",
        ),
        (
            home(line(False, "red"), over_time=1),
            (
                "The one forecast does not hold. One key result is red: Expansion."
                " One escalation is over time."
            ),
        ),
        (
            home(line(False, "red"), line(False, "red"), over_time=2),
            (
                "None of the two forecasts holds. Two key results are red."
                " Two escalations are over time."
            ),
        ),
        (
            home(line(None, "no_data")),
            "The work has begun. No key result has a value yet.",
        ),
        (home(committed=False), "One objective is drafted, none is committed yet."),
        (
            home(committed=False, objectives=4),
            "Four objectives are drafted, none is committed yet.",
        ),
    ],
)
def test_the_headline_says_what_is_found(stands: Home, said: str) -> None:
    assert home_headline(stands) == said


@pytest.mark.parametrize(
    ("activated_at", "said"),
    [
        (None, "Two key results are red, both merely early."),
        (COMMITTED, "Two key results are red, one of them merely early."),
    ],
)
def test_what_is_escalated_is_not_merely_early(activated_at: dt.datetime | None, said: str) -> None:
    lines = (line(True, "red"), line(True, "red"))
    escalation = Mock(key_result_id=lines[0].key_result.pk, activated_at=activated_at)

    stands = home(*lines, escalations=[Mock(escalation=escalation)])

    assert home_headline(stands) == f"Both forecasts hold. {said}"


def test_an_empty_cycle_is_named() -> None:
    running = Mock(cycle="2026-Q1")

    assert home_headline(home(objectives=0, cycles=[running])) == (
        "2026-Q1 runs, and holds no objective yet."
    )


def test_without_a_cycle_it_says_how_to_begin() -> None:
    assert home_headline(home(cycles=[])) == ("No cycle yet. A quarter is a good first one.")


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "said"),
    [
        (dt.date(2026, 4, 1), dt.date(2026, 6, 30), "Q2 starts on 1\u00a0Apr."),
        (dt.date(2025, 10, 1), dt.date(2025, 12, 31), "Q2 ended on 31\u00a0Dec\u00a02025."),
    ],
)
def test_between_cycles_it_names_the_one_beside(
    starts_on: dt.date, ends_on: dt.date, said: str
) -> None:
    beside = Cycle(name="Q2", starts_on=starts_on, ends_on=ends_on)

    assert home_headline(home(cycles=[], beside=beside)) == f"No cycle runs now. {said}"
