"""The facts of a status page as they stand now."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    When,
)

from checkins.models import CheckIn
from decisions.models import OccasionKind, Release
from decisions.queries.decisions import visible_decisions
from engagements.models import Engagement
from okrs.models import KeyResult
from okrs.queries.shown import AT, ENGAGEMENT, RESTS_FOR, At, end_of, shown_rows
from reviews.models import Review
from status.models import Report
from status.page import Facts, KeyResultFacts, LastReport, Since
from status.queries.answers import answers
from tenancy.compiled import Compiled, Slot

FRESH_FOR = dt.timedelta(days=6)
RESTED = Slot("rested", DateField())
SAID = {
    "number": "release__number",
    "headline": "headline",
    "moved": "moved",
    "red": "red",
    "decided": "decided",
    "next_steps": "next_steps",
    "published_at": "release__at",
    "head_number": "release__head_number",
    "head_hash": "release__head_hash",
}
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
    rows = ROWS(engagement=engagement.pk, at=now, today=today, rested=today - RESTS_FOR)
    report = last_report(engagement, at=now)
    return Facts(
        engagement=engagement,
        at=now,
        today=today,
        posted_at=rows[0][-1] if rows else None,
        key_results=[KeyResultFacts(**dict(zip(PATHS, row[:-1], strict=True))) for row in rows],
        decisions=visible_decisions(
            engagement,
            at=now,
            releasing=releasing,
            publishing=publishing.occasion if publishing else None,
        ),
        since=_before(publishing) if publishing else since(report, engagement=engagement),
        report=said(report),
    )


def _rows() -> QuerySet[KeyResult, tuple[Any, ...]]:
    return (
        shown_rows(ENGAGEMENT, at=AT, today=Slot("today", DateField()), rested=RESTED)
        .annotate(
            **answers(at=AT),
            posted_at=Subquery(last_check_in(ENGAGEMENT, at=AT)),
            # A draft is nothing that clients know of, be it named or not.
            parent_title=Case(
                When(objective__parent__committed_at__lte=AT, then=F("objective__parent__title"))
            ),
        )
        .values_list(*PATHS.values(), "posted_at")
    )


ROWS = Compiled(_rows)


def last_check_in(engagement_id: int | Slot, *, at: At) -> QuerySet[CheckIn, dt.datetime]:
    """Return when the latest check-in was posted that no one had undone by then."""
    posts = CheckIn.objects.effective(at=at).filter(engagement_id=engagement_id)
    newest: QuerySet[CheckIn, dt.datetime] = posts.order_by("-id").values_list(
        "posted_at", flat=True
    )
    return newest[:1]


def last_report(engagement: Engagement, *, at: dt.datetime) -> dict[str, Any] | None:
    """The latest report, and beside it the published review to compare with. One query.

    For some days after a review the page still tells of the time before it, or it would fall
    silent just when it is read.
    """
    # By days, as the page changes with the day and not within it.
    rested = end_of(engagement.today(at) - FRESH_FOR, engagement=engagement)
    rows = LAST_REPORT(engagement=engagement.pk, at=at, rested=rested)
    return rows[0] if rows else None


def _last_report() -> QuerySet[Report, dict[str, Any]]:
    rested = Slot("rested", DateTimeField())
    reports = Report.objects.filter(engagement_id=ENGAGEMENT, release__at__lte=AT)
    reviews = _published(ENGAGEMENT, at__lte=AT).filter(closed_at__lte=rested)
    found: Any = reports.order_by("-release__number").annotate(
        since_title=Subquery(reviews.values("title")[:1]),
        since_at=Subquery(reviews.values("closed_at")[:1]),
        since_standings=Subquery(reviews.values("standings")[:1]),
    )
    rows: QuerySet[Report, dict[str, Any]] = found.values(
        *SAID.values(),
        "review__title",
        "page__report__by",
        "since_title",
        "since_at",
        "since_standings",
    )[:1]
    return rows


LAST_REPORT = Compiled(_last_report)


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


def _published(engagement_id: int | Slot, **by: Any) -> QuerySet[Review]:
    """Closed reviews of which there is a release, the last one first."""
    releases = Release.objects.filter(
        engagement_id=engagement_id,
        occasion_kind=OccasionKind.REVIEW,
        occasion_id=OuterRef("public_id"),
        **by,
    )
    found = Review.objects.filter(Exists(releases), engagement_id=engagement_id)
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
        **{name: report[path] for name, path in SAID.items()},
    )
