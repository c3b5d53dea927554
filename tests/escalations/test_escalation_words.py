"""Sentences about an escalation: why it opened, what to do next, how it ended."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import Engagement, Membership
from escalations.models import Escalation, EscalationState
from escalations.queries import EscalationCard
from escalations.rule import Facts
from escalations.words import (
    OVER,
    either,
    headline,
    how_it_ended,
    still_early,
    what_is_asked,
    why_active,
    why_fired,
)
from okrs.models import Cycle, KeyResult, Objective
from tests.escalations.escalating import dates_of

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 3, 10)


NOON = dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)
PRIYA, INES = Membership(pk=1, name="Priya Raman"), Membership(pk=2, name="Ines Marlow")


class Card(EscalationCard):
    weeks = 2
    reported = 2


def card(state: str = "active", **fields: Any) -> Card:
    """A card as of noon; fields are of the escalation, its key result, its client or the card."""
    given = {
        model: {name: fields.pop(name) for name in names if name in fields}
        for model, names in OWN.items()
    }
    key_result = KeyResult(
        objective=Objective(owner=INES, cycle=Cycle(ends_on=dt.date(2026, 3, 31))),
        engagement=Engagement(time_zone="Europe/Berlin", **given["engagement"]),
        **{"method": "linear", "starts_on": dt.date(2026, 1, 1), **given["key_result"]},
    )
    dates = dates_of(EscalationState(state), by=PRIYA, now=NOON)
    row = Escalation(
        key_result=key_result,
        streak=dt.date(2026, 2, 23),
        **{"opened_at": NOON, **dates, "cause": "", **fields},
    )
    made = Card(
        escalation=row,
        facts=Facts(key_result=key_result, escalation=row, now=NOON),
        reader=PRIYA,
        conveners=["Sofia Lindqvist"],
        sponsors=given["card"].get("sponsors", ()),
    )
    for name in ("weeks", "reported"):
        object.__setattr__(made, name, given["card"].get(name, 2))
    return made


OWN = {
    "engagement": ("scale",),
    "key_result": ("method", "early_until", "confidence", "score", "starts_on", "due_on"),
    "card": ("weeks", "reported", "sponsors"),
}
WATCHED = {"opened_at": NOON - DAY}


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
    found = why_fired(card(weeks=weeks, reported=reported))

    assert plain(found) == f"Opened because the weeks of 23 Feb and 2 Mar were red. {said}"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        ({"cause": "strict"}, "This client escalates every red key result at once."),
        ({"cause": "pace"}, "Pace has passed 0.30, so it is no longer early."),
        ({"cause": "pace", **WATCHED}, "It was watched until pace passed 0.30."),
        (
            {"cause": "pace", **WATCHED, "method": "ladder"},
            "It was watched until pace passed 0.67.",
        ),
        (
            {"cause": "pace", "scale": "hundred"},
            "Pace has passed 30, so it is no longer early.",
        ),
        ({"cause": "confidence"}, "Confidence is below 3."),
        (
            {"cause": "confidence", **WATCHED},
            "It was watched until confidence fell below 3.",
        ),
        ({"cause": "blocker"}, "A blocker is open."),
        ({"cause": "blocker", **WATCHED}, "It was watched until a blocker was added."),
        (
            {"cause": "by_hand", **WATCHED, "activated_by": Membership(name="Tom Reyes")},
            "Tom Reyes activated it.",
        ),
    ],
)
def test_why_it_is_active(facts: dict[str, Any], said: str) -> None:
    assert why_active(card(**facts)) == said


def test_why_it_is_only_watched_and_when_that_ends() -> None:
    starts_on = TODAY - 28 * DAY
    known = {"method": "ladder", "starts_on": starts_on, "due_on": starts_on + 100 * DAY}

    found = still_early(card("watching", early_until=dt.date(2026, 3, 1), confidence=3, **known))

    assert plain(found) == (
        "pace 0.28, confidence 3, no blocker. It becomes active when pace"
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
            {"huddle_due_at": NOON},
            (
                "The huddle is overdue. Sofia Lindqvist convenes it now, or Ines Marlow records a"
                " recovery plan: change the bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_at": NOON + DAY, "huddle_due_at": NOON},
            (
                "The huddle is scheduled. After it, Ines Marlow records a recovery plan: change the"
                " bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_at": NOON},
            (
                "The huddle is over. Next, Ines Marlow records a recovery plan: change the bet, or"
                " ask for help."
            ),
        ),
        (
            "answered",
            {"plan_owner": Membership(name="Dana Whitlock"), "checkpoint_on": dt.date(2026, 3, 16)},
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
    assert plain(what_is_asked(card(state, **facts))) == said


@pytest.mark.parametrize(
    ("days", "since"),
    [(0, "today"), (1, "Monday"), (6, "Wednesday"), (7, "Tue 3 Mar"), (40, "Thu 29 Jan")],
)
def test_an_escalation_out_of_red_says_since_when(days: int, since: str) -> None:
    closed = card("recovered", recovered_at=NOON - days * DAY, score=Decimal("0.31"))

    found = how_it_ended(closed)

    assert plain(found) == f"Out of red since {since}: 0.31. The escalation is closed."


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"verdict": "resources"}, "Priya Raman decided on Mon 9 Mar: add resources."),
        (
            {"verdict": "revise", "word_of": "Kai Ober", "decided_by": INES},
            "Kai Ober decided on Mon 9 Mar: revise the key result formally. Recorded by Ines Marlow.",
        ),
    ],
)
def test_what_the_sponsor_decided_and_whose_word_it_was(facts: dict[str, Any], said: str) -> None:
    assert plain(how_it_ended(card("decided", decided_at=NOON - DAY, **facts))) == said


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
