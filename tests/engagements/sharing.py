"""Share links of tests, made as a lead makes them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from engagements.commands import create_share_link, revoke_share_link
from engagements.models import Membership, ShareLink
from tenancy.scoping import scope


def share(by: Membership, *, now: dt.datetime | None = None, **fields: Any) -> ShareLink:
    """An open link of this member's engagement."""
    fields.setdefault("label", "Board")
    with scope(by.engagement_id):
        return create_share_link(
            engagement=by.engagement, by=by, now=now or timezone.now(), **fields
        )


def share_expired(by: Membership, **fields: Any) -> ShareLink:
    """One that ran out a while ago."""
    return share(by, now=timezone.now() - dt.timedelta(days=200), **fields)


def share_revoked(by: Membership, **fields: Any) -> ShareLink:
    """One that was ended a moment ago."""
    link = share(by, **fields)
    with scope(by.engagement_id):
        return revoke_share_link(share_link=link, by=by, now=timezone.now())
