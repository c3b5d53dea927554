"""What screens say of an escalation: what is red, since when, how often, what is asked."""

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
        (2, 2, "red for two weeks, both reported."),
        (3, 3, "red for three weeks, each of them reported."),
        (
            10,
            9,
            (
                "red for ten weeks, nine of them reported."
                " A week without a check-in stays as the one before."
            ),
        ),
        (
            2,
            1,
            (
                "red for two weeks, one of them reported."
                " A week without a check-in stays as the one before."
            ),
        ),
    ],
)
def test_why_it_fired_and_how_often_that_was_reported(weeks: int, reported: int, said: str) -> None:
    found = why_fired(told(weeks=weeks, reported=reported))

    assert plain(found) == f"Fired because the weeks of 23 Feb and 2 Mar were both red; {said}"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        ({"cause": "strict"}, "Every red counts at once here."),
        ({"cause": "pace"}, "Pace is past 0.30: it is no longer early."),
        ({"cause": "pace", "was_watched": True}, "It was only watched until pace passed 0.30."),
        (
            {"cause": "pace", "was_watched": True, "limit": Decimal("0.67")},
            "It was only watched until pace passed 0.67.",
        ),
        (
            {"cause": "pace", "scale": Scale.HUNDRED},
            "Pace is past 30: it is no longer early.",
        ),
        ({"cause": "confidence"}, "Confidence is under 3."),
        (
            {"cause": "confidence", "was_watched": True},
            "It was only watched until confidence fell under 3.",
        ),
        ({"cause": "blocker"}, "A blocker is open."),
        ({"cause": "blocker", "was_watched": True}, "It was only watched until a blocker opened."),
        (
            {"cause": "by_hand", "was_watched": True, "activated_by": "Tom Reyes"},
            "Tom Reyes made it active by hand.",
        ),
    ],
)
def test_why_it_is_active(facts: dict[str, Any], said: str) -> None:
    assert why_active(told(**facts)) == said


def test_why_it_is_only_watched_and_when_that_ends() -> None:
    facts = {"pace": Decimal("0.28"), "confidence": 3, "limit": Decimal("0.67")}

    found = why_watched(told("watching", early_until=dt.date(2026, 3, 1), **facts))

    assert plain(found) == (
        "Red, but early: pace 0.28, confidence 3, no blocker. Turns active when pace passes 0.67"
        " (2 Mar), confidence falls under 3, or a blocker opens."
    )


@pytest.mark.parametrize(
    ("state", "facts", "said"),
    [
        (
            "active",
            {},
            (
                "Sofia Lindqvist convenes a huddle within 48 hours, then Ines Marlow records the"
                " outcome: change the bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_is_late": True},
            (
                "The 48 hours are over. Sofia Lindqvist convenes the huddle, or Ines Marlow records"
                " the outcome: change the bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_is_set": True, "huddle_is_late": True},
            (
                "The huddle is set. Then Ines Marlow records the outcome: change the bet, or ask for"
                " help."
            ),
        ),
        (
            "active",
            {"huddle_is_set": True, "huddle_is_held": True},
            "After the huddle, Ines Marlow records the outcome: change the bet, or ask for help.",
        ),
        (
            "answered",
            {"plan_owner": "Dana Whitlock", "checkpoint_on": dt.date(2026, 3, 16)},
            (
                "Dana Whitlock carries the plan out. Still red after Mon 16 Mar, it goes to the"
                " sponsor."
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
                " strategy. No sponsor signs in here: the lead records their word."
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
def test_out_of_red_says_since_when_and_that_the_story_stays(days: int, since: str) -> None:
    facts = {"closed_on": TODAY - days * DAY, "score": Decimal("0.31")}

    found = how_it_ended(told("recovered", **facts))

    assert plain(found) == (
        f"Out of red since {since}: 0.31. The escalation is closed, its story stays."
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"verdict": "resources"}, "Priya Raman decided, Mon 9 Mar: add resources."),
        (
            {"verdict": "revise", "word_of": "Kai Ober", "decided_by": "Ines Marlow"},
            "Kai Ober decided, recorded by Ines Marlow, Mon 9 Mar: revise the key result formally.",
        ),
    ],
)
def test_what_the_sponsor_decided_and_whose_word_it_was(facts: dict[str, Any], said: str) -> None:
    known = {"decided_by": "Priya Raman", "closed_on": TODAY - DAY}

    assert plain(how_it_ended(told("decided", **{**known, **facts}))) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, "No escalation is open."),
        ({"raised": 1}, "One escalation is open: it is with the sponsor."),
        ({"watching": 2}, "Two escalations are open: both are only watched."),
        ({"active": 3}, "Three escalations are open: all wait for an answer."),
        (
            {"watching": 2, "answered": 1, OVER: 1, "raised": 1},
            (
                "Five escalations are open: one is over its time, one is with the sponsor,"
                " one has a plan that runs, two are only watched."
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
