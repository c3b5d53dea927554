"""Changes of an agenda: moving through it, parking, reordering, adding and answering items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from decisions.commands import complete_action, withdraw_actions
from decisions.models import ActionItem
from engagements.models import Membership, Role
from engagements.permissions import Permission, require_right
from okrs.models import KeyResult, Objective
from reviews.commands.drawing import draw_onto, refresh
from reviews.commands.locks import (
    item_of,
    items_of,
    lock_open_review,
    lock_review,
    lock_running,
    require_movable,
    require_open,
    update_screens,
)
from reviews.commands.recording import add_review_action
from reviews.models import LONGEST_WHY, AgendaItem, Review, ReviewRecord, Section

TO_PROPOSE = dt.timedelta(days=7)
Items = Sequence[AgendaItem]


@transaction.atomic
def draw_agenda(*, review: Review, by: Membership, now: dt.datetime) -> Review:
    """Refresh the agenda from the data (M8.1) and keep the changes that people made.

    Raises ValidationError: `no_right`, `closed`.
    """
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    draw_onto(locked, engagement=by.engagement, now=now)
    update_screens(locked)
    return locked


@transaction.atomic
def show_item(*, item: AgendaItem, by: Membership, now: dt.datetime) -> AgendaItem:
    """Show this item to everyone, with its current facts.

    Raises ValidationError: `no_right`, `closed`, `not_started`.
    """
    locked = lock_running(item.review, by=by)
    return _show(locked, item_of(locked, item), by=by, now=now)


@transaction.atomic
def next_item(*, review: Review, at: str, by: Membership, now: dt.datetime) -> AgendaItem | None:
    """Mark the current item as discussed and show the next open one to everyone.

    `at` is the public id of the item that the screen showed as current, "" for none. If the review
    has already moved on, it stays there. Returns the current item. Errors as in `show_item`.
    """
    locked = lock_running(review, by=by)
    current: AgendaItem | None = locked.current_item
    if (current.public_id if current else "") != at:
        return current
    if current is not None and current.parked_at is None and current.discussed_at is None:
        current.discussed_at = now
        current.save(update_fields=["discussed_at"])
    upcoming = _next_open(_on_agenda(locked), locked.current_item_id)
    return _move_on(locked, upcoming, by=by, now=now)


@transaction.atomic
def previous_item(
    *, review: Review, at: str, by: Membership, now: dt.datetime
) -> AgendaItem | None:
    """Show the item before the current one to everyone. Otherwise as `next_item`."""
    locked = lock_running(review, by=by)
    current: AgendaItem | None = locked.current_item
    if (current.public_id if current else "") != at:
        return current
    items = _on_agenda(locked)
    place = _index(items, locked.current_item_id)
    return _move_on(locked, items[place - 1] if place > 0 else None, by=by, now=now)


@transaction.atomic
def park_item(*, item: AgendaItem, by: Membership, now: dt.datetime) -> AgendaItem:
    """Park an item; if it is the current one, show the next (M8.1).

    Raises ValidationError: `no_right`, `closed`, `last` for the close.
    """
    locked, row = _lock(item, by=by, to=Permission.RUN_REVIEWS)
    require_movable(row)
    upcoming = _next_open(_on_agenda(locked), row.pk)
    row.parked_at = row.parked_at or now
    row.save(update_fields=["parked_at"])
    if locked.current_item_id == row.pk:
        _move_on(locked, upcoming, by=by, now=now)
    else:
        update_screens(locked)
    return row


@transaction.atomic
def unpark_item(*, item: AgendaItem, by: Membership, now: dt.datetime) -> AgendaItem:
    """Put an item back in its place on the agenda. Errors as in `park_item`."""
    locked, row = _lock(item, by=by, to=Permission.RUN_REVIEWS)
    row.parked_at = None
    row.save(update_fields=["parked_at"])
    update_screens(locked)
    return row


@transaction.atomic
def move_item(*, item: AgendaItem, up: bool, by: Membership, now: dt.datetime) -> AgendaItem:
    """Swap an item with the one before or after it (M8.1); at either end it stays.

    Raises ValidationError: `no_right`, `closed`, `last` if the closing item would move.
    """
    locked, row = _lock(item, by=by, to=Permission.RUN_REVIEWS)
    require_movable(row)
    items = _on_agenda(locked)
    at = _index(items, row.pk)
    to = at - 1 if up else at + 1
    if at < 0 or not 0 <= to < len(items):
        return row
    other = items[to]
    require_movable(other)
    row.moved_at, row.position, other.position = now, other.position, row.position
    row.save(update_fields=["moved_at", "position"])
    other.save(update_fields=["position"])
    update_screens(locked)
    return row


@transaction.atomic
def add_item(
    *,
    review: Review,
    title: str,
    minutes: int,
    by: Membership,
    now: dt.datetime,
    key_result: KeyResult | None = None,
    objective: Objective | None = None,
) -> AgendaItem:
    """Add an item to the agenda, before the closing item (M8.1).

    Without a title it gets the one of its key result or objective. Raises ValidationError:
    `no_right`, `closed`, or by field `required`, `there` if the key result is already on the agenda.
    """
    locked = lock_open_review(review, by=by, to=Permission.DECIDE)
    items = items_of(locked)
    about = key_result or objective
    title = " ".join(title.split()) or (about.title if about else "")
    if not title:
        message = "Enter a title or choose a key result or objective."
        raise ValidationError({"title": ValidationError(message, code="required")})
    if key_result is not None and key_result.pk in {other.key_result_id for other in items}:
        message = "This key result is already on the agenda."
        raise ValidationError({"key_result": ValidationError(message, code="there")})
    item = AgendaItem.objects.create(
        engagement_id=locked.engagement_id,
        review=locked,
        section=Section.ADDED,
        position=len(items) + 1,
        title=title,
        why=f"added by {by.name}"[:LONGEST_WHY],
        minutes=minutes,
        objective=key_result.objective if key_result else objective,
        key_result=key_result,
        added_by=by,
    )
    refresh(item, review=locked, engagement=by.engagement, now=now)
    closing = [other for other in items if other.section == Section.CLOSING]
    _number([*(other for other in items if other not in closing), item, *closing])
    update_screens(locked)
    return item


@transaction.atomic
def tick_off(
    *, item: AgendaItem, action: ActionItem, by: Membership, now: dt.datetime
) -> AgendaItem:
    """Mark an overdue action as done in a review. Errors as in `complete_action`, or `closed`."""
    locked, row = _lock(item, by=by, to=Permission.DECIDE)
    complete_action(action=action, by=by, now=now)
    refresh(row, review=locked, engagement=by.engagement, now=now)
    update_screens(locked)
    return row


@transaction.atomic
def answer_item(
    *, item: AgendaItem, still_right: bool, by: Membership, now: dt.datetime
) -> AgendaItem:
    """Answer whether it is still the right key result, or still proves the objective (M3.3).

    A no adds an action for the lead to propose a change within a week; a later yes drops it. If the
    lead can no longer own actions, it goes to the member who answered. Raises ValidationError:
    `no_right`, `closed`, `no_question` if the item has no question.
    """
    review = lock_review(item.review, by=by)
    require_right(by, Permission.DECIDE, owners=[] if still_right else [review.lead])
    require_open(review)
    row = item_of(review, item)
    if row.key_result is None and row.objective is None:
        raise ValidationError("This item has no question to answer.", code="no_question")
    row.still_right, row.answered_by = still_right, by
    row.save(update_fields=["still_right", "answered_by"])
    what = f"Propose a change to “{row.key_result or row.objective}”"
    records = ReviewRecord.objects.filter(engagement_id=row.engagement_id, agenda_item=row)
    proposed = ActionItem.objects.filter(
        engagement_id=row.engagement_id, pk__in=records.values("action"), what=what
    )
    if still_right:
        withdraw_actions(proposed, by=by, now=now)
    elif not proposed.open().exists():
        add_review_action(
            what=what,
            owner=_who_proposes(review, by=by),
            due_on=by.engagement.today(now) + TO_PROPOSE,
            review=review,
            agenda_item=row,
            objective=row.objective,
            key_result=row.key_result,
            by=by,
            now=now,
        )
    update_screens(review)
    return row


def _lock(item: AgendaItem, *, by: Membership, to: Permission) -> tuple[Review, AgendaItem]:
    """Return the item's review, locked and open, and its current row."""
    locked = lock_open_review(item.review, by=by, to=to)
    return locked, item_of(locked, item)


def _show(review: Review, item: AgendaItem, *, by: Membership, now: dt.datetime) -> AgendaItem:
    refresh(item, review=review, engagement=by.engagement, now=now)
    review.current_item = item
    review.save(update_fields=["current_item"])
    update_screens(review)
    return item


def _move_on(
    review: Review, item: AgendaItem | None, *, by: Membership, now: dt.datetime
) -> AgendaItem | None:
    """Show this item, or stay at the current one without it."""
    if item is not None:
        return _show(review, item_of(review, item), by=by, now=now)
    update_screens(review)
    current: AgendaItem | None = review.current_item
    return current


def _on_agenda(review: Review) -> list[AgendaItem]:
    return [item for item in items_of(review) if item.parked_at is None]


def _index(items: Items, item_id: int | None) -> int:
    return next((at for at, item in enumerate(items) if item.pk == item_id), -1)


def _next_open(items: Items, item_id: int | None) -> AgendaItem | None:
    """Return the next undiscussed item after this one, else the first before it."""
    at = _index(items, item_id)
    others = [*items[at + 1 :], *items[: max(at, 0)]]
    return next((item for item in others if item.discussed_at is None), None)


def _number(items: Items) -> None:
    for position, item in enumerate(items, start=1):
        item.position = position
    AgendaItem.objects.bulk_update(items, ["position"])


def _who_proposes(review: Review, *, by: Membership) -> Membership:
    """Return the review's lead if they may own it (M9.3), else `by`, who decides here and so may."""
    lead: Membership = review.lead
    return lead if lead.removed_at is None and lead.role != Role.VIEWER else by
