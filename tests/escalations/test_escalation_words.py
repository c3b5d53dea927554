"""Sentences about an escalation: why it opened, what to do next, how it ended."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from escalations.models import EscalationState
from escalations.words import (
    OVER,
    Told,
    either,
    headline,
    how_it_ended,
    what_is_asked,
    why_active,
    why_fired,
    why_watched,
)
from scoring import Scale

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 3, 10)


def told(state: str = "active", **facts: Any) -> Told:
    known = {
        "streak": dt.date(2026, 2, 23),
        "weeks": 2,
        "reported": 2,
        "today": TODAY,
        "conveners": "Sofia Lindqvist",
        "owner": "Ines Marlow",
    }
    return Told(state=EscalationState(state), **{**known, **facts})


def plain(text: str) -> str:
    """With plain spaces."""
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("weeks", "reported", "said"),
    [
        (2, 2, "Red for two weeks, both reported."),
        (3, 3, "Red for three weeks, all reported."),
        (
            10,
            9,
            (
                "Red for ten weeks, nine of them reported."
                " A week without a check-in counts like the week before."
            ),
        ),
        (
            2,
            1,
            (
                "Red for two weeks, one of them reported."
                " A week without a check-in counts like the week before."
            ),
        ),
    ],
)
def test_why_it_fired_and_how_often_that_was_reported(weeks: int, reported: int, said: str) -> None:
    found = why_fired(told(weeks=weeks, reported=reported))

    assert plain(found) == f"Opened because the weeks of 23 Feb and 2 Mar were red. {said}"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        ({"cause": "strict"}, "This client escalates every red key result at once."),
        ({"cause": "pace"}, "Pace has passed 0.30, so it is no longer early."),
        ({"cause": "pace", "was_watched": True}, "It was watched until pace passed 0.30."),
        (
            {"cause": "pace", "was_watched": True, "limit": Decimal("0.67")},
            "It was watched until pace passed 0.67.",
        ),
        (
            {"cause": "pace", "scale": Scale.HUNDRED},
            "Pace has passed 30, so it is no longer early.",
        ),
        ({"cause": "confidence"}, "Confidence is below 3."),
        (
            {"cause": "confidence", "was_watched": True},
            "It was watched until confidence fell below 3.",
        ),
        ({"cause": "blocker"}, "A blocker is open."),
        ({"cause": "blocker", "was_watched": True}, "It was watched until a blocker was added."),
        (
            {"cause": "by_hand", "was_watched": True, "activated_by": "Tom Reyes"},
            "Tom Reyes activated it.",
        ),
    ],
)
def test_why_it_is_active(facts: dict[str, Any], said: str) -> None:
    assert why_active(told(**facts)) == said


def test_why_it_is_only_watched_and_when_that_ends() -> None:
    facts = {"pace": Decimal("0.28"), "confidence": 3, "limit": Decimal("0.67")}

    found = why_watched(told("watching", early_until=dt.date(2026, 3, 1), **facts))

    assert plain(found) == (
        "Red, but still early: pace 0.28, confidence 3, no blocker. It becomes active when pace"
        " passes 0.67 (2 Mar), confidence falls below 3, or a blocker is added."
    )


@pytest.mark.parametrize(
    ("state", "facts", "said"),
    [
        (
            "active",
            {},
            (
                "Sofia Lindqvist convenes a huddle within 48 hours, then Ines Marlow records a"
                " recovery plan: change the bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_is_late": True},
            (
                "The huddle is overdue. Sofia Lindqvist convenes it now, or Ines Marlow records a"
                " recovery plan: change the bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_is_set": True, "huddle_is_late": True},
            (
                "The huddle is scheduled. After it, Ines Marlow records a recovery plan: change the"
                " bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_is_set": True, "huddle_is_held": True},
            (
                "The huddle is over. Next, Ines Marlow records a recovery plan: change the bet, or"
                " ask for help."
            ),
        ),
        (
            "answered",
            {"plan_owner": "Dana Whitlock", "checkpoint_on": dt.date(2026, 3, 16)},
            (
                "Dana Whitlock is carrying out the recovery plan. If it is still red after Mon 16"
                " Mar, it goes to the sponsor."
            ),
        ),
        (
            "raised",
            {"sponsors": ["Priya Raman", "Kai Ober"]},
            (
                "Priya Raman or Kai Ober decides: revise the key result formally, add resources, or"
                " change the strategy."
            ),
        ),
        (
            "raised",
            {},
            (
                "The sponsor decides: revise the key result formally, add resources, or change the"
                " strategy. The sponsor has no account here, so a program lead records the"
                " decision."
            ),
        ),
        ("decided", {"verdict": "revise"}, ""),
        ("recovered", {}, ""),
    ],
)
def test_what_is_asked_now(state: str, facts: dict[str, Any], said: str) -> None:
    assert plain(what_is_asked(told(state, **facts))) == said


@pytest.mark.parametrize(
    ("days", "since"),
    [(0, "today"), (1, "Monday"), (6, "Wednesday"), (7, "Tue 3 Mar"), (40, "Thu 29 Jan")],
)
def test_an_escalation_out_of_red_says_since_when(days: int, since: str) -> None:
    facts = {"closed_on": TODAY - days * DAY, "score": Decimal("0.31")}

    found = how_it_ended(told("recovered", **facts))

    assert plain(found) == f"Out of red since {since}: 0.31. The escalation is closed."


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"verdict": "resources"}, "Priya Raman decided on Mon 9 Mar: add resources."),
        (
            {"verdict": "revise", "word_of": "Kai Ober", "decided_by": "Ines Marlow"},
            "Kai Ober decided on Mon 9 Mar: revise the key result formally. Recorded by Ines Marlow.",
        ),
    ],
)
def test_what_the_sponsor_decided_and_whose_word_it_was(facts: dict[str, Any], said: str) -> None:
    known = {"decided_by": "Priya Raman", "closed_on": TODAY - DAY}

    assert plain(how_it_ended(told("decided", **{**known, **facts}))) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, "No open escalations."),
        ({"raised": 1}, "1 open escalation: with the sponsor."),
        ({"watching": 2}, "2 open escalations: both watched."),
        ({"active": 3}, "3 open escalations: all waiting for a recovery plan."),
        (
            {"watching": 2, "answered": 1, OVER: 1, "raised": 1},
            (
                "5 open escalations: 1 overdue, 1 with the sponsor, 1 with a recovery plan under"
                " way, 2 watched."
            ),
        ),
    ],
)
def test_the_headline_counts_them_by_urgency(counts: dict[str, int], said: str) -> None:
    assert headline(counts) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [([], ""), (["Ines"], "Ines"), (["Ines", "Tom"], "Ines or Tom"), ("ABC", "A, B or C")],
)
def test_who_it_may_be(names: list[str], said: str) -> None:
    assert either(list(names)) == said
