"""The review screen, with its clock, and the list of reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import CharField, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from decisions.models import OccasionKind, Release
from engagements.models import Engagement, Membership, Role
from escalations.models import Escalation
from escalations.queries import EscalationCard, escalation_cards
from okrs.models import Objective
from reviews.models import AgendaItem, Attendance, Review, ReviewQuerySet, ReviewRecord, Section
from reviews.presence import with_presence
from reviews.queries.recorded import Recorded, outcomes
from reviews.screens import Screen, current_why

ITEM_COLUMNS = (
    "public_id",
    "section",
    "source",
    "position",
    "title",
    "why",
    "minutes",
    "facts",
    "discussed_at",
    "parked_at",
    "still_right",
    "objective__public_id",
    "key_result__public_id",
    "key_result__owner__public_id",
    "key_result__owner__name",
    "answered_by__name",
)
# Numbers, one of which grows with each change that the screens of a review must show: its own
# changes, those of its items' escalations, which are also recorded elsewhere, and those of its
# actions. Not their sum: an item that leaves the agenda takes the versions of its escalations along.
SEEN = """
    concat_ws('-', reviews_review.live_version,
      (SELECT coalesce(sum(e.version), 0) FROM escalations_escalation e
       WHERE e.engagement_id = reviews_review.engagement_id AND e.key_result_id IN (
         SELECT i.key_result_id FROM reviews_agendaitem i
         WHERE i.engagement_id = reviews_review.engagement_id AND i.review_id = reviews_review.id)),
      (SELECT coalesce(sum(a.version), 0) FROM reviews_reviewrecord r
       JOIN decisions_actionitem a ON a.engagement_id = r.engagement_id AND a.id = r.action_id
       WHERE r.engagement_id = reviews_review.engagement_id AND r.review_id = reviews_review.id))
"""


class Clock(NamedTuple):
    """The clock of a review, in whole minutes; `state` is empty while it is in time."""

    minutes: int
    state: str = ""  # else over or idle


@dataclass(frozen=True, kw_only=True)
class ItemView:
    """An item as the screen shows it. `number` is its place on the agenda, 0 if it is parked.

    `why` and `escalation` show the current state of its escalation until the review closes.
    """

    item: AgendaItem
    number: int
    why: str
    is_done: bool
    is_current: bool
    is_shown: bool
    may_rise: bool
    may_sink: bool
    escalation: EscalationCard | None = None

    @property
    def kind(self) -> str:
        """Return the kind that chooses its markup: key_result, objective, list, closing or plain."""
        if self.item.section == Section.CLOSING:
            return "closing"
        return str(self.item.facts.get("kind") or "plain")

    @property
    def screen(self) -> Screen:
        return Screen(self.item.facts)

    @property
    def has_question(self) -> bool:
        """Return whether M3.3 has a question about it."""
        return self.kind in ("key_result", "objective")


@dataclass(frozen=True, kw_only=True)
class ReviewPage:
    """The review screen. `shown` is in the middle, by default the item that everyone follows.

    `is_stale` if the data changed since an agenda of a planned review was built.
    """

    review: Review
    clock: Clock
    agenda: Sequence[ItemView]
    parked: Sequence[ItemView]
    shown: ItemView | None
    current: ItemView | None
    recorded: Sequence[Recorded]
    attendances: Sequence[Attendance]
    is_stale: bool

    @property
    def looks_elsewhere(self) -> bool:
        return bool(self.shown and self.review.is_running and not self.shown.is_current)

    @property
    def here(self) -> list[Membership]:
        return [attendance.member for attendance in self.attendances if attendance.is_here]

    @property
    def away(self) -> list[Membership]:
        return [attendance.member for attendance in self.attendances if not attendance.is_here]

    @property
    def undiscussed(self) -> list[ItemView]:
        left = (view for view in self.agenda if not view.is_done and not view.is_current)
        return [view for view in left if view.kind != "closing"]

    @property
    def minutes(self) -> int:
        return sum(view.item.minutes for view in self.agenda)

    @property
    def wins(self) -> ItemView | None:
        """Return the wins for the margin, unless they are shown in the middle."""
        wins = (view for view in self.agenda if view.item.section == Section.WINS)
        return next((view for view in wins if not view.is_shown), None)


def review_page(
    review: Review,
    *,
    membership: Membership,
    now: dt.datetime,
    look: str = "",
    looks_at_all: bool = False,
) -> ReviewPage:
    """Return everything that the review screen shows, but for its forms. Eight queries at most.

    `look` is the public id of an item to look at while the others stay where they are.
    """
    engagement = membership.engagement
    here = {"engagement": engagement, "review": review}
    items = AgendaItem.objects.filter(**here).order_by().only(*ITEM_COLUMNS)
    joined = items.select_related("key_result__owner", "objective", "answered_by")
    rows = sorted(joined, key=lambda row: (row.position, row.pk))
    agenda = [row for row in rows if row.parked_at is None]
    current = next((row for row in rows if row.pk == review.current_item_id), None)
    chosen = next((row for row in rows if look and row.public_id == look), None)
    shown = chosen or current or next(iter(agenda), None)
    ends = outcomes(review, rows, engagement=engagement, now=now)
    # A closed review keeps the words of its close.
    running = {} if review.is_closed else ends.running
    in_view = agenda if looks_at_all else [shown] if shown else []
    cards = _cards(in_view, running, membership=membership, now=now)
    numbers = {row.pk: number for number, row in enumerate(agenda, start=1)}
    last = sum(row.section != Section.CLOSING for row in agenda)
    views = {
        row.pk: ItemView(
            item=row,
            number=numbers.get(row.pk, 0),
            why=current_why(
                row.why, running.get(row.key_result_id or 0), engagement=engagement, now=now
            ),
            is_done=row.discussed_at is not None or row.pk in ends.discussed,
            is_current=row is current,
            is_shown=row is shown,
            may_rise=1 < numbers.get(row.pk, 0) <= last,
            may_sink=0 < numbers.get(row.pk, 0) < last,
            escalation=cards.get(row.key_result_id or 0),
        )
        for row in rows
    }
    attendances = (
        Attendance.objects.filter(**here)
        .select_related("member")
        .only("is_here", "member__public_id", "member__name")
    )
    return ReviewPage(
        review=review,
        clock=clock_of(review, now=now),
        agenda=[views[row.pk] for row in agenda],
        parked=[views[row.pk] for row in rows if row.parked_at is not None],
        shown=views[shown.pk] if shown else None,
        current=views[current.pk] if current else None,
        recorded=ends.records,
        attendances=with_presence(review, attendances.order_by("member__name")),
        is_stale=review.started_at is None and engagement.status_version > review.drawn_from,
    )


def clock_of(review: Review, *, now: dt.datetime) -> Clock:
    if review.started_at is None:
        return Clock(review.minutes, "idle")
    until = review.closed_at or now
    passed = max(0, int((until - review.started_at).total_seconds()) // 60)
    if review.is_closed:
        return Clock(passed, "idle")
    left = review.minutes - passed
    return Clock(left) if left >= 0 else Clock(-left, "over")


def on_screen(engagement: Engagement) -> ReviewQuerySet:
    """Return reviews as their screens show them, with `seen`."""
    rows: ReviewQuerySet = (
        Review.objects.filter(engagement=engagement)
        .annotate(seen=RawSQL(SEEN, (), output_field=CharField()))  # noqa: S611 - a constant
        .select_related("lead", "closed_by")
        .defer("standings")
    )
    return rows


def review_list(engagement: Engagement) -> ReviewQuerySet:
    """Return every review with its outcomes, the latest first."""
    in_time = Q(review__closed_at=None) | Q(decision__recorded_at__lte=F("review__closed_at"))
    here = {"engagement_id": OuterRef("engagement_id"), "review_id": OuterRef("pk")}
    decisions = ReviewRecord.objects.filter(
        in_time | Q(decision__supersedes=None), **here, decision__isnull=False
    )
    actions = ReviewRecord.objects.filter(**here, action__isnull=False)
    releases = Release.objects.filter(
        engagement_id=OuterRef("engagement_id"),
        occasion_kind=OccasionKind.REVIEW,
        occasion_id=OuterRef("public_id"),
    )
    rows: ReviewQuerySet = (
        Review.objects.filter(engagement=engagement)
        .defer("standings")
        .select_related("lead")
        .annotate(
            decided=_total(decisions),
            acted=_total(actions),
            published=Subquery(releases.order_by("-number").values("number")[:1]),
        )
    )
    return rows


def last_release(review: Review) -> Release | None:
    releases = Release.objects.filter(engagement_id=review.engagement_id)
    return releases.filter(**review.occasion.columns).order_by("-number").first()


def usual_attendees(engagement: Engagement, *, today: dt.date) -> list[Membership]:
    """List the people whom M8 invites: sponsor, lead, champions, owners of running objectives."""
    owners = Objective.objects.filter(
        engagement=engagement, cycle__starts_on__lte=today, cycle__ends_on__gte=today
    ).values("owner_id")
    people = Membership.objects.active().filter(engagement=engagement)
    by_role = people.filter(role__in=(Role.SPONSOR, Role.LEAD, Role.CHAMPION))
    by_owning = people.filter(pk__in=owners).exclude(role=Role.VIEWER)
    return list((by_role | by_owning).order_by("name", "id"))


def _cards(
    items: Sequence[AgendaItem],
    running: Mapping[int, Escalation],
    *,
    membership: Membership,
    now: dt.datetime,
) -> dict[int, EscalationCard]:
    """Return the escalations of these items by key result. Three queries, or none."""
    key_results = {item.key_result_id or 0 for item in items}
    newest = {pk: escalation.pk for pk, escalation in running.items() if pk in key_results}
    if not newest:
        return {}
    cards = escalation_cards(newest.values(), membership=membership, now=now)
    return {key_result_id: cards[pk] for key_result_id, pk in newest.items()}


def _total(rows: QuerySet[Any]) -> Coalesce:
    """Count rows of an outer review."""
    grouped = rows.order_by().values("engagement_id").annotate(total=Count("*"))
    return Coalesce(Subquery(grouped.values("total"), output_field=IntegerField()), 0)
