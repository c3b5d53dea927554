from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from decisions.commands import lock_head, record_release
from decisions.models import NO_OCCASION
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, require_right
from engagements.row_cache import release
from reviews.commands.locks import lock_review
from reviews.models import Review
from status.models import WORDS, Report, ReportDraft, Snapshot
from status.schema import ReportText
from status.sections import published_text
from status.snapshots import build_snapshot, content_hash, moment_of
from tenancy.locks import StaleEdit
from tenancy.scoping import scope


@transaction.atomic
def publish_report(
    *,
    engagement: Engagement,
    words: ReportText,
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
    text = _checked(words)
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
    moment = moment_of(engagement, now=now)
    page = build_snapshot(engagement, moment, releasing=True, publishing=review)
    page["report"] = published_text(
        text,
        number=number,
        review=review,
        published_at=now,
        by=by.name,
        head=(head.number, head.hash),
        engagement=engagement,
        today=moment.day,
    )
    return Report.objects.create(
        engagement=engagement,
        release=record_release(
            report_hash=content_hash([text, page]),
            by=by,
            now=now,
            occasion=review.occasion if review else NO_OCCASION,
        ),
        review=review,
        page=page,
        **text,
    )


@transaction.atomic
def save_draft(*, review: Review, version: int, by: Membership, **words: str) -> ReportDraft:
    """Save the texts of a report as a draft; the first save creates it.

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
    text = _checked(words)
    text["headline"] = " ".join(text["headline"].split())
    draft, _ = ReportDraft.objects.update_or_create(
        **own, defaults={**text, "version": version + 1}
    )
    return draft


def store_snapshot(*, engagement_id: int, now: dt.datetime) -> bool:
    """Store the client's page of now, and return whether it is a new snapshot.

    It replaces an earlier one of the same day. Nothing is stored for a closed engagement, nor for a
    day before the last snapshot. Version and content are read as of one instant, unless the caller
    has begun a transaction.
    """
    with _as_of_one_instant(), scope(engagement_id):
        engagement = Engagement.objects.get(pk=engagement_id)
        moment = moment_of(engagement, now=now)
        snapshots = Snapshot.objects.filter(engagement=engagement)
        last = snapshots.order_by("-day", "-id").first()
        if engagement.is_closed or (last is not None and last.day > moment.day):
            return False
        content = build_snapshot(engagement, moment)
        shows: dict[str, Any] = {
            "version": engagement.status_version,
            "is_due": moment.is_due,
            "built_at": now,
            "built_by": release(),
        }
        digest = content_hash(content)
        if last is not None and last.hash == digest:
            snapshots.filter(pk=last.pk).update(**shows)
            return False
        snapshot = Snapshot.objects.create(
            engagement=engagement,
            day=moment.day,
            hash=digest,
            content=content,
            **content["states"],
            **shows,
        )
        snapshots.filter(day=moment.day).exclude(pk=snapshot.pk).delete()
        return True


@contextmanager
def _as_of_one_instant() -> Iterator[None]:
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def require_closed(review: Review) -> None:
    """Raise ValidationError `not_closed`."""
    if not review.is_closed:
        raise ValidationError("Close the review first.", code="not_closed")


def _checked(words: Mapping[str, Any]) -> ReportText:
    """Return the texts stripped. Raises ValidationError `required` by field."""
    text = {name: words.get(name, "").strip() for name in WORDS}
    if not text["headline"]:
        message = "Write a headline: one sentence with the finding."
        raise ValidationError({"headline": ValidationError(message, code="required")})
    return cast(ReportText, text)
