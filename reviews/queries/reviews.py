"""What the review screen and the list of reviews show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from decisions.models import OccasionKind, Release
from engagements.models import Engagement, Membership, Role
from escalations.queries.escalations import EscalationCard
from okrs.models import Objective
from reviews.agenda.escalations import EscalationFacts, escalation_facts, why_now
from reviews.agenda.screens import Screen
from reviews.clocks import Clock, clock_of
from reviews.models import AgendaItem, Attendance, Review, ReviewRecord, Section
from reviews.queries.escalated import acts_during, cards_of, of_items, running_of
from reviews.queries.recorded import Captured, captured, taken_up


@dataclass(frozen=True, kw_only=True)
class ItemView:
    """An item as the screen draws it. `number` is its place on the agenda, 0 where it is parked.

    `escalation` stands as it is now, until the review closes: from then on its facts say it.
    """

    item: AgendaItem
    number: int
    is_current: bool = False
    is_shown: bool = False
    may_rise: bool = False
    may_sink: bool = False
    escalation: EscalationCard | None = None
    stands: EscalationFacts | None = None
    was_taken_up: bool = False  # something was captured on it in this meeting
    today: dt.date | None = None

    @property
    def public_id(self) -> str:
        return self.item.public_id

    @property
    def kind(self) -> str:
        """Which template draws it: key_result, objective, list, closing or plain."""
        if self.item.section == Section.CLOSING:
            return "closing"
        return str(self.item.facts.get("kind") or "plain")

    @property
    def screen(self) -> Screen:
        return Screen(self.item.facts)

    @property
    def rows(self) -> Sequence[dict[str, str]]:
        return self.item.facts.get("rows") or []

    @property
    def is_done(self) -> bool:
        return self.item.discussed_at is not None or self.was_taken_up

    @property
    def why(self) -> str:
        """As it was drawn, but for what was recorded of its escalation since."""
        if self.stands is None or self.today is None:
            return str(self.item.why)
        return why_now(self.item.why, self.stands, today=self.today)

    @property
    def asks(self) -> bool:
        """Whether M3.3 asks something of it."""
        return self.kind in ("key_result", "objective")


@dataclass(frozen=True, kw_only=True)
class ReviewPage:
    """The review screen. `shown` is what stands in the middle; `looks_elsewhere` where the room is
    at another item. `is_stale` while something changed since an agenda to come was drawn."""

    review: Review
    clock: Clock
    agenda: Sequence[ItemView]
    parked: Sequence[ItemView]
    shown: ItemView | None
    current: ItemView | None
    looks_elsewhere: bool
    captured: Sequence[Captured]
    attendances: Sequence[Attendance]
    is_stale: bool

    @property
    def here(self) -> list[Membership]:
        return [one.member for one in self.attendances if one.is_here]

    @property
    def missing(self) -> list[Membership]:
        return [one.member for one in self.attendances if not one.is_here]

    @property
    def undiscussed(self) -> list[ItemView]:
        left = (one for one in self.agenda if not one.is_done and not one.is_current)
        return [one for one in left if one.kind != "closing"]

    @property
    def minutes(self) -> int:
        """What the items add up to."""
        return sum(one.item.minutes for one in self.agenda)

    @property
    def wins(self) -> ItemView | None:
        """Shown in the margin, unless they stand in the middle."""
        found = (one for one in self.agenda if one.item.section == Section.WINS)
        return next((one for one in found if not one.is_shown), None)


def review_page(
    review: Review,
    *,
    membership: Membership,
    now: dt.datetime,
    look: str = "",
    looks_at_all: bool = False,
) -> ReviewPage:
    """Everything that the screen of this review shows, but for its forms. Eight queries at most.

    `look` is the public id of an item to look at without moving the room.
    """
    engagement = membership.engagement
    here = {"engagement": engagement, "review": review}
    items = AgendaItem.objects.filter(**here).order_by("position", "id")
    rows = list(items.select_related("key_result__owner", "objective", "answered_by"))
    agenda = [one for one in rows if one.parked_at is None]
    shown = _shown(rows, agenda=agenda, current=review.current_item_id, look=look)
    in_view = agenda if looks_at_all else [shown] if shown else []
    about = {one.key_result_id for one in rows if one.key_result_id}
    escalations = of_items(engagement, key_results=about)
    acts = acts_during(escalations, since=review.started_at, until=review.closed_at or now)
    found = captured(review, engagement=engagement, acts=acts)
    # A closed review says where they stood.
    stand = {} if review.is_closed else running_of(escalations)
    seen = [stand[one.key_result_id] for one in in_view if one.key_result_id in stand]
    views = _views(
        rows,
        agenda=agenda,
        current=review.current_item_id,
        shown=shown,
        cards=cards_of(seen, membership=membership, now=now),
        stand={
            key_result: escalation_facts(row, engagement=engagement, now=now)
            for key_result, row in stand.items()
        },
        taken=taken_up(rows, found=found),
        today=engagement.today(now),
    )
    on_agenda = [views[one.pk] for one in agenda]
    attendances = Attendance.objects.filter(**here).select_related("member")
    return ReviewPage(
        review=review,
        clock=clock_of(
            minutes=review.minutes,
            started_at=review.started_at,
            closed_at=review.closed_at,
            now=now,
        ),
        agenda=on_agenda,
        parked=[views[one.pk] for one in rows if one.parked_at is not None],
        shown=views[shown.pk] if shown else None,
        current=views.get(review.current_item_id or 0),
        looks_elsewhere=bool(shown and review.is_running and shown.pk != review.current_item_id),
        captured=found,
        attendances=list(attendances.order_by("member__name")),
        is_stale=review.started_at is None and engagement.status_version > review.drawn_from,
    )


def review_list(engagement: Engagement) -> QuerySet[Review]:
    """Every review with what came of it, the latest first."""
    in_time = Q(review__closed_at=None) | Q(decision__recorded_at__lte=F("review__closed_at"))
    return (
        Review.objects.filter(engagement=engagement)
        .defer("standings")
        .select_related("lead")
        .annotate(
            decided=_count(in_time | Q(decision__supersedes=None), decision__isnull=False),
            acted=_count(action__isnull=False),
            published=Subquery(releases_of_reviews().order_by("-number").values("number")[:1]),
        )
    )


def releases_of_reviews() -> QuerySet[Release]:
    """Releases of the review that the outer query is at."""
    return Release.objects.filter(
        engagement_id=OuterRef("engagement_id"),
        occasion_kind=OccasionKind.REVIEW,
        occasion_id=OuterRef("public_id"),
    )


def last_release(review: Review) -> Release | None:
    """Return what was published last of it."""
    releases = Release.objects.filter(engagement_id=review.engagement_id)
    return releases.filter(**review.occasion.columns).order_by("-number").first()


def usual_attendees(engagement: Engagement, *, today: dt.date) -> list[Membership]:
    """Whom the table of M8 asks: sponsor, lead, champions, owners of the running objectives."""
    owners = Objective.objects.filter(
        engagement=engagement, cycle__starts_on__lte=today, cycle__ends_on__gte=today
    ).values("owner_id")
    people = Membership.objects.active().filter(engagement=engagement)
    by_role = people.filter(role__in=(Role.SPONSOR, Role.LEAD, Role.CHAMPION))
    by_owning = people.filter(pk__in=owners).exclude(role=Role.VIEWER)
    return list((by_role | by_owning).order_by("name", "id"))


def _count(*conditions: Q, **among: bool) -> Coalesce:
    here = {"engagement_id": OuterRef("engagement_id"), "review_id": OuterRef("pk")}
    counted = (
        ReviewRecord.objects.filter(*conditions, **here, **among)
        .order_by()
        .values("review_id")
        .annotate(count=Count("*"))
        .values("count")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _shown(
    rows: Sequence[AgendaItem],
    *,
    agenda: Sequence[AgendaItem],
    current: int | None,
    look: str,
) -> AgendaItem | None:
    """What was asked for, else where the room is, else the first."""
    asked = next((one for one in rows if look and one.public_id == look), None)
    followed = next((one for one in rows if one.pk == current), None)
    return asked or followed or next(iter(agenda), None)


def _views(
    rows: Sequence[AgendaItem],
    *,
    agenda: Sequence[AgendaItem],
    current: int | None,
    shown: AgendaItem | None,
    cards: Mapping[int, EscalationCard],
    stand: Mapping[int, EscalationFacts | None],
    taken: Collection[int],
    today: dt.date,
) -> dict[int, ItemView]:
    numbers = {one.pk: number for number, one in enumerate(agenda, start=1)}
    last = sum(one.section != Section.CLOSING for one in agenda)
    return {
        one.pk: ItemView(
            item=one,
            number=numbers.get(one.pk, 0),
            is_current=one.pk == current,
            is_shown=shown is not None and one.pk == shown.pk,
            may_rise=1 < numbers.get(one.pk, 0) <= last,
            may_sink=0 < numbers.get(one.pk, 0) < last,
            escalation=cards.get(one.key_result_id or 0),
            stands=stand.get(one.key_result_id or 0),
            was_taken_up=one.pk in taken,
            today=today,
        )
        for one in rows
    }
