from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from decisions.commands.decisions import lock_head, record_release
from decisions.models import NO_OCCASION
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, require_right
from reviews.commands.open_reviews import lock_review
from reviews.models import Review
from status.models import Report, ReportDraft
from status.page import LastReport, Page, Words, status_page
from status.queries.now import status_facts
from tenancy.locks import StaleEdit


@transaction.atomic
def publish_report(
    *,
    engagement: Engagement,
    words: Words,
    by: Membership,
    now: dt.datetime,
    review: Review | None = None,
    after: int | None = None,
) -> Report:
    """Publish texts and current figures to the client (M8.4, M12).

    A review's client-visible decisions are released with it. Publishing again adds a report with
    the next number. `after` is the last report that the lead has seen. Raises ValidationError:
    `no_right`, `not_closed`, `meanwhile` if there is a later report, and by field `required`.
    """
    if review is not None:
        require_closed(review)
    text = _stripped(words)
    _require_headline(text)
    # Locked first, so that the page shows exactly the decisions that the release covers.
    head = lock_head(engagement.pk)
    require_right(by, Permission.RUN_REVIEWS)
    number = head.released + 1
    if after is not None and after + 1 != number:
        message = (
            f"Someone published report {number - 1} in the meantime. Read it, then publish again."
        )
        raise ValidationError(message, code="meanwhile")
    now = max(now, head.recorded_at)
    facts = status_facts(engagement, now=now, releasing=True, publishing=review)
    report = LastReport(
        number=number,
        **text,
        review=review.title if review else None,
        published_at=now,
        published_by=by.name,
        head_number=head.number,
        head_hash=head.hash,
    )
    page = status_page(replace(facts, report=report))
    return Report.objects.create(
        engagement=engagement,
        release=record_release(
            report_hash=report_hash(text, page=page),
            by=by,
            now=now,
            occasion=review.occasion if review else NO_OCCASION,
        ),
        review=review,
        page=page,
        **text,
    )


@transaction.atomic
def save_draft(
    *,
    review: Review,
    version: int,
    headline: str,
    by: Membership,
    moved: str = "",
    red: str = "",
    decided: str = "",
    next_steps: str = "",
) -> ReportDraft:
    """Save the draft of a report; the first save creates it.

    Raises ValidationError: `no_right`, `not_closed`, or by field `required`; StaleEdit if someone
    saved since.
    """
    locked = lock_review(review, by=by)
    require_right(by, Permission.RUN_REVIEWS)
    require_closed(locked)
    own: dict[str, Any] = {"engagement_id": locked.engagement_id, "review": locked}
    current = ReportDraft.objects.filter(**own).first() or ReportDraft(**own)
    if current.version != version:
        raise StaleEdit(current)
    text = _stripped(
        Words(headline=headline, moved=moved, red=red, decided=decided, next_steps=next_steps)
    )
    _require_headline(text)
    text["headline"] = " ".join(text["headline"].split())
    draft, _ = ReportDraft.objects.update_or_create(
        **own, defaults={**text, "version": version + 1}
    )
    return draft


def require_closed(review: Review) -> None:
    """Raise ValidationError `not_closed`."""
    if not review.is_closed:
        raise ValidationError("Close the review first.", code="not_closed")


def report_hash(words: Words, *, page: Page) -> str:
    """Return the hash of a report, 64 hexadecimal digits."""
    text = json.dumps([words, page], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _stripped(words: Words) -> Words:
    return Words(
        headline=words["headline"].strip(),
        moved=words["moved"].strip(),
        red=words["red"].strip(),
        decided=words["decided"].strip(),
        next_steps=words["next_steps"].strip(),
    )


def _require_headline(words: Words) -> None:
    if not words["headline"]:
        message = "Write a headline: one sentence with the finding."
        raise ValidationError({"headline": ValidationError(message, code="required")})
