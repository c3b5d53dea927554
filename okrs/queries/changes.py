from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import BigIntegerField, Q, QuerySet

from engagements.models import Membership
from metrics.models import Metric
from okrs.models import Commitment, Direction, Indicator, KeyResult, Stage
from okrs.models.key_results import LIVE, method_choices
from scoring import format_number
from tenancy.compiled import AnyOf, Compiled, Slot

ENGAGEMENT = Slot("engagement", BigIntegerField())
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
    events = EVENTS(engagement=key_result.engagement_id, key_result=key_result.pk)
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


def _events() -> QuerySet[Any]:
    kept: Any = KeyResult.events.rel.related_model  # type: ignore[attr-defined]  # by the tracker
    of = {"engagement_id": ENGAGEMENT, "pgh_obj_id": Slot("key_result", BigIntegerField())}
    rows: QuerySet[Any] = kept.objects.filter(**of).order_by("pgh_id")
    return rows


def _people() -> QuerySet[Membership]:
    named = Q(AnyOf("user_id", "users")) | Q(AnyOf("id", "members"))
    return Membership.objects.filter(named, engagement_id=ENGAGEMENT)


def _metrics() -> QuerySet[Metric, tuple[int, str]]:
    rows = Metric.objects.filter(AnyOf("id", "metrics"), engagement_id=ENGAGEMENT)
    return rows.values_list("pk", "name")


EVENTS, PEOPLE, METRICS = Compiled(_events), Compiled(_people), Compiled(_metrics)


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
    users = {(event.pgh_context or {}).get("user") for event in events} - {None}
    named = {event.owner_id for event in events} - {None}
    people = PEOPLE(engagement=engagement_id, users=list(users), members=list(named))
    read = list({event.metric_id for event in events} - {None})
    return {
        "who": {person.user_id: person.name for person in people},
        "owner_id": {person.pk: person.name for person in people},
        "metric_id": dict(METRICS(engagement=engagement_id, metrics=read)),
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
