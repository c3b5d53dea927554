"""Two check-ins of one card, side by side: the saved one, and the one typed meanwhile."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from checkins.models import CheckIn, CheckInKind
from checkins.queries.asks import asks_of
from checkins.queries.cards import DueCard
from checkins.rules import assess
from engagements.edit_forms import Segments, difference
from okrs.formatting import YES_NO, write_day, write_value
from scoring import Rag

TYPED = (
    "actual",
    "measured_on",
    "confidence",
    "insight",
    "next_action",
    "next_action_due",
    "evidence_url",
)
WORDS = ("value", *TYPED[1:], "help_needed", "blocker")


@dataclass(frozen=True, kw_only=True)
class Version:
    """One of the two, its words cut into segments where they differ from the other's."""

    rag: Rag
    score: Decimal
    explanation: str
    words: dict[str, Segments]  # by the names of `WORDS`


@dataclass(frozen=True, kw_only=True)
class Versions:
    """Both versions; `theirs` is None if someone undid the last check-in."""

    check_in: CheckIn
    theirs: Version | None
    yours: Version


def versions(
    card: DueCard, *, theirs: CheckIn, content: dict[str, Any], today: dt.date
) -> Versions:
    """Compare the saved and the typed version, each with its score."""
    saved = {**{name: getattr(theirs, name) for name in TYPED}, **asks_of(theirs)}
    left, right = _written(card, saved, today=today), _written(card, content, today=today)
    cut = {name: difference(label="", theirs=left[name], yours=right[name]) for name in WORDS}
    undone = theirs.kind == CheckInKind.UNDO
    return Versions(
        check_in=theirs,
        theirs=None
        if undone
        else _version(card, saved, {name: cut[name].theirs for name in WORDS}, today=today),
        yours=_version(
            card,
            content,
            {name: [(right[name], False)] if undone else cut[name].yours for name in WORDS},
            today=today,
        ),
    )


def _written(card: DueCard, content: dict[str, Any], *, today: dt.date) -> dict[str, str]:
    metric = card.key_result.metric
    unit = YES_NO if metric and metric.unit == YES_NO else ""  # the template adds any other
    return {
        "value": write_value(content["actual"], unit=unit),
        "measured_on": write_day(content["measured_on"], today=today),
        "confidence": f"Confidence {content['confidence']}",
        "insight": content["insight"],
        "next_action": content["next_action"],
        "next_action_due": write_day(content["next_action_due"], today=today, weekday=False),
        "evidence_url": content["evidence_url"],
        "help_needed": content["help_needed"],
        "blocker": content["blocker"],
    }


def _version(
    card: DueCard, content: dict[str, Any], words: dict[str, Segments], *, today: dt.date
) -> Version:
    found = assess(
        card.key_result, actual=content["actual"], confidence=content["confidence"], today=today
    )
    return Version(
        rag=found.rag,
        score=found.score or Decimal(0),
        explanation=found.explanation,
        words=words,
    )
