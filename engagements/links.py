"""The links that open a page by their token: of an invitation and of a share link.

Tokens are derived from the row and stored nowhere; only their hash is.
"""

from __future__ import annotations

from engagements.models import Invitation, ShareLink
from tenancy import tokens


def invitation_token(invitation: Invitation) -> str:
    row = f"{invitation.engagement_id}:{invitation.public_id}:{invitation.sent_at.timestamp()}"
    return tokens.derive(kind="invitation", row=row)


def invitation_url(invitation: Invitation) -> str:
    """Return the address in the email."""
    return tokens.absolute_url("engagements:invitation-accept", invitation_token(invitation))


def find_invitation(token: str) -> Invitation | None:
    """Return the invitation of the token in any state; the token gives access to nothing else."""
    with tokens.presented(token) as digest:
        return Invitation.objects.filter(token_hash=digest).first()


def share_link_token(share_link: ShareLink) -> str:
    row = f"{share_link.engagement_id}:{share_link.public_id}"
    return tokens.derive(kind="share_link", row=row)


def share_link_url(share_link: ShareLink) -> str:
    """Return the address, or "" if the secret key has changed since the link was made.

    The old address still works in that case, but can no longer be derived.
    """
    token = share_link_token(share_link)
    if tokens.hash_of(token) != share_link.token_hash:
        return ""
    return tokens.absolute_url("status:shared-status", token)


def find_share_link(token: str) -> ShareLink | None:
    """Return the link of the token with its engagement, in one query; it may have expired.

    A revoked link is not found, because it gives no access to the engagement.
    """
    with tokens.presented(token) as digest:
        return ShareLink.objects.select_related("engagement").filter(token_hash=digest).first()
