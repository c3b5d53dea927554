from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

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


def test_a_track_marks_score_bands_and_pace() -> None:
    drawn = track(score=Decimal("0.75"), pace=Decimal("0.76"), bands=PLAYBOOK_BANDS)

    assert drawn.bar == "75"
    assert drawn.gaps == "M31 6v6M61 6v6M91 6v6"
    assert drawn.pace == "M76 0v18"


def test_a_track_without_data_has_no_bar_and_no_pace() -> None:
    drawn = track(score=None, pace=None, bands=PLAYBOOK_BANDS)

    assert (drawn.bar, drawn.pace) == ("0", "")


def test_a_band_that_starts_at_one_leaves_no_gap_at_the_edge() -> None:
    drawn = track(score=None, pace=None, bands=[Decimal("0.5"), Decimal("1.00")])

    assert drawn.gaps == "M50 6v6"


def test_a_sparkline_runs_over_its_periods_and_ends_in_a_dot() -> None:
    drawn = sparkline([Decimal(0), Decimal(10)], goal=Decimal(20), periods=13)

    assert drawn.trace == "M0 37L10 20"
    assert drawn.dots == "M10 20h0"
    assert drawn.goal == "M0 3H120"


def test_a_sparkline_breaks_where_a_period_has_no_value() -> None:
    drawn = sparkline([Decimal(0), Decimal(1), None, Decimal(1), Decimal(0)])

    assert drawn.trace.count("M") == 2


def test_a_value_alone_between_gaps_is_a_dot() -> None:
    drawn = sparkline([Decimal(1), None, Decimal(2), None, Decimal(3)])

    assert drawn.trace == ""
    assert drawn.dots.count("M") == 3


def test_a_sparkline_that_never_moves_lies_in_the_middle() -> None:
    assert sparkline([Decimal(5), Decimal(5)]).trace == "M0 20L120 20"


def test_no_value_draws_nothing() -> None:
    drawn = sparkline([None, None])

    assert (drawn.trace, drawn.dots, drawn.goal) == ("", "", "")


def test_a_chart_breaks_its_trace_at_a_missing_period() -> None:
    drawn = history_chart(history("9.0", "9.1", None, "8.4", "8.0"))

    assert drawn.trace.count("M") == 2
    assert drawn.dots.count("M") == 4


def test_the_straight_line_runs_from_start_to_goal() -> None:
    drawn = history_chart(history("9.0", "8.0"))

    assert drawn.straight == "M0 0L600 256"


def test_there_is_no_straight_line_without_a_goal() -> None:
    assert history_chart(history("9.0", goal=None)).straight == ""


def test_today_is_a_line_with_its_word() -> None:
    drawn = history_chart(history("9.0", today=dt.date(2026, 2, 15)))

    assert drawn.now == "M303.4 0V256"
    assert drawn.today is not None
    assert drawn.today.text == "today"


def test_a_day_outside_the_cycle_draws_no_line() -> None:
    drawn = history_chart(history("9.0", today=dt.date(2026, 5, 1)))

    assert (drawn.now, drawn.today) == ("", None)


def test_rungs_stand_at_the_right_before_start_where_they_meet() -> None:
    rungs = [(Decimal(4), "1.00"), (Decimal(9), "0.30")]

    marks = history_chart(history("8.0", rungs=rungs)).marks

    assert [mark.text for mark in marks] == ["1.00", "0.30"]


def test_an_empty_chart_still_has_axes() -> None:
    drawn = history_chart(history(None, None, start=None, goal=None))

    assert drawn.trace == ""
    assert len(drawn.values) >= 2


def test_large_values_are_labelled_short() -> None:
    drawn = history_chart(history("250000", start=Decimal(200_000), goal=Decimal(500_000)))

    assert {label.text for label in drawn.values} >= {"200k", "500k"}


def test_expected_is_where_the_straight_line_stands() -> None:
    halfway = history(starts_on=dt.date(2026, 1, 1), due_on=dt.date(2026, 1, 11))

    assert history(**{"today": dt.date(2026, 1, 1)}).expected == 9
    assert History(**{**vars(halfway), "today": dt.date(2026, 1, 6)}).expected == Decimal("6.5")
    assert history(today=dt.date(2026, 4, 1)).expected is None


def test_a_quarter_is_labelled_by_its_months() -> None:
    labels = month_labels(dt.date(2026, 1, 1), dt.date(2026, 3, 31))

    assert [label.text for label in labels] == [
        "1\u00a0Jan",
        "1\u00a0Feb",
        "1\u00a0Mar",
        "31\u00a0Mar",
    ]


def test_a_year_is_labelled_sparsely() -> None:
    labels = month_labels(dt.date(2025, 10, 1), dt.date(2026, 9, 30))

    assert len(labels) <= 5


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

    places = drawn.trace.replace("M", " ;").replace("L", " ;").split(";")[1:]
    for place in places:
        x, y = place.split()
        assert 0 <= Decimal(x) <= 120
        assert 3 <= Decimal(y) <= 37
