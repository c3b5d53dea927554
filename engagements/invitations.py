"""The link of an invitation, which a worker writes into the mail when it sends it."""

from __future__ import annotations

from engagements.models import Invitation
from tenancy import tokens


def token_of(invitation: Invitation) -> str:
    row = f"{invitation.engagement_id}:{invitation.public_id}:{invitation.sent_at.timestamp()}"
    return tokens.derive(kind="invitation", row=row)


def link_of(invitation: Invitation) -> str:
    """Return the address in the email."""
    return tokens.absolute_url("engagements:invitation-accept", token_of(invitation))


def find_invitation(token: str) -> Invitation | None:
    """Return the invitation of the token in any state; the token gives access to nothing else."""
    with tokens.presented(token) as digest:
        return Invitation.objects.filter(token_hash=digest).first()
