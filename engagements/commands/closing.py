"""Close engagement with a client, and its going on after all."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from engagements.models import Engagement, Membership
from engagements.permissions import Permission, require_right
from tenancy.locks import lock


@transaction.atomic
def close_engagement(*, engagement: Engagement, by: Membership) -> Engagement:
    """Close the engagement: it becomes read-only and nothing is due until it is reopened.

    The next gathering drops waiting notices. Closing twice changes nothing.
    """
    current = _locked(engagement, by=by, exclusive=True)
    if not current.is_closed:
        current.closed_at, current.closed_by = timezone.now(), by
        _save(current, "closed_at", "closed_by")
    return current


@transaction.atomic
def reopen_engagement(*, engagement: Engagement, by: Membership) -> Engagement:
    """Take the work up again; nothing is asked for that was due while it was closed (M6.3)."""
    current = _locked(engagement, by=by)
    if current.is_closed:
        current.closed_at = current.closed_by = None
        current.rhythm_since = timezone.now()
        _save(current, "closed_at", "closed_by", "rhythm_since")
    return current


def _locked(engagement: Engagement, *, by: Membership, exclusive: bool = False) -> Engagement:
    """Return the engagement as it is now; exclusively once no command works in it any more."""
    lock(by)
    (current,) = lock(engagement, exclusive=exclusive)
    require_right(by, Permission.MANAGE_SETTINGS, even_when_closed=True)
    return current


def _save(engagement: Engagement, *fields: str) -> None:
    engagement.version += 1  # forms that were opened before are stale
    engagement.save(update_fields=[*fields, "version"])
