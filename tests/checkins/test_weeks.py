from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone

from checkins.templatetags.weeks import closing, countdown, first_word, marked, when
from tests.checkins.posting import TUESDAY, at


@pytest.fixture(autouse=True)
def in_berlin() -> Iterator[None]:
    """Tuesday 10 March 2026, 09:40, on a clock in Berlin."""
    with time_machine.travel(TUESDAY, tick=False), timezone.override("Europe/Berlin"):
        yield


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-03-10T12:00", "today 12:00"),
        ("2026-03-09T10:00", "Mon 9 Mar 10:00"),
        ("2026-03-11T10:00", "tomorrow 10:00"),
        ("2026-03-17T10:00", "Tue 17 Mar 10:00"),
        ("2026-03-03T10:00", "Tue 3 Mar 10:00"),
    ],
)
def test_a_moment_is_said_as_short_as_it_is_clear(moment: str, said: str) -> None:
    assert when(at(moment)).replace("\u00a0", " ") == said


def test_no_moment_says_nothing() -> None:
    assert when(None) == ""


def test_a_span_that_ends_at_midnight_ends_on_the_day_before() -> None:
    assert closing(at("2026-03-11T00:00")) == "today\u00a024:00"
    assert closing(at("2026-03-16T00:00")) == "Sun\u00a015\u00a0Mar\u00a024:00"
    assert closing(at("2026-03-15T18:00")) == "Sun\u00a015\u00a0Mar\u00a018:00"


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("2026-03-10T12:00", "in 2 h 20 min"),
        ("2026-03-10T10:40", "in 1 h"),
        ("2026-03-10T09:40:30", "in 0 min"),
        ("2026-03-12T10:00", "in 2 days"),
        ("2026-03-10T09:00", ""),
    ],
)
def test_it_counts_down(moment: str, left: str) -> None:
    assert countdown(at(moment), TUESDAY).replace("\u00a0", " ") == left


def test_people_are_called_by_their_first_name() -> None:
    assert first_word("Dana Whitlock") == "Dana"
    assert first_word("") == ""


def test_a_reader_elsewhere_sees_their_own_clock() -> None:
    with timezone.override("America/New_York"):
        assert when(dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)) == "today\u00a007:00"


def test_words_that_differ_are_marked_and_nothing_typed_is_markup() -> None:
    said = marked([("Paper <b>", False), ("nine", True), ("days.", False)])

    assert said == "Paper &lt;b&gt; <mark>nine</mark> days."
