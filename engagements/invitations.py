"""The link of an invitation: made from the row and the secret key, never stored.

A worker can therefore write it into the mail when it sends it, while the database holds no more
than the hash by which the link is found again.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from engagements.models import Invitation
from engagements.scoping import identity, unscoped


def token_of(invitation: Invitation) -> str:
    """256 bits, safe in a URL."""
    row = f"{invitation.engagement_id}:{invitation.public_id}:{invitation.sent_at.timestamp()}"
    mac = salted_hmac("engagements.invitation", row, algorithm="sha256")
    return urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(invitation: Invitation) -> str:
    """The address that the mail holds."""
    path = reverse("engagements:invitation-accept", args=[token_of(invitation)])
    return f"{settings.SITE_URL}{path}"


def find_invitation(token: str) -> Invitation | None:
    """The invitation of that link, whatever became of it; nothing else can be read with it."""
    digest = hash_of(token)
    with identity(token=digest), unscoped():
        return Invitation.objects.filter(token_hash=digest).first()
