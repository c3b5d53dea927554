"""The facts of a status page as they stand now."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Collate

from checkins.models import CheckIn
from engagements.models import Engagement
from okrs.models import Cycle, CycleKind, KeyResult, Stage
from reviews.models import Decision, ResultingChange, Review, StatusReport
from reviews.queries.answers import answers
from reviews.status import DecisionFacts, Facts, KeyResultFacts, LastReport, Since

MOST_DECISIONS = 60
FRESH_FOR = dt.timedelta(days=6)
RESTS_FOR = dt.timedelta(days=100)  # a quarter, and some days to plan the next
SAID = (
    "number",
    "headline",
    "moved",
    "red",
    "decided",
    "next_steps",
    "published_at",
    "head_number",
    "head_hash",
)
PATHS = {
    "public_id": "public_id",
    "title": "title",
    "owner": "owner__name",
    "commitment": "commitment",
    "weight": "weight",
    "method": "method",
    "direction": "direction",
    "unit": "metric__unit",
    "baseline": "baseline",
    "target": "target",
    "starts_on": "starts_on",
    "due_on": "due_on",
    "committed_at": "committed_at",
    "objective": "objective__public_id",
    "objective_title": "objective__title",
    "objective_owner": "objective__owner__name",
    "team": "objective__team__name",
    "parent": "parent_title",
    "cycle": "objective__cycle__public_id",
    "cycle_name": "objective__cycle__name",
    "cycle_kind": "objective__cycle__kind",
    "cycle_starts_on": "objective__cycle__starts_on",
    "cycle_ends_on": "objective__cycle__ends_on",
    "stage": "stage",
    "value": "latest_value",
    "score": "score",
    "rag": "rag",
    "confidence": "confidence",
    "measured_on": "measured_on",
    "last_period": "last_period",
    "last_week": "last_week",
    "red_since": "red_since",
    "escalated_since": "escalated_since",
    "answered_since": "answered_since",
    "decided_streak": "decided_streak",
    "checkpoint_on": "checkpoint_on",
    "insight": "insight",
    "next_action": "next_action",
    "next_action_due": "next_action_due",
    "evidence_url": "evidence_url",
    "trail": "trail",
}


def status_facts(
    engagement: Engagement,
    *,
    now: dt.datetime,
    releasing: bool = False,
    publishing: Review | None = None,
) -> Facts:
    """The page of now. Three queries.

    `releasing`: as it will stand once a report is published now. `publishing` is the review of that
    report: its decisions show already, and the page compares with the review before it.
    """
    today = engagement.today(now)
    rows = list(
        shown_key_results(engagement, at=now, today=today)
        .annotate(
            **answers(at=now),
            posted_at=Subquery(posts(engagement, at=now).values("posted_at")[:1]),
            # A draft is nothing that clients know of, be it named or not.
            parent_title=Case(
                When(objective__parent__committed_at__lte=now, then=F("objective__parent__title"))
            ),
        )
        .values_list(*PATHS.values(), "posted_at")
    )
    report = last_report(engagement, at=now)
    return Facts(
        engagement=engagement,
        at=now,
        today=today,
        posted_at=rows[0][-1] if rows else None,
        key_results=[KeyResultFacts(**dict(zip(PATHS, row[:-1], strict=True))) for row in rows],
        decisions=visible_decisions(engagement, at=now, releasing=releasing, publishing=publishing),
        since=_before(publishing) if publishing else since(report, engagement=engagement),
        report=said(report),
    )


def shown_key_results(
    engagement: Engagement, *, at: dt.datetime, today: dt.date
) -> QuerySet[KeyResult]:
    """Committed by `at`, of the cycles that run today; of a kind that rests, of the last one.

    In the order of the page: quarterly cycles, then micro, then annual ones; the company's
    objectives, then those of teams. `status_at` says the same of rows as they stood.
    """
    later = Cycle.objects.filter(
        engagement_id=OuterRef("engagement_id"),
        kind=OuterRef("objective__cycle__kind"),
        starts_on__lte=today,
        ends_on__gt=OuterRef("objective__cycle__ends_on"),
        objectives__committed_at__lte=at,
    )
    runs = Q(objective__cycle__ends_on__gte=today)
    rests = (
        Q(objective__cycle__ends_on__gte=today - RESTS_FOR)
        & ~Q(objective__cycle__kind=CycleKind.MICRO)
        & ~Exists(later)
    )
    return (
        KeyResult.objects.filter(
            runs | rests,
            engagement=engagement,
            committed_at__lte=at,
            objective__committed_at__lte=at,
            objective__cycle__starts_on__lte=today,
        )
        .exclude(stage=Stage.WITHDRAWN)
        .order_by(
            "-objective__cycle__kind",  # quarterly, micro, annual
            "objective__cycle__starts_on",
            "objective__cycle_id",
            # By code point, as `status_at` sorts rows that are gone.
            Collate("objective__team__name", "C").asc(nulls_first=True),
            "objective__position",
            "objective_id",
            "position",
            "id",
        )
    )


def end_of(day: dt.date, *, engagement: Engagement) -> dt.datetime:
    """The last instant of that day on the client's calendar."""
    midnight = dt.datetime.combine(
        day + dt.timedelta(days=1), dt.time(), tzinfo=engagement.zone
    ).astimezone(dt.UTC)
    return midnight - dt.timedelta(microseconds=1)


def posts(engagement: Engagement, *, at: dt.datetime) -> QuerySet[CheckIn]:
    """Check-ins until then, latest first."""
    return CheckIn.objects.filter(engagement=engagement, posted_at__lte=at).order_by("-id")


def visible_decisions(
    engagement: Engagement,
    *,
    at: dt.datetime,
    releasing: bool = False,
    publishing: Review | None = None,
) -> list[DecisionFacts]:
    """Those for the client's eyes, their review published by then, none superseded (M8.2).

    Latest first. One query.
    """
    mine = {"engagement_id": OuterRef("engagement_id"), "published_at__lte": at}
    of_its_review = StatusReport.objects.filter(review_id=OuterRef("review_id"), **mine)
    since = StatusReport.objects.filter(head_number__gte=OuterRef("number"), **mine)
    # Only a lead's publication changes what clients read: what supersedes waits for it too.
    released = Q() if releasing else Q(Exists(since))
    superseding = Decision.objects.filter(
        released, engagement_id=OuterRef("engagement_id"), supersedes_id=OuterRef("pk")
    )
    found = Decision.objects.filter(
        Exists(of_its_review) | Q(review=publishing) if publishing else Exists(of_its_review),
        released,
        ~Exists(superseding),
        engagement=engagement,
        client_visible=True,
    ).order_by("-decided_on", "-number")
    names = dict(ResultingChange.choices)
    rows = found.values_list(
        "number", "decided_on", "text", "owner__name", "owner_id", "change", "touches"
    )
    return [
        DecisionFacts(
            number=number,
            decided_on=decided_on,
            text=text,
            owner=owner,
            owner_id=owner_id,
            change="" if change == ResultingChange.NONE else str(names[change]),
            touches=touches,
        )
        for number, decided_on, text, owner, owner_id, change, touches in rows[:MOST_DECISIONS]
    ]


def last_report(engagement: Engagement, *, at: dt.datetime) -> dict[str, Any] | None:
    """The latest report, and beside it the published review to compare with. One query.

    For some days after a review the page still tells of the time before it, or it would fall
    silent just when it is read.
    """
    reports = StatusReport.objects.filter(engagement=engagement, published_at__lte=at)
    # By days, as the page changes with the day and not within it.
    rested = end_of(engagement.today(at) - FRESH_FOR, engagement=engagement)
    reviews = _published(engagement.pk, published_at__lte=at).filter(closed_at__lte=rested)
    found: Any = reports.order_by("-number").annotate(
        since_title=Subquery(reviews.values("title")[:1]),
        since_at=Subquery(reviews.values("closed_at")[:1]),
        since_standings=Subquery(reviews.values("standings")[:1]),
    )
    row: dict[str, Any] | None = found.values(
        *SAID,
        "review__title",
        "page__report__by",
        "since_title",
        "since_at",
        "since_standings",
    ).first()
    return row


def _before(review: Review) -> Since | None:
    """What a summary compares with: the last published review that was closed before this one."""
    earlier = _published(review.engagement_id).exclude(pk=review.pk)
    if review.closed_at is not None:
        earlier = earlier.filter(closed_at__lt=review.closed_at)
    found = earlier.first()
    if found is None or found.closed_at is None:
        return None
    on = review.engagement.today(found.closed_at)
    return Since(title=found.title, on=on, standings=found.standings)


def _published(engagement_id: int, **by: Any) -> QuerySet[Review]:
    """Closed reviews of which there is a report, the last one first."""
    reports = StatusReport.objects.filter(
        engagement_id=engagement_id, review_id=OuterRef("pk"), **by
    )
    found = Review.objects.filter(Exists(reports), engagement_id=engagement_id)
    return found.order_by("-closed_at")


def since(report: dict[str, Any] | None, *, engagement: Engagement) -> Since | None:
    """The review to compare with, where one was published."""
    if report is None or report["since_at"] is None:
        return None
    return Since(
        title=report["since_title"],
        on=engagement.today(report["since_at"]),
        standings=report["since_standings"],
    )


def said(report: dict[str, Any] | None) -> LastReport | None:
    if report is None:
        return None
    return LastReport(
        review=report["review__title"],
        published_by=report["page__report__by"],  # the name as it was then
        **{name: report[name] for name in SAID},
    )
