"""Who opened the screen of a running review. Its requests read only, so the cache notes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress

from django.core.cache import cache

from engagements.models import Membership
from reviews.models import Attendance, Review
from tenancy.caches import CACHE_ERRORS

NOTED_FOR = 24 * 60 * 60  # seconds; a review is closed on its day


def note_presence(review: Review, member: Membership) -> None:
    """Note that this member opened the screen. Without the cache, people are marked by hand."""
    if review.is_running:
        with suppress(*CACHE_ERRORS):
            cache.add(_key(review, member.pk), 1, NOTED_FOR)  # who was marked absent stays so


def note_mark(review: Review, member: Membership, *, is_here: bool) -> None:
    """Note that someone marked this member, which counts for more than an open screen."""
    with suppress(*CACHE_ERRORS):
        cache.set(_key(review, member.pk), 0, 0 if is_here else NOTED_FOR)


def noted_members(review: Review, members: Iterable[int]) -> set[int]:
    """Return which of these members opened the screen and weren't marked absent. One round trip."""
    keys = {_key(review, member): member for member in members}
    try:
        return {keys[key] for key, is_noted in cache.get_many(keys).items() if is_noted}
    except CACHE_ERRORS:
        return set()


def with_presence(review: Review, attendances: Collection[Attendance]) -> list[Attendance]:
    """Return the attendances, with those present who opened the screen."""
    noted = noted_members(review, [each.member_id for each in attendances])
    for attendance in attendances:
        attendance.has_screen = review.is_running and attendance.member_id in noted
        attendance.is_here = attendance.is_here or attendance.has_screen
    return list(attendances)


def _key(review: Review, member: int) -> str:
    return f"review-open:{review.public_id}:{member}"
