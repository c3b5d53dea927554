"""Share links, and how often each was viewed.

Views are counted in Valkey and written to the database by a task. `VIEWS` holds a count and an
instant per link until the next flush. A flush renames it to `TAKEN`, writes link by link and
deletes each link written. If a flush dies, the next one continues with `TAKEN`; one link may count
twice, if it died between commit and deletion. If Valkey crashes, the views of a minute are lost.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import redis
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest

from accounts import limits
from accounts.models import midnight
from engagements import links
from engagements.models import Engagement, Membership, ShareLink
from engagements.permissions import Permission, require_right
from tenancy import tokens
from tenancy.caches import CACHE_ERRORS, counters
from tenancy.locks import lock, lock_for_edit
from tenancy.models import new_public_id
from tenancy.scoping import scope

VALID_FOR = dt.timedelta(days=90)
VIEWS, TAKEN, FLUSH = "share-links:views", "share-links:taken", "share-links:flush"
FLUSH_LASTS = 240  # seconds: no task lives longer
AT_MOST = dt.timedelta(days=2 * 365 + 1)  # two years, whether or not a leap day is among them


@transaction.atomic
def create_share_link(
    *,
    engagement: Engagement,
    label: str,
    expires_on: dt.date | None = None,
    by: Membership,
    now: dt.datetime,
) -> ShareLink:
    """Create a link to the engagement's status page for anyone who has it (M12).

    It works until the end of `expires_on` in the client's time zone, by default for 90 days. Raises
    ValidationError: `label_missing`, `expiry_past`, `expiry_far` (more than two years ahead),
    `limit`.
    """
    require_right(by, Permission.MANAGE_MEMBERS)
    today = engagement.today(now)
    share_link = ShareLink(
        engagement=engagement,
        public_id=new_public_id(),
        label=_label(label),
        created_by=by,
        created_at=now,
        expires_at=_end_of(expires_on or today + VALID_FOR, engagement=engagement, today=today),
    )
    share_link.token_hash = tokens.hash_of(links.share_link_token(share_link))
    limits.require(limits.SHARE_LINKS, by.user_id)
    share_link.save(force_insert=True)
    return share_link


@transaction.atomic
def update_share_link(
    *,
    share_link: ShareLink,
    version: int,
    label: str,
    expires_on: dt.date,
    by: Membership,
    now: dt.datetime,
) -> ShareLink:
    """Rename a link or change its last day; its address stays (M12).

    An expired link can work again. Raises StaleEdit if someone saved in the meantime, and
    ValidationError: `revoked` and the errors of `create_share_link`.
    """
    current: ShareLink = lock_for_edit(share_link, version=version)
    require_right(by, Permission.MANAGE_MEMBERS)
    if current.revoked_at is not None:
        raise ValidationError("This link was revoked. Create a new one.", code="revoked")
    engagement = by.engagement
    current.label = _label(label)
    current.expires_at = _end_of(expires_on, engagement=engagement, today=engagement.today(now))
    current.version = version + 1
    current.save(update_fields=["label", "expires_at", "version"])
    return current


@transaction.atomic
def revoke_share_link(*, share_link: ShareLink, by: Membership, now: dt.datetime) -> ShareLink:
    """Revoke a link, effective at its next request; revoking twice changes nothing."""
    (current,) = lock(share_link)
    require_right(by, Permission.MANAGE_MEMBERS)
    if current.revoked_at is None:
        current.revoked_at, current.revoked_by = now, by
        current.save(update_fields=["revoked_at", "revoked_by"])
    return current


def count_view(share_link: ShareLink, *, now: dt.datetime) -> None:
    """Count a view of the page; do nothing while Valkey is down."""
    link = f"{share_link.engagement_id}:{share_link.pk}"
    with suppress(*CACHE_ERRORS), counters().pipeline() as pipe:
        pipe.hincrby(VIEWS, f"{link}:views", 1)
        pipe.hset(VIEWS, f"{link}:last", now.isoformat())
        pipe.execute()


def flush_views() -> int:
    """Move the counts into the database; return how many links had any.

    Two flushes at once would write the same counts: the second one leaves.
    """
    valkey = counters()
    lease = valkey.lock(FLUSH, timeout=FLUSH_LASTS)
    if not lease.acquire(blocking=False):
        return 0
    try:
        written = _write_taken(valkey)  # left by a flush that died
        if valkey.exists(VIEWS):
            valkey.rename(VIEWS, TAKEN)
            written += _write_taken(valkey)
        return written
    finally:
        lease.release()


def _write_taken(valkey: redis.Redis) -> int:
    taken = {str(name): str(value) for name, value in valkey.hgetall(TAKEN).items()}
    links = [name.removesuffix(":views") for name in taken if name.endswith(":views")]
    for link in links:
        engagement_id, share_link_id = map(int, link.split(":"))
        with scope(engagement_id):
            count_share_link_views(
                engagement_id=engagement_id,
                share_link_id=share_link_id,
                views=int(taken[f"{link}:views"]),
                last_viewed_at=dt.datetime.fromisoformat(taken[f"{link}:last"]),
            )
        valkey.hdel(TAKEN, f"{link}:views", f"{link}:last")
    return len(links)


def count_share_link_views(
    *, engagement_id: int, share_link_id: int, views: int, last_viewed_at: dt.datetime
) -> None:
    """Add the views since the last flush; a link that is gone is skipped."""
    ShareLink.objects.filter(engagement_id=engagement_id, pk=share_link_id).update(
        views=F("views") + views,
        # The later of both moments; PostgreSQL ignores an empty one.
        last_viewed_at=Greatest("last_viewed_at", Value(last_viewed_at)),
    )


def _label(text: str) -> str:
    if label := text.strip():
        return label
    raise ValidationError("Enter who the link is for.", code="label_missing")


def _end_of(day: dt.date, *, engagement: Engagement, today: dt.date) -> dt.datetime:
    if day < today:
        raise ValidationError("This day is in the past. Choose a later one.", "expiry_past")
    if day > today + AT_MOST:
        raise ValidationError(
            "A link can last two years at most. Choose an earlier day.", "expiry_far"
        )
    return midnight(day + dt.timedelta(days=1), engagement.zone)
