"""Reads of the decision log: rows with what they touch, what became of it, and who took over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from decisions.models import ActionItem, Decision, DecisionHead, OccasionKind, Release
from decisions.models.occasions import load_occasions
from decisions.movement import Movement, moved_since
from engagements.models import Engagement, Membership
from okrs.models import KeyResult, Objective
from scoring import Rag

IN_SHORT = 20  # decisions that an aside shows


@dataclass(frozen=True, kw_only=True)
class Touch:
    """An object as it stood at the decision, and how its metric moved since."""

    title: str
    objective: str  # public ids
    key_result: str = ""
    value: Decimal | None = None
    score: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    unit: str = ""
    since: Movement | None = None  # None for an objective, or a key result that is gone

    @property
    def said(self) -> str:
        """ "since then 8.2 → 7.4 %"."""
        return self.since.said(unit=self.unit) if self.since else ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A link that a decision rests on: an address, or a check-in of that key result."""

    label: str
    url: str = ""
    key_result: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A decision of the log. `superseded_by` is the number of the one that took its place."""

    decision: Decision
    touches: Sequence[Touch]
    evidence: Sequence[Evidence]
    superseded_by: int | None
    is_published: bool  # to clients, if they may see it at all


@dataclass(frozen=True, kw_only=True)
class ObjectLog:
    """What was decided about one object, newest first, and its open actions."""

    entries: Sequence[Entry]
    actions: Sequence[ActionItem]
    more: bool  # than are shown


def decisions(engagement: Engagement) -> QuerySet[Decision]:
    """The engagement's log, newest first, with all that a row shows joined in."""
    here = {"engagement": engagement}
    later = Decision.objects.filter(**here, supersedes_id=OuterRef("pk")).order_by()
    releases = Release.objects.filter(**here)
    # As on the status page: by a release of its occasion, once one covers it.
    released = Exists(
        releases.filter(
            occasion_kind=OuterRef("occasion_kind"), occasion_id=OuterRef("occasion_id")
        )
    ) & Exists(releases.filter(head_number__gte=OuterRef("number")))
    return (
        Decision.objects.filter(**here)
        .select_related("owner", "supersedes", "recorded_by")
        .annotate(superseded=Subquery(later.values("number")[:1]), published=released)
        .order_by("-number")
    )


def sift(
    rows: QuerySet[Decision],
    *,
    q: str = "",
    owner: Membership | None = None,
    change: str = "",
    review: str = "",
    objective: Objective | None = None,
    superseded: bool = False,
) -> QuerySet[Decision]:
    """Those that the filter lets through; `q` looks in the words, or names a number
    ("#12"); `review` is a public id."""
    if not superseded:
        rows = rows.filter(superseded_by=None)
    if q:
        number = q.removeprefix("#")
        named = Q(number=int(number)) if number.isdecimal() and len(number) < 9 else Q()
        rows = rows.filter(Q(text__icontains=q) | named)
    if owner is not None:
        rows = rows.filter(owner=owner)
    if change:
        rows = rows.filter(change=change)
    if review:
        rows = rows.filter(occasion_kind=OccasionKind.REVIEW, occasion_id=review)
    return rows if objective is None else rows.filter(_touches(objective))


def entries(rows: Iterable[Any], *, engagement: Engagement) -> list[Entry]:
    """The rows of `decisions` as they are shown. Two queries, however many rows."""
    found = list(rows)
    touched = {one.get("key_result") for row in found for one in row.touches} - {None}
    here = {"engagement_id": engagement.pk}
    by_id = {}
    load_occasions(found)
    if touched:
        rows = KeyResult.objects.filter(**here, public_id__in=touched).select_related("metric")
        by_id = {row.public_id: row for row in rows}
    return [
        Entry(
            decision=row,
            touches=[_touch(one, row, by_id) for one in row.touches],
            evidence=[_evidence(one) for one in row.evidence],
            superseded_by=row.superseded,
            is_published=row.published,
        )
        for row in found
    ]


def object_log(*, engagement: Engagement, about: Objective | KeyResult) -> ObjectLog:
    """The small log of an objective, with its key results' decisions, or of one key result.

    Four queries.
    """
    rows = sift(decisions(engagement)).filter(_touches(about))
    field = "key_result" if isinstance(about, KeyResult) else "objective"
    actions = ActionItem.objects.open().filter(engagement=engagement, **{field: about})
    found = list(rows[: IN_SHORT + 1])
    return ObjectLog(
        entries=entries(found[:IN_SHORT], engagement=engagement),
        actions=list(actions.select_related("owner")),
        more=len(found) > IN_SHORT,
    )


def log_head(engagement: Engagement) -> DecisionHead | None:
    """Where the log ends; None before the first decision. One query."""
    return DecisionHead.objects.filter(engagement=engagement, number__gt=0).first()


def _touches(about: Objective | KeyResult) -> Q:
    name = "key_result" if isinstance(about, KeyResult) else "objective"
    return Q(touches__contains=[{name: about.public_id}])


def _touch(one: dict[str, Any], decision: Decision, key_results: dict[str, KeyResult]) -> Touch:
    value, score = one.get("value"), one.get("score")
    then = None if value is None else Decimal(value)
    row = key_results.get(one.get("key_result", ""))
    return Touch(
        title=one.get("title", ""),
        objective=one.get("objective", ""),
        key_result=one.get("key_result", ""),
        value=then,
        score=None if score is None else Decimal(score),
        rag=Rag(one.get("rag") or Rag.NO_DATA),
        unit=row.metric.unit if row and row.metric else "",
        since=_since(row, then=then, on=decision.decided_on) if row else None,
    )


def _since(row: KeyResult, *, then: Decimal | None, on: dt.date) -> Movement:
    return moved_since(
        on,
        then=then,
        now=row.latest_value,
        measured_on=row.measured_on,
        higher_is_better=row.higher_is_better,
    )


def _evidence(one: dict[str, str]) -> Evidence:
    return Evidence(
        label=one.get("label", ""),
        url=one.get("url", ""),
        key_result=one.get("key_result", ""),
    )
