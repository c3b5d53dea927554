from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from decisions.movement import Moved, Movement, moved_since


def of(
    then: str | None, now: str | None, *, higher: bool = True, measured: int | None = 11
) -> Movement:
    """What was decided on 10 March, and measured on that day of March."""
    return moved_since(
        dt.date(2026, 3, 10),
        then=None if then is None else Decimal(then),
        now=None if now is None else Decimal(now),
        measured_on=None if measured is None else dt.date(2026, 3, measured),
        higher_is_better=higher,
    )


@pytest.mark.parametrize(
    ("then", "now", "higher", "expected"),
    [
        ("7.4", "8.2", True, Moved.BETTER),
        ("8.2", "7.4", True, Moved.NO_BETTER),
        ("8.2", "7.4", False, Moved.BETTER),
        ("7.4", "8.2", False, Moved.NO_BETTER),
        ("8.2", "8.20", True, Moved.NO_BETTER),
        (None, "7.4", True, Moved.BETTER),
    ],
)
def test_follows_the_direction_that_counts(
    then: str | None, now: str, *, higher: bool, expected: Moved
) -> None:
    assert of(then, now, higher=higher).moved is expected


def test_knows_nothing_without_a_check_in_since() -> None:
    assert of("7.4", "8.2", measured=None).moved is Moved.UNKNOWN
    assert of("7.4", None).moved is Moved.UNKNOWN


def test_says_it_in_words() -> None:
    fell = of("8.2", "7.4")

    assert fell.said(unit="percent").replace("\N{NO-BREAK SPACE}", " ") == "since then 8.2 → 7.4 %"
    assert fell.words(unit="percent").replace("\N{NO-BREAK SPACE}", " ") == "8.2 → 7.4 %"


def test_shows_no_figures_while_there_is_no_value_since() -> None:
    waiting = of("8", "8", measured=None)

    assert (waiting.said(unit="days"), waiting.words(unit="days")) == ("no value since", "")


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (None, Moved.UNKNOWN),
        (9, Moved.UNKNOWN),
        (10, Moved.UNKNOWN),  # known to those who decided
        (11, Moved.BETTER),
    ],
)
def test_counts_what_was_measured_on_a_later_day(measured: int | None, expected: Moved) -> None:
    assert of("8", "7", higher=False, measured=measured).moved is expected
