"""Planning, starting and closing reviews, and who is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, check_owners, may, require_right
from okrs.formatting import plain
from okrs.models import KeyResult
from reviews.commands.agendas import show_item
from reviews.commands.drawing import draw_onto, refresh_all
from reviews.commands.locks import (
    items_of,
    lock_open_review,
    lock_running,
    require_open,
    update_screens,
)
from reviews.models import CLOSING_QUESTIONS, Attendance, Review, ReviewKind, ReviewRecord
from reviews.presence import note_mark, noted_members
from tenancy.locks import lock_for_edit

MINUTES = {ReviewKind.MONTHLY: 45, ReviewKind.WEEKLY: 30}  # M11.1
MONTH = dt.timedelta(days=31)


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
    Raises ValidationError: `no_right`, or by field `lead`, `attendees`.
    """
    people = list(attendees)
    require_right(by, Permission.RUN_REVIEWS, owners=[lead, *people])
    review = Review(engagement=engagement, kind=kind)
    _set_terms(review, scheduled_at, lead, title=title, minutes=minutes, attendees=people)
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
    """Change a review that is not closed; those still invited keep their attendance.

    Errors as in `plan_review`, `closed`, and StaleEdit if someone saved since.
    """
    current: Review = lock_for_edit(review, version=version)
    planned_minutes, people = current.minutes, list(attendees)
    require_right(by, Permission.RUN_REVIEWS, owners=[lead, *people])
    require_open(current)
    _set_terms(current, scheduled_at, lead, title=title, minutes=minutes, attendees=people)
    current.version += 1
    current.save(update_fields=["title", "scheduled_at", "minutes", "lead", "version"])
    _invite(current, people)
    if current.minutes != planned_minutes and current.started_at is None:
        draw_onto(current, engagement=by.engagement, now=now)
    update_screens(current)
    return current


@transaction.atomic
def cancel_review(*, review: Review, by: Membership) -> None:
    """Delete a review that has not started and has no decisions or actions.

    Raises ValidationError: `no_right`, `closed`, `started`, `recorded`.
    """
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    if locked.started_at is not None:
        raise ValidationError("This review has started. Close it instead.", code="started")
    if ReviewRecord.objects.filter(engagement_id=locked.engagement_id, review=locked).exists():
        raise ValidationError(
            "This review has decisions or actions already. You can’t cancel it.", code="recorded"
        )
    locked.delete()


@transaction.atomic
def start_review(
    *, review: Review, by: Membership, now: dt.datetime, confirm_day: bool = False
) -> Review:
    """Start a review at its first item, with a refreshed agenda. Starting twice is harmless.

    The member who starts it counts as present.

    Raises ValidationError: `no_right`, `closed`, `other_day` (not the client's day for which it is
    planned; `confirm_day` confirms it).
    """
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    if locked.started_at is not None:
        return locked
    planned_on = by.engagement.today(locked.scheduled_at)
    if planned_on != by.engagement.today(now) and not confirm_day:
        raise ValidationError(
            "This review is planned for another day. Confirm that you start it now.",
            code="other_day",
        )
    draw_onto(locked, engagement=by.engagement, now=now)
    locked.started_at = now
    locked.save(update_fields=["started_at"])
    _mark(locked, by, is_here=True)
    first = next((item for item in items_of(locked) if item.parked_at is None), None)
    if first is not None:
        show_item(item=first, by=by, now=now)
    update_screens(locked)
    return locked


@transaction.atomic
def close_review(
    *,
    review: Review,
    by: Membership,
    now: dt.datetime,
    closing_note: str = "",
    on_outcomes: bool | None = None,
    evidence_weekly: bool | None = None,
    moved_resources: bool | None = None,
    present: Iterable[Membership] = (),
) -> Review:
    """Close a review: freeze its agenda and store the state of every key result (M8.4).

    Members who opened its screen count as present, unless marked absent, and so do those in
    `present`. The monthly review answers the three closing questions. Raises ValidationError: `no_right`,
    `closed`, `not_started`, or by field `required`.
    """
    locked = lock_running(review, by=by)
    given = (on_outcomes, evidence_weekly, moved_resources)
    answers = dict(zip(CLOSING_QUESTIONS, given, strict=True))
    if locked.kind == ReviewKind.MONTHLY and None in answers.values():
        missing = [name for name, answer in answers.items() if answer is None]
        error = ValidationError("Answer yes or no.", code="required")
        raise ValidationError(dict.fromkeys(missing, error))
    _mark_present(locked, present)
    refresh_all(locked, engagement=by.engagement, now=now)
    update_screens(locked)
    locked.refresh_from_db(fields=["live_version"])
    for name, answer in answers.items():
        setattr(locked, name, answer)
    locked.closing_note = closing_note.strip()
    locked.standings = {
        row.public_id: {
            "value": plain(row.latest_value),
            "score": None if row.score is None else f"{row.score:.2f}",
            "rag": row.rag,
            "title": row.title,
        }
        for row in KeyResult.objects.live().filter(engagement=by.engagement)
    }
    # From now on the database refuses any change of the review and its items.
    locked.closed_at, locked.closed_by = now, by
    locked.save(update_fields=[*answers, "closing_note", "standings", "closed_at", "closed_by"])
    return locked


@transaction.atomic
def mark_here(
    *, review: Review, member: Membership, is_here: bool, by: Membership, now: dt.datetime
) -> Attendance:
    """Record whether a member is present, invited or not.

    Raises ValidationError: `no_right`, `closed`, `owner` for viewers and members who left.
    """
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS, owners=[member])
    invited = Attendance.objects.filter(engagement_id=locked.engagement_id, review=locked)
    if not invited.filter(member=member).exists():
        check_owners(member)
    attendance = _mark(locked, member, is_here=is_here)
    note_mark(locked, member, is_here=is_here)
    update_screens(locked)
    return attendance


def _mark_present(review: Review, present: Iterable[Membership]) -> None:
    """Mark these people, and the members and guests who opened the screen, unless marked absent."""
    invited = Attendance.objects.filter(engagement_id=review.engagement_id, review=review)
    guests = Q(pk__in=invited.values("member_id")) | ~Q(role=Role.VIEWER)
    people = Membership.objects.active().filter(guests, engagement_id=review.engagement_id)
    by_id = {member.pk: member for member in people.order_by("pk")}
    named = {member.pk for member in present}
    for pk in sorted(named & by_id.keys() | noted_members(review, by_id)):
        _mark(review, by_id[pk], is_here=True)


def _mark(review: Review, member: Membership, *, is_here: bool) -> Attendance:
    attendance, _ = Attendance.objects.update_or_create(
        engagement_id=review.engagement_id,
        review=review,
        member=member,
        defaults={"is_here": is_here},
    )
    return attendance


def _set_terms(
    review: Review,
    scheduled_at: dt.datetime,
    lead: Membership,
    *,
    title: str,
    minutes: int | None,
    attendees: list[Membership],
) -> None:
    """Set and check the terms; raise one ValidationError with all errors by field."""
    review.scheduled_at, review.lead = scheduled_at, lead
    review.title = " ".join(title.split()) or _default_title(review)
    review.minutes = minutes or MINUTES[ReviewKind(review.kind)]
    errors: dict[str, Any] = {}
    if not may(lead.role, Permission.RUN_REVIEWS) or lead.removed_at is not None:
        errors["lead"] = ValidationError("Choose a program lead of this client.", code="lead")
    try:
        check_owners(*attendees)
    except ValidationError as refusal:
        errors["attendees"] = ValidationError(refusal.messages[0], code="attendees")
    if errors:
        raise ValidationError(errors)


def _default_title(review: Review) -> str:
    """Return month or week, with the day if that name is taken."""
    on = review.engagement.today(review.scheduled_at)
    monday = on - dt.timedelta(days=on.weekday())
    monthly = review.kind == ReviewKind.MONTHLY
    default = f"{on:%B} review" if monthly else f"Week of {monday.day} {monday:%B}"
    near = (review.scheduled_at - MONTH, review.scheduled_at + MONTH)
    others = Review.objects.filter(
        engagement_id=review.engagement_id, title=default, scheduled_at__range=near
    )
    return f"{default}, {on.day} {on:%b}" if others.exclude(pk=review.pk).exists() else default


def _invite(review: Review, people: list[Membership]) -> None:
    attendances = Attendance.objects.filter(engagement_id=review.engagement_id, review=review)
    attendances.exclude(member__in=people).delete()
    invited = set(attendances.values_list("member_id", flat=True))
    Attendance.objects.bulk_create(
        Attendance(engagement_id=review.engagement_id, review=review, member=person)
        for person in people
        if person.pk not in invited
    )
