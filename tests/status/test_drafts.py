from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import Engagement, Membership
from okrs.headlines import Progress
from okrs.models import Forecast, KeyResult
from scoring import rag
from status.drafts import LONGEST, draft_text
from status.schema import ReportText
from status.sections import notability
from status.snapshots import Moment, build_snapshot
from tests.checkins.posting import post
from tests.status.quarter import key_result, objective, plain, week


def drafted(alice: Membership, **given: Any) -> ReportText:
    page = build_snapshot(alice.engagement, Moment(day=dt.date(2026, 3, 10), is_due=False))
    return draft_text(page, **given)


def test_the_draft_writes_changes_causes_decisions_and_steps_in_sentences(
    alice: Membership,
) -> None:
    """M8.4."""
    goal = objective(alice)
    expansion = key_result(goal, "Expansion")
    post(expansion, alice, actual=1, now=week(9))
    why = "The offer\ncomes too soon"
    post(expansion, alice, actual=1, now=week(10), insight=why, next_action="Move the offer.")
    post(key_result(goal, "Margin"), alice, actual=9, now=week(10))

    later, first = dt.date(2026, 3, 27), dt.date(2026, 3, 20)
    words = drafted(
        alice,
        decided=[("Ask the vendor", later), ("Move the call.", first)],
        next_review=dt.date(2026, 4, 14),
    )

    assert {name: plain(str(text)).split("\n") for name, text in words.items()} == {
        "headline": ["1 of 2 key results is on pace. 1 is behind and red: Expansion."],
        "moved": [
            "2 values have changed since the start.",
            "Margin went from 0 to 9 and is on pace.",
            "Expansion went from 0 to 1 and is behind pace.",
        ],
        "red": [
            (
                "Expansion is behind pace and has been red for two weeks. The offer comes too soon."
                " No recovery plan yet."
            )
        ],
        "decided": [
            "We made 2 decisions.",
            "Move the call. It is due by 20 Mar.",
            "Ask the vendor. It is due by 27 Mar.",
        ],
        "next_steps": [
            "For Expansion: Move the offer, by 16 Mar.",
            "For Margin: Roll the form out to all stores, by 16 Mar.",
            "The next review is on Tue 14 Apr.",
        ],
    }


def test_the_most_notable_change_comes_first() -> None:
    # By bands, then to red, then by the step; red as before, and red that is still on pace.
    changes = [(100, 10), (10, 80), (40, 20), (20, 60), (70, 60), (10, 20), (0, 30)]

    def rank(scores: tuple[int, int]) -> tuple[int, bool, Decimal]:
        was, now = (Decimal(score) / 100 for score in scores)
        row = KeyResult(engagement=Engagement(), score=now, rag=rag(now))
        forecast = Forecast.BEHIND if was else Forecast.ON_PACE
        state: Any = Progress(key_result=row, forecast=forecast, pace=Decimal("0.4"))
        return notability(state, was=was)

    assert sorted(changes, key=rank, reverse=True) == changes


def test_next_steps_that_are_overdue_are_left_out(alice: Membership) -> None:
    goal = objective(alice)
    past = {"next_action_due": dt.date(2026, 3, 9), "next_action": "Too late"}
    post(key_result(goal, "First"), alice, actual=9, now=week(9), **past)
    post(key_result(goal, "Second"), alice, actual=9, now=week(10))

    words = drafted(alice, next_review=dt.date(2026, 4, 14))

    assert words["next_steps"] == (
        "For Second: Roll the form out to all stores, by 16\u00a0Mar.\n"
        "The next review is on Tue\u00a014\u00a0Apr."
    )


def test_red_key_results_on_pace_are_named_as_such(alice: Membership) -> None:
    row = key_result(objective(alice), "Newly begun", starts_on=dt.date(2026, 3, 1))
    post(row, alice, actual=2, confidence=4, now=week(10))

    red = drafted(alice)["red"]

    assert red == "Newly begun is early and on pace. The shorter form did it."


def test_the_draft_is_short_if_nothing_is_red(alice: Membership) -> None:
    words = drafted(alice, decided=[("Move the call", dt.date(2026, 3, 20))])

    assert words["decided"] == "We made 1 decision.\nMove the call. It is due by 20\u00a0Mar."
    assert words["red"] == words["moved"] == words["next_steps"] == ""


def test_long_texts_are_shortened(alice: Membership) -> None:
    words = drafted(alice, decided=[("x" * 999, dt.date(2026, 3, 20))])

    assert "x" * (LONGEST - 1) + "… It is due" in words["decided"]


@pytest.mark.parametrize("text", ["Call the vendor.", "Call the vendor", "Call the\nvendor"])
def test_a_quoted_text_stays_on_one_line_with_one_full_stop(alice: Membership, text: str) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    post(row, alice, actual=2, now=week(10), next_action=text)

    assert drafted(alice)["next_steps"].endswith(
        "For Accounts that expand: Call the vendor, by 16\u00a0Mar."
    )
