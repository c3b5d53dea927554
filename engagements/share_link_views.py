"""Views of share links, counted in Valkey and written to the database by a task.

`views` holds a count and an instant per link until the next flush. A flush renames it to `taken`,
writes link by link and deletes each link written. If a flush dies, the next one continues with
`taken`; one link may count twice, if it died between commit and deletion. When Valkey crashes, at
most a minute's views are lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import redis

from engagements.commands import count_share_link_views
from engagements.models import ShareLink
from tenancy.counters import CACHE_ERRORS, counters
from tenancy.scoping import scope

VIEWS, TAKEN, FLUSH = "share-links:views", "share-links:taken", "share-links:flush"
FLUSH_LASTS = 240  # seconds: no task lives longer


@dataclass(frozen=True)
class Viewed:
    """The views of one link since the last flush."""

    engagement_id: int
    share_link_id: int
    views: int
    last_viewed_at: dt.datetime

    def fields(self) -> tuple[str, str]:
        return _fields(self.engagement_id, self.share_link_id)


def count_view(share_link: ShareLink, *, now: dt.datetime) -> None:
    """Count a view of the page; do nothing while Valkey is down."""
    views, last = _fields(share_link.engagement_id, share_link.pk)
    try:
        with counters().pipeline() as pipe:
            pipe.hincrby(VIEWS, views, 1)
            pipe.hset(VIEWS, last, now.isoformat())
            pipe.execute()
    except CACHE_ERRORS:
        return


def flush_views() -> int:
    """Move the counts into the database; returns how many links had any.

    Two flushes at once would write the same counts: the second one leaves.
    """
    valkey = counters()
    turn = valkey.lock(FLUSH, timeout=FLUSH_LASTS)
    if not turn.acquire(blocking=False):
        return 0
    try:
        written = _write_taken(valkey)  # left by a flush that died
        if valkey.exists(VIEWS):
            valkey.rename(VIEWS, TAKEN)
            written += _write_taken(valkey)
        return written
    finally:
        turn.release()


def _write_taken(valkey: redis.Redis) -> int:
    written = 0
    for viewed in _taken(valkey):
        with scope(viewed.engagement_id):
            count_share_link_views(
                engagement_id=viewed.engagement_id,
                share_link_id=viewed.share_link_id,
                views=viewed.views,
                last_viewed_at=viewed.last_viewed_at,
            )
        valkey.hdel(TAKEN, *viewed.fields())
        written += 1
    return written


def _taken(valkey: redis.Redis) -> Iterator[Viewed]:
    found = {str(name): str(value) for name, value in valkey.hgetall(TAKEN).items()}
    for name, count in found.items():
        engagement_id, share_link_id, what = name.split(":")
        if what == "views":
            last = found[_fields(int(engagement_id), int(share_link_id))[1]]
            at = dt.datetime.fromisoformat(last)
            yield Viewed(int(engagement_id), int(share_link_id), int(count), at)


def _fields(engagement_id: int, share_link_id: int) -> tuple[str, str]:
    link = f"{engagement_id}:{share_link_id}"
    return f"{link}:views", f"{link}:last"
