"""Everything recorded in a review: decisions, actions, and acts on escalations of its items (M7, M8.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from decisions.models import ActionItem, Decision, OccasionTitle, Titles
from engagements.models import Engagement, Membership
from escalations.models import Escalation
from reviews.models import AgendaItem, Review, ReviewRecord


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A decision, an action or an act on an escalation of this review, and the item it is about.

    `kind` is decision or action; for an escalation active, huddle, plan or verdict, with the person
    it belongs to.
    """

    at: dt.datetime
    about: str
    kind: str
    decision: Decision | None = None
    is_superseded: bool = False
    action: ActionItem | None = None
    agenda_item_id: int | None = None
    escalation: Escalation | None = None
    who: Membership | None = None
    huddle_at: dt.datetime | None = None

    def is_on(self, item: AgendaItem) -> bool:
        if self.escalation is not None:
            return item.key_result_id == self.escalation.key_result_id
        return self.agenda_item_id == item.pk


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """The records of a review, the escalations that run by key result, and when items were discussed.

    An item with a record counts as discussed, from the first one on.
    """

    records: Sequence[Recorded]
    running: Mapping[int, Escalation]
    discussed: Mapping[int, dt.datetime]


def outcomes(
    review: Review, items: Sequence[AgendaItem], *, engagement: Engagement, now: dt.datetime
) -> Outcomes:
    """Return the outcomes of a review until its close, or until now. Three queries."""
    escalations = escalations_of(
        engagement, key_results={item.key_result_id for item in items if item.key_result_id}
    )
    acts = _acts_during(escalations, since=review.started_at, until=review.closed_at or now)
    records = recorded(review, acts=acts)
    discussed = {item.pk: one.at for item in items for one in records if one.is_on(item)}
    return Outcomes(records=records, running=running_among(escalations), discussed=discussed)


def recorded(review: Review, *, acts: Iterable[Recorded] = ()) -> list[Recorded]:
    """List decisions, actions and `acts` on escalations of a review, latest first. One query.

    A decision that superseded one of them after the close belongs to the log, not to the meeting.
    """
    here = {"engagement_id": review.engagement_id}
    later = Decision.objects.filter(**here, supersedes_id=OuterRef("decision_id"))
    rows = ReviewRecord.objects.filter(**here, review=review)
    if review.closed_at is not None:
        in_time = Q(decision__recorded_at__lte=review.closed_at)
        rows = rows.filter(Q(decision__supersedes=None) | in_time)
    rows = rows.select_related("decision__owner", "action__owner", "agenda_item")
    records = [
        Recorded(
            at=row.decision.recorded_at if row.decision else row.action.created_at,
            about=row.agenda_item.title if row.agenda_item else "",
            kind="decision" if row.decision else "action",
            decision=row.decision,
            is_superseded=row.is_superseded,
            action=row.action,
            agenda_item_id=row.agenda_item_id,
        )
        for row in rows.annotate(is_superseded=Exists(later))
    ]
    return sorted([*records, *acts], key=lambda record: record.at, reverse=True)


def kept_from_client(review: Review) -> int:
    """Count the current decisions of a review that are not marked for the client."""
    return sum(
        record.decision is not None
        and not record.decision.client_visible
        and not record.is_superseded
        for record in recorded(review)
    )


def review_titles(engagement_ids: Collection[int], public_ids: Collection[str]) -> Titles:
    """Return titles of reviews, for the decisions and actions that came from them. One query."""
    rows = Review.objects.filter(engagement_id__in=engagement_ids, public_id__in=public_ids)
    return {
        (row.engagement_id, row.public_id): OccasionTitle(title=row.title, at=row.scheduled_at)
        for row in rows.only("engagement_id", "public_id", "title", "scheduled_at")
    }


def escalations_of(engagement: Engagement, *, key_results: Collection[int]) -> list[Escalation]:
    """List every escalation of these key results, the newest last. One query, or none."""
    if not key_results:
        return []
    rows = Escalation.objects.filter(engagement=engagement, key_result_id__in=key_results)
    joined = ("key_result", "activated_by", "plan_owner", "decided_by")
    return list(rows.select_related(*joined).order_by("opened_at", "pk"))


def running_among(escalations: Iterable[Escalation]) -> dict[int, Escalation]:
    """Return by key result the last one that runs.

    It is open, or the sponsor decided while the streak is still red.
    """
    return {
        row.key_result_id: row
        for row in escalations
        if row.recovered_at is None
        and (row.decided_at is None or row.streak == row.key_result.red_since)
    }


def _acts_during(
    escalations: Sequence[Escalation], *, since: dt.datetime | None, until: dt.datetime
) -> list[Recorded]:
    """List acts between these instants; none before a meeting began. One query, or none."""
    if since is None:
        return []
    acts = [
        Recorded(at=at, about=row.key_result.title, kind=kind, escalation=row, who=who)
        for row in escalations
        for kind, at, who in (
            ("active", row.activated_at if row.activated_by else None, row.activated_by),
            ("plan", row.answered_at, row.plan_owner),
            ("verdict", row.decided_at, row.decided_by),
        )
        if at is not None
    ]
    acts += _huddles([row for row in escalations if row.huddle_set_at is not None])
    return [act for act in acts if since <= act.at <= until]


def _huddles(escalations: Sequence[Escalation]) -> list[Recorded]:
    """List each time that someone set or moved a huddle. One query, or none.

    The row has when it was first set, its history who did so, and all that followed.
    """
    if not escalations:
        return []
    by_id = {row.pk: row for row in escalations}
    history: Any = Escalation.events.rel.related_model  # type: ignore[attr-defined]  # by the tracker
    events = history.objects.filter(
        engagement_id=escalations[0].engagement_id, pgh_obj_id__in=by_id, huddle_at__isnull=False
    )
    latest: dict[int, tuple[dt.datetime, int]] = {}
    acts = []
    for event in events.select_related("huddle_set_by").order_by("pgh_id"):
        row, act = by_id[event.pgh_obj_id], (event.huddle_at, event.huddle_set_by_id)
        if latest.get(row.pk) == act:
            continue
        at = event.pgh_created_at if row.pk in latest else event.huddle_set_at
        latest[row.pk] = act
        acts.append(
            Recorded(
                at=at,
                about=row.key_result.title,
                kind="huddle",
                escalation=row,
                who=event.huddle_set_by,
                huddle_at=event.huddle_at,
            )
        )
    return acts
