from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from engagements.models import Membership
from status.page import Words, draft_words
from status.page.drafts import LONGEST, MOST_LINES
from status.queries.now import status_facts
from tests import build
from tests.checkins.posting import post
from tests.status.quarter import key_result, objective, week


def drafted(alice: Membership, **given: Any) -> Words:
    return draft_words(status_facts(alice.engagement, now=timezone.now()), **given)


def test_it_says_what_moved_and_what_is_done_about_red(alice: Membership) -> None:
    metric = build.metric(alice.engagement, unit="percent")
    row = key_result(objective(alice), "Accounts that expand", metric=metric)
    post(row, alice, actual=2, now=week(10), next_action="Move the offer")

    words = drafted(alice)

    assert words["headline"] == (
        "The one forecast does not hold. One key result is red: Accounts that expand."
    )
    assert words["moved"] == "Accounts that expand: 0 → 2\u00a0%, Red."
    assert words["red"] == (
        "Accounts that expand, red for one week. The shorter form did it."
        " Next: Move the offer, by 16\u00a0Mar."
    )


def test_next_steps_whose_day_has_gone_by_are_left_out(alice: Membership) -> None:
    goal = objective(alice)
    past = {"next_action_due": dt.date(2026, 3, 9), "next_action": "Too late"}
    post(key_result(goal, "First"), alice, actual=9, now=week(9), **past)
    post(key_result(goal, "Second"), alice, actual=9, now=week(10))

    words = drafted(alice, next_review=dt.date(2026, 4, 14))

    assert words["next_steps"] == (
        "Second: Roll the form out to all stores, by 16\u00a0Mar.\n"
        "Next review on Tue\u00a014\u00a0Apr."
    )


def test_what_is_early_is_told_apart(alice: Membership) -> None:
    row = key_result(objective(alice), "Newly begun", starts_on=dt.date(2026, 3, 1))
    post(row, alice, actual=2, confidence=4, now=week(10))

    assert drafted(alice)["red"].startswith("Newly begun, early, forecast holds.")


def test_calm_words_where_nothing_is_red(alice: Membership) -> None:
    words = drafted(alice, decided=[("Move the call", dt.date(2026, 3, 20))])

    assert words["red"] == "Nothing is red."
    assert words["decided"] == "Move the call. By 20\u00a0Mar."
    assert words["moved"] == words["next_steps"] == ""


def test_long_lines_and_long_lists_are_cut(alice: Membership) -> None:
    goal = objective(alice)
    for number in range(MOST_LINES + 2):
        post(key_result(goal, f"Result {number}"), alice, actual=1, insight="x" * 999, now=week(10))

    lines = drafted(alice)["red"].splitlines()

    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "And 2 more."
    assert "x" * (LONGEST - 1) + "… Next: Roll the form out" in lines[0]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("The vendor is late", "The vendor is late. Next: Call the vendor, by 16\u00a0Mar."),
        ("Do they know?", "Do they know? Next: Call the vendor, by 16\u00a0Mar."),
        ("Late.\nStill.", "Late. Still. Next: Call the vendor, by 16\u00a0Mar."),
    ],
)
def test_stops_of_people_and_of_the_sentence_are_one(
    alice: Membership, said: str, told: str
) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    post(row, alice, actual=2, now=week(10), insight=said, next_action="Call the vendor.")

    words = drafted(alice)

    assert words["red"].endswith(told)
    assert words["next_steps"] == "Accounts that expand: Call the vendor, by 16\u00a0Mar."
