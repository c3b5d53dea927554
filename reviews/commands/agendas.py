from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from decisions.commands.actions import complete_action
from decisions.models import ActionItem
from engagements.models import Membership
from engagements.permissions import Permission
from okrs.models import KeyResult, Objective
from reviews.commands.drawing import draw_onto, items_of, refresh
from reviews.commands.live_updates import tell_the_room
from reviews.commands.open_reviews import lock_open_review
from reviews.commands.running import (
    item_of,
    lock_running,
    must_not_be_last,
)
from reviews.models import AgendaItem, Review, Section

LONGEST = 240  # minutes
Items = Sequence[AgendaItem]


@transaction.atomic
def draw_agenda(*, review: Review, by: Membership, now: dt.datetime) -> Review:
    """Refresh the agenda from the data (M8.1) and keep the changes that people made.

    Raises ValidationError: `no_right`, `closed`.
    """
    locked = lock_open_review(review, by=by, to=Permission.RUN_REVIEWS)
    draw_onto(locked, engagement=by.engagement, now=now)
    tell_the_room(locked)
    return locked


@transaction.atomic
def show_item(*, review: Review, item: AgendaItem, by: Membership, now: dt.datetime) -> AgendaItem:
    """Show this item to everyone, with its current facts.

    Raises ValidationError: `no_right`, `closed`, `not_started`, `other_review`.
    """
    locked = lock_running(review, by=by)
    return _show(locked, item_of(locked, item), by=by, now=now)


@transaction.atomic
def next_item(*, review: Review, at: str, by: Membership, now: dt.datetime) -> AgendaItem | None:
    """Mark the current item as discussed and show the next open one to everyone.

    `at` is the public id of the item that the screen showed as current, "" for none. If the review
    has already moved on, it stays there. Returns the current item. Errors as in `show_item`.
    """
    locked = lock_running(review, by=by)
    if not _is_at(locked, at):
        return _current(locked)
    items = _on_agenda(locked)
    _discuss(locked, items, now=now)
    after = _after(items, locked.current_item_id)
    upcoming = next((one for one in after if one.discussed_at is None), None)
    return _move_on(locked, upcoming, by=by, now=now)


@transaction.atomic
def previous_item(
    *, review: Review, at: str, by: Membership, now: dt.datetime
) -> AgendaItem | None:
    """Show the item before the current one to everyone. Otherwise as `next_item`."""
    locked = lock_running(review, by=by)
    if not _is_at(locked, at):
        return _current(locked)
    items = _on_agenda(locked)
    place = _index(items, locked.current_item_id)
    return _move_on(locked, items[place - 1] if place > 0 else None, by=by, now=now)


@transaction.atomic
def park_item(*, item: AgendaItem, by: Membership, now: dt.datetime) -> AgendaItem:
    """Park an item; if it is the current one, show the next (M8.1).

    Raises ValidationError: `no_right`, `closed`, `last` for the close.
    """
    locked = lock_open_review(item.review, by=by, to=Permission.RUN_REVIEWS)
    row = item_of(locked, item)
    must_not_be_last(row)
    after = _after(_on_agenda(locked), row.pk)
    row.parked_at = row.parked_at or now
    row.save(update_fields=["parked_at"])
    if locked.current_item_id == row.pk:
        upcoming = next((one for one in after if one.discussed_at is None), None)
        _move_on(locked, upcoming, by=by, now=now)
    tell_the_room(locked)
    return row


@transaction.atomic
def unpark_item(*, item: AgendaItem, by: Membership, now: dt.datetime) -> AgendaItem:
    """Put an item back in its place on the agenda. Errors as in `park_item`."""
    locked = lock_open_review(item.review, by=by, to=Permission.RUN_REVIEWS)
    row = item_of(locked, item)
    row.parked_at = None
    row.save(update_fields=["parked_at"])
    tell_the_room(locked)
    return row


@transaction.atomic
def move_item(*, item: AgendaItem, up: bool, by: Membership, now: dt.datetime) -> AgendaItem:
    """Swap an item with the one before or after it (M8.1); at either end it stays.

    Raises ValidationError: `no_right`, `closed`, `last` if the closing item would move.
    """
    locked = lock_open_review(item.review, by=by, to=Permission.RUN_REVIEWS)
    row = item_of(locked, item)
    must_not_be_last(row)
    items = _on_agenda(locked)
    at = _index(items, row.pk)
    to = at - 1 if up else at + 1
    if at < 0 or not 0 <= to < len(items):
        return row
    must_not_be_last(items[to])
    _swap(locked, items[at], items[to], now=now)
    tell_the_room(locked)
    return item_of(locked, row)


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
    `no_right`, `closed`, or by field `required`, `minutes`, `there` if the key result is already
    on the agenda.
    """
    locked = lock_open_review(review, by=by, to=Permission.DECIDE)
    items = items_of(locked)
    about = key_result or objective
    said = " ".join(title.split()) or (about.title if about else "")
    _check(said, minutes=minutes, key_result=key_result, items=items)
    item = AgendaItem.objects.create(
        engagement_id=locked.engagement_id,
        review=locked,
        section=Section.ADDED,
        position=len(items) + 1,
        title=said,
        why=f"added by {by.name}"[:LONGEST],
        minutes=minutes,
        objective=key_result.objective if key_result else objective,
        key_result=key_result,
        added_by=by,
    )
    refresh(item, review=locked, engagement=by.engagement, now=now)
    closing = [one for one in items if one.section == Section.CLOSING]
    _number(locked, [*(one for one in items if one not in closing), item, *closing])
    tell_the_room(locked)
    return item


@transaction.atomic
def tick_off(
    *, item: AgendaItem, action: ActionItem, by: Membership, now: dt.datetime
) -> AgendaItem:
    """Mark an overdue action as done in a review. Errors as in `complete_action`, or `closed`."""
    locked = lock_open_review(item.review, by=by, to=Permission.DECIDE)
    row = item_of(locked, item)
    complete_action(action=action, by=by, now=now)
    refresh(row, review=locked, engagement=by.engagement, now=now)
    tell_the_room(locked)
    return row


def _show(review: Review, item: AgendaItem, *, by: Membership, now: dt.datetime) -> AgendaItem:
    refresh(item, review=review, engagement=by.engagement, now=now)
    review.current_item = item
    review.save(update_fields=["current_item"])
    tell_the_room(review)
    return item


def _move_on(
    review: Review, item: AgendaItem | None, *, by: Membership, now: dt.datetime
) -> AgendaItem | None:
    """Show this item, or stay at the current one without it."""
    if item is None:
        tell_the_room(review)
        return _current(review)
    return _show(review, item_of(review, item), by=by, now=now)


def _current(review: Review) -> AgendaItem | None:
    current: AgendaItem | None = review.current_item
    return current


def _is_at(review: Review, public_id: str) -> bool:
    current = _current(review)
    return (current.public_id if current else "") == public_id


def _on_agenda(review: Review) -> list[AgendaItem]:
    return [one for one in items_of(review) if one.parked_at is None]


def _index(items: Items, item_id: int | None) -> int:
    return next((at for at, one in enumerate(items) if one.pk == item_id), -1)


def _after(items: Items, item_id: int | None) -> list[AgendaItem]:
    """List the items after this one, then those before it."""
    at = _index(items, item_id)
    return [*items[at + 1 :], *items[: max(at, 0)]]


def _discuss(review: Review, items: Items, *, now: dt.datetime) -> None:
    for one in items:
        if one.pk == review.current_item_id and one.discussed_at is None:
            one.discussed_at = now
            one.save(update_fields=["discussed_at"])


def _swap(review: Review, one: AgendaItem, other: AgendaItem, *, now: dt.datetime) -> None:
    order = items_of(review)
    at, to = _index(order, one.pk), _index(order, other.pk)
    moved = order[at]
    moved.moved_at = now
    moved.save(update_fields=["moved_at"])
    order[at], order[to] = order[to], order[at]
    _number(review, order)


def _number(review: Review, items: Items) -> None:
    for position, one in enumerate(items, start=1):
        one.position = position
    AgendaItem.objects.bulk_update(items, ["position"])


def _check(title: str, *, minutes: int, key_result: KeyResult | None, items: Items) -> None:
    """Raise one ValidationError with all errors by field."""
    errors: dict[str, ValidationError] = {}
    if not title:
        errors["title"] = ValidationError(
            "Enter a title or choose a key result or objective.", code="required"
        )
    elif len(title) > LONGEST:
        errors["title"] = ValidationError(f"Use at most {LONGEST} characters.", code="too_long")
    if not 1 <= minutes <= LONGEST:
        errors["minutes"] = ValidationError(f"Enter 1 to {LONGEST} minutes.", code="minutes")
    if key_result is not None and key_result.pk in {one.key_result_id for one in items}:
        message = "This key result is already on the agenda."
        errors["key_result"] = ValidationError(message, code="there")
    if errors:
        raise ValidationError(errors)
