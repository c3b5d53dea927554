"""Who has the screen of a running review open. Its requests read only, so the cache notes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress

from django.core.cache import cache

from engagements.models import Membership
from reviews.models import Attendance, Review
from tenancy.caches import CACHE_ERRORS

NOTED_FOR = 24 * 60 * 60  # seconds; a review is closed on its day


def note_presence(review: Review, member: Membership) -> None:
    """Note that this member has the screen open. Without the cache, people are marked by hand."""
    if review.is_running:
        with suppress(*CACHE_ERRORS):
            cache.set(_key(review, member.pk), 1, NOTED_FOR)


def noted_members(review: Review, members: Iterable[int]) -> set[int]:
    """Return which of these members had the screen open while the review ran. One round trip."""
    keys = {_key(review, member): member for member in members}
    try:
        return {keys[key] for key in cache.get_many(keys)}
    except CACHE_ERRORS:
        return set()


def with_presence(review: Review, attendances: Collection[Attendance]) -> list[Attendance]:
    """Return the attendances, with those present who have the screen open."""
    noted = noted_members(review, [each.member_id for each in attendances])
    for attendance in attendances:
        attendance.has_screen = review.is_running and attendance.member_id in noted
        attendance.is_here = attendance.is_here or attendance.has_screen
    return list(attendances)


def _key(review: Review, member: int) -> str:
    return f"review-open:{review.public_id}:{member}"
