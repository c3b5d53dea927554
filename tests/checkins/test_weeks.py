from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone

from checkins.templatetags.weeks import closing, countdown, marked, when
from tests.checkins.posting import TUESDAY, at

pytestmark = pytest.mark.usefixtures("in_berlin")
left = partial(countdown, now=TUESDAY)


@pytest.mark.parametrize(
    ("write", "moment", "written"),
    [
        (when, "2026-03-10T12:00", "today 12:00"),
        (when, "2026-03-11T10:00", "tomorrow 10:00"),
        (when, "2026-03-09T10:00", "Mon 9 Mar 10:00"),
        (when, "2026-03-09T00:00", "Mon 9 Mar"),
        # A span that ends at midnight ends on the day before.
        (closing, "2026-03-11T00:00", "end of today"),
        (closing, "2026-03-16T00:00", "end of Sun 15 Mar"),
        (closing, "2026-03-15T18:00", "Sun 15 Mar 18:00"),
        (left, "2026-03-10T12:00", "in 2 h 20 min"),
        (left, "2026-03-10T10:40", "in 1 h"),
        (left, "2026-03-10T09:40:30", "in 0 min"),
        (left, "2026-03-12T10:00", "in 2 days"),
        (left, "2026-03-10T09:00", ""),
    ],
)
def test_a_moment_is_written_as_short_as_it_is_clear(
    write: Callable[[dt.datetime], str], moment: str, written: str
) -> None:
    assert write(at(moment)).replace("\u00a0", " ") == written


def test_a_reader_elsewhere_sees_their_own_clock() -> None:
    with timezone.override("America/New_York"):
        assert when(dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)) == "today\u00a007:00"


def test_words_that_differ_are_marked_and_nothing_typed_is_markup() -> None:
    marks = marked([("Paper <b>", False), ("nine", True), ("days.", False)])

    assert marks == "Paper &lt;b&gt; <mark>nine</mark> days."
