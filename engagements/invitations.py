"""The link of an invitation, which a worker writes into the mail when it sends it."""

from __future__ import annotations

from engagements.models import Invitation
from tenancy import tokens


def token_of(invitation: Invitation) -> str:
    row = f"{invitation.engagement_id}:{invitation.public_id}:{invitation.sent_at.timestamp()}"
    return tokens.derive(kind="invitation", row=row)


def link_of(invitation: Invitation) -> str:
    """The address that the mail holds."""
    return tokens.absolute_url("engagements:invitation-accept", token_of(invitation))


def find_invitation(token: str) -> Invitation | None:
    """The invitation of that link, whatever became of it; nothing else can be read with it."""
    with tokens.presented(token) as digest:
        return Invitation.objects.filter(token_hash=digest).first()
