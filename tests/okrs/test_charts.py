from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrs.charts import (
    History,
    coordinate,
    history_chart,
    month_labels,
    nice_ticks,
    sparkline,
    track,
)
from scoring import PLAYBOOK_BANDS

values = st.decimals(min_value=-1_000_000, max_value=1_000_000, places=3)


def history(*readings: str | None, **changes: object) -> History:
    first = dt.date(2026, 1, 5)
    given_values = {
        "readings": [
            (first + dt.timedelta(weeks=week), None if reading is None else Decimal(reading))
            for week, reading in enumerate(readings)
        ],
        "starts_on": dt.date(2026, 1, 1),
        "due_on": dt.date(2026, 3, 31),
        "today": dt.date(2026, 2, 1),
        "start": Decimal(9),
        "goal": Decimal(4),
    }
    return History(**{**given_values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "written"),
    [("36.5714", "36.6"), ("100", "100"), ("0", "0"), ("-0.04", "0"), ("1E+2", "100")],
)
def test_coordinates_are_short_and_plain(value: str, written: str) -> None:
    assert coordinate(Decimal(value)) == written


@pytest.mark.parametrize(
    ("score", "pace", "bands", "drawn"),
    [
        ("0.75", "0.76", PLAYBOOK_BANDS, ("75", "M31 6v6M61 6v6M91 6v6", "M76 0v18")),
        (None, None, PLAYBOOK_BANDS, ("0", "M31 6v6M61 6v6M91 6v6", "")),
        (None, None, [Decimal("0.5"), Decimal("1.00")], ("0", "M50 6v6", "")),
    ],
    ids=["score and pace", "no data", "a band that starts at 1 leaves no gap at the edge"],
)
def test_a_track_marks_score_bands_and_pace(
    score: str | None, pace: str | None, bands: Any, drawn: tuple[str, str, str]
) -> None:
    number = Decimal(score) if score else None
    result = track(score=number, pace=Decimal(pace) if pace else None, bands=bands)

    assert (result["bar"], result["gaps"], result["pace"]) == drawn


@pytest.mark.parametrize(
    ("numbers", "more", "drawn"),
    [
        ([0, 10], {"goal": Decimal(20), "periods": 13}, ("M0 37L10 20", "M10 20h0", "M0 3H120")),
        ([0, 1, None, 1, 0], {}, ("M0 37L30 3M90 3L120 37", "M120 37h0", "")),
        ([1, None, 2, None, 3], {}, ("", "M0 37h0M60 20h0M120 3h0", "")),
        ([5, 5], {}, ("M0 20L120 20", "M120 20h0", "")),
        ([None, None], {}, ("", "", "")),
    ],
    ids=["full width", "a gap", "values between gaps are dots", "no movement", "no value"],
)
def test_a_sparkline_has_one_value_per_period(
    numbers: list[int | None], more: dict[str, Any], drawn: tuple[str, str, str]
) -> None:
    result = sparkline([None if one is None else Decimal(one) for one in numbers], **more)

    assert (result["trace"], result["dots"], result["goal"]) == drawn


def test_a_chart_has_trace_dots_straight_line_and_axes() -> None:
    drawn = history_chart(history("9.0", "8.5", None, "8.4", "8.0"))
    empty = history_chart(history(None, None, start=None, goal=None))
    large = history_chart(history("250000", start=Decimal(200_000), goal=Decimal(500_000)))

    assert (drawn["trace"].count("M"), drawn["dots"].count("M")) == (2, 4)
    assert drawn["straight"] == "M0 0L600 256"
    assert (empty["trace"], empty["straight"]) == ("", "")
    assert len(empty["values"]) >= 2
    assert {label.text for label in large["values"]} >= {"200k", "500k"}


def test_labels_of_rungs_win_over_the_baseline_where_they_meet() -> None:
    rungs = [(Decimal(4), "1.00"), (Decimal(9), "0.30")]

    marks = history_chart(history("8.0", rungs=rungs))["marks"]

    assert [mark.text for mark in marks] == ["1.00", "0.30"]


def test_today_is_a_line_within_the_cycle() -> None:
    inside = history_chart(history("9.0", today=dt.date(2026, 2, 15)))
    outside = history_chart(history("9.0", today=dt.date(2026, 5, 1)))

    assert inside["now"] == "M303.4 0V256"
    assert inside["today"] is not None
    assert inside["today"].text == "today"
    assert (outside["now"], outside["today"]) == ("", None)


def test_expected_is_where_the_straight_line_stands() -> None:
    halfway = history(starts_on=dt.date(2026, 1, 1), due_on=dt.date(2026, 1, 11))

    assert history(**{"today": dt.date(2026, 1, 1)}).expected == 9
    assert History(**{**vars(halfway), "today": dt.date(2026, 1, 6)}).expected == Decimal("6.5")
    assert history(today=dt.date(2026, 4, 1)).expected is None


def test_days_are_labelled_by_months() -> None:
    quarter = month_labels(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    year = month_labels(dt.date(2025, 10, 1), dt.date(2026, 9, 30))

    texts = [label.text.replace("\u00a0", " ") for label in quarter]
    assert texts == ["1 Jan", "1 Feb", "1 Mar", "31 Mar"]
    assert len(year) <= 5


@given(st.lists(values, min_size=1, max_size=20))
def test_ticks_are_even_reach_around_all_values_and_stay_few(numbers: list[Decimal]) -> None:
    ticks = nice_ticks(numbers)

    steps = {high - low for low, high in pairwise(ticks)}
    assert len(steps) == 1
    assert min(steps) > 0
    assert ticks[0] <= min(numbers)
    assert max(numbers) <= ticks[-1]
    assert 2 <= len(ticks) <= 8


@given(st.lists(st.none() | values, max_size=60), st.none() | values)
def test_a_sparkline_never_leaves_its_frame(
    numbers: list[Decimal | None], goal: Decimal | None
) -> None:
    drawn = sparkline(numbers, goal=goal)

    places = drawn["trace"].replace("M", " ;").replace("L", " ;").split(";")[1:]
    for place in places:
        x, y = place.split()
        assert 0 <= Decimal(x) <= 120
        assert 3 <= Decimal(y) <= 37
