"""Pages, reports and drafts that the views show."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from decisions.models import Decision, Release
from engagements.models import Engagement
from engagements.row_cache import release
from okrs.queries.cycles import end_of
from reviews.models import Review
from status.drafts import draft_text
from status.models import Report, ReportDraft, Snapshot
from status.schema import Page
from status.snapshots import Moment, build_snapshot, moment_of


def page_now(engagement: Engagement, *, moment: Moment) -> Page:
    """Return the page of now: the stored snapshot, else the same content, built and not stored.

    A snapshot that another release built may show what this one hides. One query, and six to build.
    """
    stored = Snapshot.objects.filter(
        engagement=engagement,
        day=moment.day,
        is_due=moment.is_due,
        version=engagement.status_version,
        built_by=release(),
    )
    content: Page | None = stored.values_list("content", flat=True).first()
    return content or build_snapshot(engagement, moment)


def snapshot_on(engagement: Engagement, *, day: dt.date) -> Snapshot | None:
    """Return the page as that day ended, or the last one before it; None before the first."""
    earlier = Snapshot.objects.filter(engagement=engagement, day__lte=day)
    return earlier.order_by("-day", "-id").defer("content").first()


def shown_page(snapshot: Snapshot, *, engagement: Engagement) -> Page:
    """Return the content of an earlier day without names that are hidden by now. One query."""
    page: Page = snapshot.content
    if not engagement.shows_owners:
        blocks = [block for cycle in page["cycles"] for block in cycle["blocks"]]
        named: list[Any] = [*page["decided"], *blocks]
        for block in blocks:
            named += [*block["key_results"], *block["decisions"]]
        for row in named:
            row.pop("owner", None)
            row.pop("plan_owner", None)
    return page


def last_report(engagement: Engagement, *, day: dt.date | None = None) -> Report | None:
    """Return the report that clients saw on that day, or see now; None before the first."""
    published = reports(engagement)
    if day is not None:
        published = published.filter(release__at__lte=end_of(day, engagement=engagement))
    return published.first()


def reports(engagement: Engagement) -> QuerySet[Report]:
    """Select all reports without their pages, the latest first."""
    published = Report.objects.filter(engagement=engagement).defer("page")
    return published.select_related("release__by", "review").order_by("-release__number")


def last_number(engagement: Engagement) -> int:
    """Return the number of the latest report, 0 before the first."""
    releases = Release.objects.filter(engagement=engagement).order_by("-number")
    return releases.values_list("number", flat=True).first() or 0


def draft_of(review: Review, *, engagement: Engagement, now: dt.datetime) -> ReportDraft:
    """Return the saved texts on a closed review, drafted from the data before the first save."""
    saved = ReportDraft.objects.filter(engagement=engagement, review=review).first()
    if saved is not None:
        return saved
    decisions = Decision.objects.filter(
        engagement=engagement,
        client_visible=True,  # M8.2
        superseded_by=None,
        **review.occasion.columns,
    )
    planned = Review.objects.filter(engagement=engagement, started_at=None, scheduled_at__gt=now)
    following = planned.ahead().order_by("scheduled_at").first()
    text = draft_text(
        page_to_publish(engagement, now=now, review=review),
        decided=list(decisions.order_by("number").values_list("text", "due_on")),
        # Only its day: the title is internal.
        next_review=engagement.today(following.scheduled_at) if following else None,
    )
    return ReportDraft(engagement=engagement, review=review, **text)


def page_to_publish(
    engagement: Engagement, *, now: dt.datetime, review: Review | None = None
) -> Page:
    """Return the page that a report published now would show, with its review's decisions."""
    moment = moment_of(engagement, now=now)
    return build_snapshot(engagement, moment, releasing=True, publishing=review)
