from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Q

from engagements.models import Membership
from metrics.models import Metric
from okrs.models import KeyResult, Stage
from okrs.models.key_results import LIVE
from scoring import format_number

# The fields in the log, with their labels.
LABELS = {
    "title": "Title",
    "owner_id": "Owner",
    "metric_id": "Metric",
    "method": "Method",
    "direction": "Direction",
    "baseline": "Baseline",
    "target": "Target",
    "ladder": "Ladder",
    "due_on": "Due date",
    "weight": "Weight",
    "indicator": "Indicator",
    "commitment": "Commitment",
    "stage": "Stage",
}
NOTHING = "–"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of one field; `who` is empty if no one was signed in."""

    when: dt.datetime
    who: str
    field: str
    old: str
    new: str


def changes(key_result: KeyResult) -> list[Change]:
    """Return the changes of a key result since it was drafted, latest first. Three queries.

    Moves between live stages are left out, as they follow from check-ins (M9.1).
    """
    of = {"engagement_id": key_result.engagement_id, "pgh_obj_id": key_result.pk}
    history: Any = KeyResult.events.rel.related_model  # type: ignore[attr-defined]  # by the tracker
    events = list(history.objects.filter(**of).order_by("pgh_id"))
    names = _names(events, engagement_id=key_result.engagement_id)
    log = [
        Change(
            # An imported key result keeps the day of its commit.
            when=event.committed_at
            if field == "stage" and event.stage == Stage.COMMITTED
            else event.pgh_created_at,
            who=names["who"].get((event.pgh_context or {}).get("user"), ""),
            field=label,
            old=_format(field, before, names=names),
            new=_format(field, event, names=names),
        )
        for before, event in pairwise(events)
        for field, label in LABELS.items()
        if _differs(field, before, event)
    ]
    return log[::-1]


def _differs(field: str, before: Any, event: Any) -> bool:
    old, new = getattr(before, field), getattr(event, field)
    follows = field == "stage" and old in LIVE and new in LIVE
    return old != new and not follows


def _names(events: Iterable[Any], *, engagement_id: int) -> dict[str, dict[Any, str]]:
    """Return names by id: of signed-in people, of owners, of metrics."""
    users = {(event.pgh_context or {}).get("user") for event in events} - {None}
    owners = {event.owner_id for event in events} - {None}
    metrics = {event.metric_id for event in events} - {None}
    people = Membership.objects.filter(
        Q(user__in=users) | Q(pk__in=owners), engagement=engagement_id
    )
    names = Metric.objects.filter(engagement=engagement_id, pk__in=metrics)
    return {
        "who": {person.user_id: person.name for person in people},
        "owner_id": {person.pk: person.name for person in people},
        "metric_id": dict(names.values_list("pk", "name")),
    }


def _format(field: str, event: Any, *, names: dict[str, dict[Any, str]]) -> str:
    value = getattr(event, field)
    if value in (None, "", []):
        return NOTHING
    if field in names:
        return names[field].get(value, NOTHING)
    if display := getattr(event, f"get_{field}_display", None):
        return str(display())
    if field == "ladder":
        return ", ".join(f"{format_number(at)}: {score}" for at, score in value)
    return format_number(value) if field in ("baseline", "target", "weight") else str(value)
