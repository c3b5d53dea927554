"""Two check-ins of one card, side by side: the saved one, and the one typed meanwhile."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from checkins.models import CheckIn, CheckInKind
from checkins.queries.asks import asks_of
from checkins.queries.cards import DueCard
from checkins.rules import Assessment, assess
from engagements.edit_forms import Segments, difference
from okrs.formatting import YES_NO, write_day, write_value

TYPED = (
    *("actual", "measured_on", "confidence", "insight"),
    *("next_action", "next_action_due", "evidence_url"),
)


@dataclass(frozen=True, kw_only=True)
class Version(Assessment):
    """One of the two, its words cut into segments where they differ from the other's."""

    words: dict[str, Segments]  # by the fields of the form; the value as `value`


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
    cut = {name: difference(label="", theirs=left[name], yours=right[name]) for name in left}

    def version(content: dict[str, Any], words: dict[str, Segments]) -> Version:
        actual, confidence = content["actual"], content["confidence"]
        day = content["measured_on"]
        found = assess(card.key_result, actual=actual, confidence=confidence, day=day)
        return Version(**vars(found), words=words)

    if theirs.kind == CheckInKind.UNDO:
        whole = {name: [(text, False)] for name, text in right.items()}
        return Versions(check_in=theirs, theirs=None, yours=version(content, whole))
    return Versions(
        check_in=theirs,
        theirs=version(saved, {name: both.theirs for name, both in cut.items()}),
        yours=version(content, {name: both.yours for name, both in cut.items()}),
    )


def _written(card: DueCard, content: dict[str, Any], *, today: dt.date) -> dict[str, str]:
    unit = YES_NO if card.key_result.unit == YES_NO else ""  # the template adds any other
    as_typed = ("insight", "next_action", "evidence_url", "help_needed", "blocker")
    return {
        "value": write_value(content["actual"], unit=unit),
        "measured_on": write_day(content["measured_on"], today=today),
        "confidence": f"Confidence {content['confidence']}",
        "next_action_due": write_day(content["next_action_due"], today=today, weekday=False),
        **{name: content[name] for name in as_typed},
    }
