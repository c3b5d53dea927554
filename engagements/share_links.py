"""The address of a share link, derived from the row and stored nowhere."""

from __future__ import annotations

from engagements.models import ShareLink
from tenancy import tokens


def token_of(share_link: ShareLink) -> str:
    row = f"{share_link.engagement_id}:{share_link.public_id}"
    return tokens.derive(kind="share_link", row=row)


def link_of(share_link: ShareLink) -> str:
    """Return the address, or "" if the secret key has changed since the link was made.

    The old address still works in that case, but can no longer be derived.
    """
    token = token_of(share_link)
    if tokens.hash_of(token) != share_link.token_hash:
        return ""
    return tokens.absolute_url("status:shared-status", token)


def find_share_link(token: str) -> ShareLink | None:
    """Return the link of the token with its engagement, in one query; it may have expired.

    A revoked link is not found, because it gives no access to the engagement.
    """
    with tokens.presented(token) as digest:
        links = ShareLink.objects.select_related("engagement")
        return links.filter(token_hash=digest).first()
