from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engagements.models import Membership
from metrics.models import Metric
from okrs.models import Commitment, Direction, Indicator, KeyResult, Stage
from okrs.models.key_results import LIVE, method_choices
from scoring import format_number

# What the log tells of, in the words of the card.
TOLD = {
    "title": "Title",
    "owner_id": "Owner",
    "metric_id": "Metric",
    "method": "Method",
    "direction": "Direction",
    "baseline": "Start",
    "target": "Goal",
    "ladder": "Ladder",
    "due_on": "Due",
    "weight": "Weight",
    "indicator": "Indicator",
    "commitment": "Commitment",
    "stage": "Stage",
}
WORDS: dict[str, dict[Any, Any]] = {
    "method": dict(method_choices()),
    "direction": dict(Direction.choices),
    "indicator": dict(Indicator.choices),
    "commitment": dict(Commitment.choices),
    "stage": dict(Stage.choices),
}
NOTHING = "–"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field of a key result, changed by somebody; `who` is empty where nobody signed in."""

    when: dt.datetime
    who: str
    field: str
    old: str
    new: str


def changes(key_result: KeyResult) -> list[Change]:
    """What was changed on the card since it was drafted, latest first.

    Moves between live stages are left out: they follow the check-ins (M9.1). Three queries.
    """
    kept: Any = key_result.events  # type: ignore[attr-defined]  # made by the tracker
    events = list(kept.filter(engagement=key_result.engagement_id).order_by("pgh_id"))
    names = _names(events, engagement_id=key_result.engagement_id)
    told = [
        Change(
            when=_when(field, event),
            who=names["who"].get((event.pgh_context or {}).get("user"), ""),
            field=label,
            old=_worded(field, getattr(before, field), names=names),
            new=_worded(field, getattr(event, field), names=names),
        )
        for before, event in pairwise(events)
        for field, label in TOLD.items()
        if _differs(field, before, event)
    ]
    return told[::-1]


def _when(field: str, event: Any) -> dt.datetime:
    # The card says itself when it was committed: a set loaded later keeps its day.
    committed = field == "stage" and event.stage == Stage.COMMITTED
    when: dt.datetime = event.committed_at if committed else event.pgh_created_at
    return when


def _differs(field: str, before: Any, event: Any) -> bool:
    old, new = getattr(before, field), getattr(event, field)
    follows = field == "stage" and old in LIVE and new in LIVE
    return old != new and not follows


def _names(events: Iterable[Any], *, engagement_id: int) -> dict[str, dict[Any, str]]:
    """Names by id: of signed-in people, of members, of metrics."""
    members = Membership.objects.filter(engagement=engagement_id)
    metrics = Metric.objects.filter(engagement=engagement_id)
    users = {(event.pgh_context or {}).get("user") for event in events} - {None}
    named = {event.owner_id for event in events} - {None}
    people = list(members.filter(user__in=users) | members.filter(pk__in=named))
    read = {event.metric_id for event in events} - {None}
    return {
        "who": {person.user_id: person.name for person in people},
        "owner_id": {person.pk: person.name for person in people},
        "metric_id": dict(metrics.filter(pk__in=read).values_list("pk", "name")),
    }


def _worded(field: str, value: Any, *, names: dict[str, dict[Any, str]]) -> str:
    if value in (None, "", []):
        return NOTHING
    if field in names:
        return names[field].get(value, NOTHING)
    if field in WORDS:
        return str(WORDS[field].get(value, value))
    if field == "ladder":
        return ", ".join(f"{format_number(at)}: {score}" for at, score in value)
    if field in ("baseline", "target", "weight"):
        return format_number(value)
    return str(value)
