from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.utils import timezone

from checkins.queries.my_week import MyWeek
from okrs.formatting import in_words
from tests.checkins.posting import TUESDAY, at
from workspace.headlines import my_week_headline


@pytest.fixture(autouse=True)
def in_berlin() -> Iterator[None]:
    """Tuesday 10 March 2026, 09:40, on a clock in Berlin."""
    with time_machine.travel(TUESDAY, tick=False), timezone.override("Europe/Berlin"):
        yield


def week(*cards: Any, opens: dt.datetime | None = None) -> MyWeek:
    return MyWeek(cards=cards, groups=[], next_opens_at=opens, next_engagement=None)


def card(due: str = "2026-03-09T10:00", *, state: str = "") -> Mock:
    return Mock(
        is_done=state == "saved",
        is_late=state == "late",
        is_due_today=state == "today",
        due_at=at(due),
    )


LATE = card(state="late")
SAVED = card(state="saved")
NOON = card("2026-03-10T12:00", state="today")
LATER = card("2026-03-12T10:00")


@pytest.mark.parametrize(
    ("cards", "said"),
    [
        ([LATE], "1 check-in to do. It is late."),
        ([LATE, LATE, SAVED], "2 check-ins to do. All are late."),
        ([LATE, NOON], "2 check-ins to do. 1 is late, 1 is due by 12:00."),
        ([NOON, LATER], "2 check-ins to do. 1 is due by 12:00."),
        ([card("2026-03-10T11:30", state="today")], "1 check-in to do. It is due by 11:30."),
        ([card("2026-03-10T09:00", state="today")], "1 check-in to do. It is due today."),
        ([LATER], "1 check-in to do. It is not due before Thu 12 Mar."),
        ([LATER, LATER], "2 check-ins to do. None is due before Thu 12 Mar."),
        ([SAVED], "Your check-in is saved."),
        ([SAVED] * 2, "Both check-ins are saved."),
        ([SAVED] * 11, "All 11 check-ins are saved."),
        ([], "Nothing is due."),
    ],
)
def test_the_headline_says_what_is_found(cards: list[Mock], said: str) -> None:
    assert my_week_headline(week(*cards)).replace("\u00a0", " ") == said


def test_cards_due_at_different_times_are_due_today() -> None:
    other = card("2026-03-10T17:00", state="today")

    assert my_week_headline(week(NOON, other)) == "2 check-ins to do. All are due today."


def test_nothing_due_names_the_next_opening() -> None:
    said = my_week_headline(week(opens=at("2026-03-13T00:00")))

    assert said.replace("\u00a0", " ") == "Nothing is due. The next check-in opens Fri 13 Mar."


@pytest.mark.parametrize(
    ("cards", "overdue", "said"),
    [
        ([], 1, "Nothing is due. 1 action is overdue."),
        ([SAVED], 2, "Your check-in is saved. 2 actions are overdue."),
        ([LATE], 2, "1 check-in to do. It is late."),
    ],
)
def test_overdue_actions_are_named_once_no_card_is_left(
    cards: list[Mock], overdue: int, said: str
) -> None:
    assert my_week_headline(week(*cards), overdue=overdue) == said


def test_numbers_to_ten_are_words() -> None:
    assert [in_words(number) for number in (1, 10, 11)] == ["one", "ten", "11"]
