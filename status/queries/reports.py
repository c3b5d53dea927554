from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from decisions.models import Decision, Release
from engagements.models import Engagement
from okrs.queries.shown import end_of
from reviews.models import Review
from status.models import Report, ReportDraft
from status.page import Page, Words, draft_words, status_page
from status.queries.now import status_facts
from status.queries.then import status_facts_on


def live_page(engagement: Engagement, *, now: dt.datetime) -> Page:
    """The status page as it stands. Three queries."""
    return status_page(status_facts(engagement, now=now))


def page_on(engagement: Engagement, *, day: dt.date, now: dt.datetime) -> Page:
    """The status page as it stood at the end of that day."""
    return status_page(status_facts_on(engagement, day=day, now=now))


def published(engagement: Engagement, *, day: dt.date | None) -> dict[str, Any]:
    """The report that clients saw on that day, or see now, and its page; neither before the first.

    One query.
    """
    reports = _reports(engagement)
    if day is not None:
        reports = reports.filter(release__at__lte=end_of(day, engagement=engagement))
    found = reports.first()
    return {"report": found, "page": found.page if found else None}


def report(engagement: Engagement, *, number: int) -> Report | None:
    """A published report by its number. One query."""
    return _reports(engagement).filter(release__number=number).first()


def last_number(engagement: Engagement) -> int:
    """Of the latest report, 0 before the first. One query."""
    releases = Release.objects.filter(engagement=engagement).order_by("-number")
    return releases.values_list("number", flat=True).first() or 0


def words_of_now(engagement: Engagement, *, now: dt.datetime) -> Words:
    """What a lead may say of the state of today, drafted. Three queries."""
    return draft_words(status_facts(engagement, now=now, releasing=True))


def draft_of(review: Review, *, engagement: Engagement, now: dt.datetime) -> ReportDraft:
    """The saved words on a closed review; before the first save, words drafted from the data."""
    found = ReportDraft.objects.filter(engagement=engagement, review=review).first()
    if found is not None:
        return found
    # What the page will say once the words are published.
    facts = status_facts(engagement, now=now, releasing=True, publishing=review)
    words = draft_words(
        facts, decided=_decided(review), next_review=_next_review(engagement, now=now)
    )
    return ReportDraft(engagement=engagement, review=review, **words)


def report_list(engagement: Engagement) -> Sequence[Report]:
    """All that was published, the latest first, without the pages. One query."""
    return list(_reports(engagement).defer("page"))


def _reports(engagement: Engagement) -> QuerySet[Report]:
    reports = Report.objects.filter(engagement=engagement)
    return reports.select_related("release__by", "review").order_by("-release__number")


def _decided(review: Review) -> list[tuple[str, dt.date]]:
    """Only what the client may see (M8.2)."""
    made = Decision.objects.filter(
        engagement_id=review.engagement_id,
        client_visible=True,
        superseded_by=None,
        **review.occasion.columns,
    )
    return list(made.order_by("number").values_list("text", "due_on"))


def _next_review(engagement: Engagement, *, now: dt.datetime) -> dt.date | None:
    """The day of the next planned one; its title is internal."""
    planned = Review.objects.filter(engagement=engagement, started_at=None).ahead()
    later = planned.filter(scheduled_at__gt=now).order_by("scheduled_at").first()
    return engagement.today(later.scheduled_at) if later else None
