"""The address of a share link: shown again to whoever may give it away, stored nowhere."""

from __future__ import annotations

from engagements.models import ShareLink
from tenancy import tokens


def token_of(share_link: ShareLink) -> str:
    row = f"{share_link.engagement_id}:{share_link.public_id}"
    return tokens.derive(kind="share_link", row=row)


def link_of(share_link: ShareLink) -> str:
    """The address to send; empty where the secret key has changed since the link was made.

    Whoever holds the old address still gets in by it, so the link lives, but it cannot be shown.
    """
    token = token_of(share_link)
    if tokens.hash_of(token) != share_link.token_hash:
        return ""
    return tokens.absolute_url("status:shared-status", token)


def find_share_link(token: str) -> ShareLink | None:
    """The link of that token with its engagement, in one query; it may have expired.

    One that was revoked is not found: its holder may no longer read the engagement.
    """
    with tokens.presented(token) as digest:
        links = ShareLink.objects.select_related("engagement")
        return links.filter(token_hash=digest).first()
