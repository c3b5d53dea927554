from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from engagements.models import Engagement, Membership
from okrs.models import KeyResult
from scoring import rag
from status.drafts import LONGEST, draft_text
from status.schema import ReportText
from status.sections import notability
from status.snapshots import Moment, build_snapshot
from tests.checkins.posting import post
from tests.status.quarter import key_result, objective, week


def drafted(alice: Membership, **given: Any) -> ReportText:
    page = build_snapshot(alice.engagement, Moment(day=dt.date(2026, 3, 10), is_due=False))
    return draft_text(page, **given)


def test_the_draft_names_only_the_most_important_of_several(alice: Membership) -> None:
    goal = objective(alice)
    expansion = key_result(goal, "Expansion")
    post(expansion, alice, actual=1, now=week(9))
    post(expansion, alice, actual=1, now=week(10))
    post(key_result(goal, "Latency"), alice, actual=1, now=week(10))
    post(key_result(goal, "Margin"), alice, actual=9, now=week(10))

    later, first = dt.date(2026, 3, 27), dt.date(2026, 3, 20)
    words = drafted(alice, decided=[("Ask the vendor", later), ("Move the call", first)])

    assert words["headline"] == ("1 of 3 key results is on pace. 2 are behind. 2 are red.")
    assert words["moved"] == "3 values have changed since the start. Most notable: Margin (Green)."
    assert words["red"] == "2 key results are red. The longest: Expansion, red for two weeks."
    assert words["decided"] == (
        "We made 2 decisions. The first one is due by 20\u00a0Mar: Move the call."
    )
    assert words["next_steps"].startswith("3 next steps are planned. The first is for ")


def test_the_most_notable_change_comes_first() -> None:
    # By bands, then to red, then by the step; red as before, and red that is still on pace.
    changes = [(100, 10), (10, 80), (40, 20), (20, 60), (70, 60), (10, 20), (0, 30)]

    def rank(scores: tuple[int, int]) -> tuple[int, bool, Decimal]:
        was, now = (Decimal(score) / 100 for score in scores)
        row = KeyResult(engagement=Engagement(), score=now, rag=rag(now))
        state: Any = SimpleNamespace(key_result=row, is_early=was == 0)
        return notability(state, was=was)

    assert sorted(changes, key=rank, reverse=True) == changes


def test_the_draft_introduces_changes_and_reds_and_repeats_no_column(alice: Membership) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    insight = "The shorter form did it."
    post(row, alice, actual=2, now=week(10), next_action="Move the offer", insight=insight)

    words = drafted(alice)

    assert words["moved"] == "1 value has changed since the start: Accounts that expand (Red)."
    known = "1 key result is red: Accounts that expand."
    assert words["red"] == f"{known} It has been red for one week."
    assert insight not in str(words)


def test_next_steps_that_are_overdue_are_left_out(alice: Membership) -> None:
    goal = objective(alice)
    past = {"next_action_due": dt.date(2026, 3, 9), "next_action": "Too late"}
    post(key_result(goal, "First"), alice, actual=9, now=week(9), **past)
    post(key_result(goal, "Second"), alice, actual=9, now=week(10))

    words = drafted(alice, next_review=dt.date(2026, 4, 14))

    assert words["next_steps"] == (
        "1 next step is planned."
        " It is for Second: Roll the form out to all stores, by 16\u00a0Mar."
        " The next review is on Tue\u00a014\u00a0Apr."
    )


def test_red_key_results_on_pace_are_named_as_such(alice: Membership) -> None:
    row = key_result(objective(alice), "Newly begun", starts_on=dt.date(2026, 3, 1))
    post(row, alice, actual=2, confidence=4, now=week(10))

    assert drafted(alice)["red"] == "1 key result is red, but still on pace."


def test_the_draft_is_short_if_nothing_is_red(alice: Membership) -> None:
    words = drafted(alice, decided=[("Move the call", dt.date(2026, 3, 20))])

    assert words["red"] == "Nothing is red."
    assert words["decided"] == "We made 1 decision. It is due by 20\u00a0Mar: Move the call."
    assert words["moved"] == words["next_steps"] == ""


def test_long_texts_are_shortened(alice: Membership) -> None:
    words = drafted(alice, decided=[("x" * 999, dt.date(2026, 3, 20))])

    assert words["decided"].endswith("x" * (LONGEST - 1) + "…")


@pytest.mark.parametrize("text", ["Call the vendor.", "Call the vendor", "Call the\nvendor"])
def test_a_quoted_text_stays_on_one_line_with_one_full_stop(alice: Membership, text: str) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    post(row, alice, actual=2, now=week(10), next_action=text)

    assert drafted(alice)["next_steps"].endswith(
        "It is for Accounts that expand: Call the vendor, by 16\u00a0Mar."
    )
