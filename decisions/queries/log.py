"""The decision log as members and clients read it, and the action items of a client or a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from decisions.models import (
    ActionItem,
    ActionItemQuerySet,
    Decision,
    Occasion,
    OccasionKind,
    Release,
    load_occasions,
)
from decisions.movement import Movement, moved_since
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from okrs.models import KeyResult, Objective
from scoring import Rag
from tenancy.models import instances, select_list

IN_SHORT = 20  # decisions that an aside shows
MOST_DECISIONS = 60  # that clients read
LATELY = dt.timedelta(days=14)
SOON = dt.timedelta(days=7)
MOST_ENDED = 100
WAITING = f"""
    SELECT {select_list(ActionItem, "action")}, {select_list(Objective, "objective")},
        {select_list(KeyResult, "key_result")}
    FROM decisions_actionitem action
    LEFT JOIN okrs_objective objective
        ON objective.engagement_id = action.engagement_id AND objective.id = action.objective_id
    LEFT JOIN okrs_keyresult key_result
        ON key_result.engagement_id = action.engagement_id AND key_result.id = action.key_result_id
    WHERE action.engagement_id = ANY(%(scope)s) AND action.engagement_id = ANY(%(engagements)s)
        AND action.owner_id = ANY(%(owners)s) AND action.due_on <= %(latest)s
        AND action.done_at IS NULL AND action.dropped_at IS NULL
    ORDER BY action.due_on, action.id
"""  # noqa: S608 - columns


@dataclass(frozen=True, kw_only=True)
class Touch:
    """An object with its values at the decision, and how its metric moved since."""

    title: str
    objective: str  # public ids
    key_result: str = ""
    value: Decimal | None = None
    score: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    unit: str = ""
    since: Movement | None = None  # None for an objective, or a deleted key result

    @property
    def outcome(self) -> str:
        """Return for example "since then 8.2 → 7.4%"."""
        return self.since.sentence if self.since else ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A decision of the log. `is_published` to clients, if they may see it at all."""

    decision: Decision
    touches: Sequence[Touch]
    superseded_by: int | None  # the later decision's number
    is_published: bool


@dataclass(frozen=True, kw_only=True)
class LatestDecision:
    """A decision in short; `touches` as in the log."""

    decided_on: dt.date
    text: str
    touches: Sequence[Touch]


@dataclass(frozen=True, kw_only=True)
class ObjectLog:
    """The decisions about one object, newest first, and its open actions."""

    entries: Sequence[Entry]
    actions: Sequence[ActionItem]
    more: bool  # than are shown


def decisions(engagement: Engagement) -> QuerySet[Decision]:
    """Return the engagement's log, newest first, with everything that its rows show."""
    here = {"engagement": engagement}
    later = Decision.objects.filter(**here, supersedes_id=OuterRef("pk")).order_by()
    of_occasion, covering = _releases(**here)  # as on the status page
    return (
        Decision.objects.filter(**here)
        .select_related("owner", "supersedes", "recorded_by")
        .annotate(superseded=Subquery(later.values("number")[:1]), published=of_occasion & covering)
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
    """Filter the log by words or number ("#12"), owner, change, objective, or a review's public id."""
    if not superseded:
        rows = rows.filter(superseded_by=None)
    if q:
        number = q.removeprefix("#")
        by_number = Q(number=int(number)) if number.isdecimal() and len(number) < 9 else Q()
        rows = rows.filter(Q(text__icontains=q) | by_number)
    chosen = {"owner": owner, "change": change}
    rows = rows.filter(**{name: value for name, value in chosen.items() if value})
    if review:
        rows = rows.filter(occasion_kind=OccasionKind.REVIEW, occasion_id=review)
    return rows if objective is None else rows.filter(_touches(objective))


def entries(log: Iterable[Any], *, engagement: Engagement) -> list[Entry]:
    """Return the rows of `decisions` as they are shown. Two queries, however many rows."""
    log = list(log)
    load_occasions(log)
    touches = [touch for row in log for touch in row.touches]
    key_results = _key_results(touches, engagement=engagement)
    return [
        Entry(
            decision=row,
            touches=[_touch(touch, row.decided_on, key_results) for touch in row.touches],
            superseded_by=row.superseded,
            is_published=row.published,
        )
        for row in log
    ]


def latest_decisions(
    engagement: Engagement, *, most: int, key_results: Mapping[str, KeyResult]
) -> list[LatestDecision]:
    """Return the newest decisions that none supersedes. Two queries at most.

    `key_results` are known already, by public id, with their metrics.
    """
    log = list(
        Decision.objects.filter(engagement=engagement, superseded_by=None)
        .order_by("-number")
        .values_list("decided_on", "text", "touches")[:most]
    )
    touches = [touch for *_, touches in log for touch in touches]
    known = _key_results(touches, engagement=engagement, known=key_results)
    return [
        LatestDecision(
            decided_on=decided_on,
            text=text,
            touches=[_touch(touch, decided_on, known) for touch in touches],
        )
        for decided_on, text, touches in log
    ]


def object_log(*, engagement: Engagement, about: Objective | KeyResult) -> ObjectLog:
    """Return the small log of an objective, with its key results' decisions, or of one key result.

    Four queries.
    """
    log = list(sift(decisions(engagement)).filter(_touches(about))[: IN_SHORT + 1])
    field = "key_result" if isinstance(about, KeyResult) else "objective"
    actions = ActionItem.objects.open().filter(engagement=engagement, **{field: about})
    return ObjectLog(
        entries=entries(log[:IN_SHORT], engagement=engagement),
        actions=list(actions.select_related("owner")),
        more=len(log) > IN_SHORT,
    )


def visible_decisions(
    engagement: Engagement,
    *,
    at: dt.datetime,
    releasing: bool = False,
    publishing: Occasion | None = None,
) -> list[Decision]:
    """List decisions for the client, their occasion released by then, none superseded (M8.2).

    Latest first. One query.
    """
    of_occasion, covering = _releases(engagement_id=OuterRef("engagement_id"), at__lte=at)
    may_read = Q(of_occasion) | Q(**publishing.columns) if publishing else Q(of_occasion)
    # Clients see a change only after a lead publishes; a superseding decision waits for it too.
    released = Q() if releasing else Q(covering)
    superseding = Decision.objects.filter(
        released, engagement_id=OuterRef("engagement_id"), supersedes_id=OuterRef("pk")
    )
    rows = Decision.objects.filter(
        may_read, released, ~Exists(superseding), engagement=engagement, client_visible=True
    )
    latest = rows.select_related("owner").order_by("-decided_on", "-number")[:MOST_DECISIONS]
    return list(latest.only("number", "decided_on", "text", "change", "touches", "owner__name"))


@dataclass(frozen=True, kw_only=True)
class Actions:
    """An engagement's actions: open ones by date, so overdue first, and those that ended lately."""

    open: Sequence[ActionItem]
    ended: Sequence[ActionItem]
    today: dt.date

    @property
    def overdue(self) -> int:
        return sum(action.is_overdue(today=self.today) for action in self.open)


def actions(engagement: Engagement, *, now: dt.datetime) -> Actions:
    """Return the actions of the engagement's list. Three queries."""
    rows = _joined().filter(engagement=engagement)
    ended = rows.annotate(ended_at=Coalesce("done_at", "dropped_at")).filter(
        ended_at__gte=now - LATELY
    )
    page = Actions(
        open=list(rows.open()),
        ended=list(ended.order_by("-ended_at", "-id")[:MOST_ENDED]),
        today=engagement.today(now),
    )
    load_occasions([*page.open, *page.ended])
    return page


def action_row(*, engagement: Engagement, action: ActionItem) -> ActionItem:
    """Return the current action with everything that its row shows. Two queries."""
    row = _joined().get(engagement=engagement, pk=action.pk)
    load_occasions([row])
    return row


@dataclass(frozen=True, kw_only=True)
class WaitingAction:
    """An action of one person, and the client's day."""

    action: ActionItem
    today: dt.date


def waiting_actions(*, memberships: Iterable[Membership], now: dt.datetime) -> list[WaitingAction]:
    """List a person's open actions that are overdue or due within seven days, over all clients.

    The earliest first. Two queries.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.READ)}
    today = {pk: one.engagement.today(now) for pk, one in members.items()}
    tomorrow = now.date() + dt.timedelta(days=1)  # nowhere is it later than that
    waiting = []
    for action, objective, key_result in instances(
        WAITING,
        ActionItem,
        Objective,
        KeyResult,
        engagements=list(members),
        owners=[one.pk for one in members.values()],
        latest=tomorrow + SOON,
    ):
        if action.due_on <= today[action.engagement_id] + SOON:
            action.owner = members[action.engagement_id]
            action.engagement = action.owner.engagement
            action.objective, action.key_result = objective, key_result
            waiting.append(action)
    load_occasions(waiting)
    return [WaitingAction(action=row, today=today[row.engagement_id]) for row in waiting]


def _releases(**here: Any) -> tuple[Exists, Exists]:
    """Return whether an outer decision's occasion was released, and whether one covers it."""
    releases = Release.objects.filter(**here)
    of_occasion = releases.filter(
        occasion_kind=OuterRef("occasion_kind"), occasion_id=OuterRef("occasion_id")
    )
    return Exists(of_occasion), Exists(releases.filter(head_number__gte=OuterRef("number")))


def _touches(about: Objective | KeyResult) -> Q:
    name = "key_result" if isinstance(about, KeyResult) else "objective"
    return Q(touches__contains=[{name: about.public_id}])


def _key_results(
    touches: Iterable[Mapping[str, Any]],
    *,
    engagement: Engagement,
    known: Mapping[str, KeyResult] | None = None,
) -> dict[str, KeyResult]:
    """Return the key results that decisions are about, by public id. One query, or none."""
    key_results = dict(known or {})
    missing = {touch.get("key_result") for touch in touches} - {None, *key_results}
    if missing:
        rows = KeyResult.objects.filter(engagement=engagement, public_id__in=missing)
        columns = ("public_id", "latest_value", "measured_on", "direction", "metric__unit")
        joined = rows.select_related("metric").only(*columns).order_by()
        key_results |= {row.public_id: row for row in joined}
    return key_results


def _touch(
    touch: dict[str, Any], decided_on: dt.date, key_results: Mapping[str, KeyResult]
) -> Touch:
    key_result, score = key_results.get(touch.get("key_result", "")), touch.get("score")
    return Touch(
        title=touch.get("title", ""),
        objective=touch.get("objective", ""),
        key_result=touch.get("key_result", ""),
        value=None if touch.get("value") is None else Decimal(touch["value"]),
        score=None if score is None else Decimal(score),
        rag=Rag(touch.get("rag") or Rag.NO_DATA),
        unit=key_result.unit if key_result else "",
        since=moved_since(decided_on, touch, key_result) if key_result else None,
    )


def _joined() -> ActionItemQuerySet:
    joins = ("engagement", "owner", "objective", "key_result", "done_by", "dropped_by")
    rows: ActionItemQuerySet = ActionItem.objects.select_related(*joins).order_by("due_on", "id")
    return rows
