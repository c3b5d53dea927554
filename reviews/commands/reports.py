from __future__ import annotations

import datetime as dt
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may_here
from reviews.models import DecisionHead, Review, StatusReport
from reviews.queries.status import status_facts
from reviews.status import Facts, LastReport, Page, Words, status_page


@transaction.atomic
def publish_report(
    *,
    engagement: Engagement,
    words: Words,
    by: Membership,
    now: dt.datetime,
    review: Review | None = None,
    after: int | None = None,
) -> StatusReport:
    """Release words and figures to the client as they stand now, for good (M8.4, M12).

    With a review its client-visible decisions are released too. Published again, it is another
    report with the next number. `after` is the last one that the lead knows of. Raises
    ValidationError: `no_right`, `not_closed`, `meanwhile` where there is a later one than that,
    and by field `required`.
    """
    if not may_here(by, Permission.RUN_REVIEWS):
        raise ValidationError("Only a program lead publishes.", code="no_right")
    if review is not None and not review.is_closed:
        raise ValidationError("Close the review first.", code="not_closed")
    said = _stripped(words)
    if not said["headline"]:
        message = "Write a headline: one sentence with the finding."
        raise ValidationError({"headline": ValidationError(message, code="required")})
    # One writer at a time: reports are numbered without a gap.
    Engagement.objects.select_for_update(no_key=True).get(pk=engagement.pk)
    own = StatusReport.objects.filter(engagement=engagement)
    number = (own.aggregate(last=Max("number"))["last"] or 0) + 1
    if after is not None and after + 1 != number:
        message = f"Report {number - 1} was published meanwhile. Read it before you publish again."
        raise ValidationError(message, code="meanwhile")
    head = DecisionHead.objects.filter(engagement=engagement).first()
    facts = status_facts(engagement, now=now, releasing=True, publishing=review)
    last = LastReport(
        number=number,
        **said,
        review=review.title if review else None,
        published_at=now,
        published_by=by.name,
        head_number=head.number if head else 0,
        head_hash=head.hash if head else "",
    )
    return StatusReport.objects.create(
        engagement=engagement,
        number=number,
        review=review,
        page=_page(facts, last=last),
        head_number=last.head_number,
        head_hash=last.head_hash,
        published_by=by,
        published_at=now,
        **said,
    )


def _stripped(words: Words) -> Words:
    return Words(
        headline=words["headline"].strip(),
        moved=words["moved"].strip(),
        red=words["red"].strip(),
        decided=words["decided"].strip(),
        next_steps=words["next_steps"].strip(),
    )


def _page(facts: Facts, *, last: LastReport) -> Page:
    return status_page(replace(facts, report=last))
