from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Engagement, Membership
from engagements.permissions import Permission, check_owners, may, require_right
from reviews.commands.agendas import show_item
from reviews.commands.drawing import draw_onto, items_of
from reviews.commands.live_updates import tell_the_room
from reviews.commands.open_reviews import lock_open_review, must_be_open
from reviews.models import Attendance, Review, ReviewKind, ReviewRecord
from tenancy.locks import lock_for_edit

MINUTES = {ReviewKind.MONTHLY: 45, ReviewKind.WEEKLY: 30}  # M11.1
LEAST, MOST = 5, 480  # minutes
LONGEST = 120
MONTH = dt.timedelta(days=31)
FIELDS = ("title", "scheduled_at", "minutes", "lead")


@transaction.atomic
def plan_review(
    *,
    engagement: Engagement,
    kind: str,
    scheduled_at: dt.datetime,
    lead: Membership,
    by: Membership,
    now: dt.datetime,
    title: str = "",
    minutes: int | None = None,
    attendees: Iterable[Membership] = (),
) -> Review:
    """Plan a review and build its agenda (M8, M8.1).

    It lasts 45 minutes (monthly) or 30 (weekly) by default, and is named after its month or week.
    Raises ValidationError: `no_right`, or by field `lead`, `minutes`, `attendees`, `kind`.
    """
    require_right(by, Permission.RUN_REVIEWS)
    if kind not in ReviewKind.values:
        raise ValidationError({"kind": ValidationError("Choose a kind.", code="kind")})
    review = Review(
        engagement=engagement,
        kind=kind,
        scheduled_at=scheduled_at,
        minutes=minutes or MINUTES[ReviewKind(kind)],
        lead=lead,
    )
    review.title = _title(title, review=review)
    people = list(attendees)
    _check(review, attendees=people)
    review.save(force_insert=True)
    _invite(review, people)
    draw_onto(review, engagement=engagement, now=now)
    return review


@transaction.atomic
def update_review(
    *,
    review: Review,
    version: int,
    scheduled_at: dt.datetime,
    lead: Membership,
    by: Membership,
    now: dt.datetime,
    title: str = "",
    minutes: int | None = None,
    attendees: Iterable[Membership] = (),
) -> Review:
    """Change a review that is not closed; attendance is kept for those still invited.

    Errors as in `plan_review`, `closed`, and StaleEdit if someone saved since.
    """
    current: Review = lock_for_edit(review, version=version)
    require_right(by, Permission.RUN_REVIEWS)
    must_be_open(current)
    lasted = current.minutes
    current.scheduled_at, current.lead = scheduled_at, lead
    current.title = _title(title, review=current)
    current.minutes = minutes or MINUTES[ReviewKind(current.kind)]
    people = list(attendees)
    _check(current, attendees=people)
    current.version += 1
    current.save(update_fields=[*FIELDS, "version"])
    _invite(current, people)
    if current.minutes != lasted and current.started_at is None:
        draw_onto(current, engagement=by.engagement, now=now)
    tell_the_room(current)
    return current


@transaction.atomic
def cancel_review(*, review: Review, by: Membership) -> None:
    """Delete a review that has not started and has no decisions or actions.

    Raises ValidationError: `no_right`, `closed`, `started`, `captured`.
    """
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    if locked.started_at is not None:
        raise ValidationError("This review has started. Close it instead.", code="started")
    if ReviewRecord.objects.filter(engagement_id=locked.engagement_id, review=locked).exists():
        raise ValidationError(
            "This review has decisions or actions already. You can’t cancel it.", code="captured"
        )
    locked.delete()


@transaction.atomic
def start_review(*, review: Review, by: Membership, now: dt.datetime) -> Review:
    """Start a review at its first item, with a refreshed agenda. Starting twice is harmless.

    The member who starts it counts as present.

    Raises ValidationError: `no_right`, `closed`.
    """
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    if locked.started_at is not None:
        return locked
    draw_onto(locked, engagement=by.engagement, now=now)
    locked.started_at = now
    locked.save(update_fields=["started_at"])
    _mark(locked, by, is_here=True)
    first = next((one for one in items_of(locked) if one.parked_at is None), None)
    if first is not None:
        show_item(review=locked, item=first, by=by, now=now)
    tell_the_room(locked)
    return locked


@transaction.atomic
def mark_here(*, review: Review, member: Membership, is_here: bool, by: Membership) -> Attendance:
    """Record whether a member is present, invited or not.

    Raises ValidationError: `no_right`, `closed`, `owner` for viewers and members who left.
    """
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    asked = Attendance.objects.filter(engagement_id=locked.engagement_id, review=locked)
    if not asked.filter(member=member).exists():
        check_owners(member)
    attendance = _mark(locked, member, is_here=is_here)
    tell_the_room(locked)
    return attendance


def _mark(review: Review, member: Membership, *, is_here: bool) -> Attendance:
    attendance, _ = Attendance.objects.update_or_create(
        engagement_id=review.engagement_id,
        review=review,
        member=member,
        defaults={"is_here": is_here},
    )
    return attendance


def _title(title: str, *, review: Review) -> str:
    """Return the title, else month or week, with the day if that name is taken."""
    said = " ".join(title.split())
    if said:
        return said
    on = review.engagement.today(review.scheduled_at)
    monday = on - dt.timedelta(days=on.weekday())
    monthly = review.kind == ReviewKind.MONTHLY
    named = f"{on:%B} review" if monthly else f"Week of {monday.day} {monday:%B}"
    near = (review.scheduled_at - MONTH, review.scheduled_at + MONTH)
    others = Review.objects.filter(
        engagement_id=review.engagement_id, title=named, scheduled_at__range=near
    )
    return f"{named}, {on.day} {on:%b}" if others.exclude(pk=review.pk).exists() else named


def _invite(review: Review, people: list[Membership]) -> None:
    held = Attendance.objects.filter(engagement_id=review.engagement_id, review=review)
    held.exclude(member__in=people).delete()
    there = set(held.values_list("member_id", flat=True))
    Attendance.objects.bulk_create(
        Attendance(engagement_id=review.engagement_id, review=review, member=one)
        for one in people
        if one.pk not in there
    )


def _check(review: Review, *, attendees: Iterable[Membership]) -> None:
    """Raise one ValidationError with all errors by field."""
    errors: dict[str, Any] = {}
    if not may(review.lead.role, Permission.RUN_REVIEWS) or review.lead.removed_at is not None:
        errors["lead"] = ValidationError("Choose a program lead of this client.", code="lead")
    if not LEAST <= review.minutes <= MOST:
        errors["minutes"] = ValidationError(f"Enter {LEAST} to {MOST} minutes.", code="minutes")
    if len(review.title) > LONGEST:
        errors["title"] = ValidationError(f"Use at most {LONGEST} characters.", code="too_long")
    try:
        check_owners(*attendees)
    except ValidationError as refusal:
        errors["attendees"] = ValidationError(refusal.messages[0], code="attendees")
    if errors:
        raise ValidationError(errors)
