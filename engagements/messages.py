"""The text of invitations, written when they are sent."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from engagements.links import invitation_url
from engagements.models import Invitation
from mail.email_types import Mail, one_line
from tenancy.scoping import scope


def invitation(payload: dict[str, Any]) -> Mail:
    """Word the link with which someone joins; payload: `engagement`, `invitation` (ids).

    An operator's link has no sender: it is printed, never emailed.
    """
    with scope(payload["engagement"]):
        row = _invitation(payload)
        inviter, client = one_line(str(row.sent_by)), one_line(row.engagement.client_name)
        subject = f"{inviter} invites you to {client}"
        context = {
            "invitation": row,
            "link": invitation_url(row),
            "inviter": inviter,
            "client": client,
            "subject": subject,
        }
        text = render_to_string("engagements/email/invitation.txt", context).strip()
        html = render_to_string("engagements/email/invitation.html", context)
        return Mail(subject=subject, text=text, html=html)


def invitation_holds(payload: dict[str, Any]) -> bool:
    """Return whether the invitation is open: not accepted, replaced, revoked or expired."""
    with scope(payload["engagement"]):
        row = _invitation(payload)
        return row.is_open(now=timezone.now()) and row.membership.removed_at is None


def _invitation(payload: dict[str, Any]) -> Invitation:
    return Invitation.objects.select_related("membership", "sent_by", "engagement").get(
        engagement_id=payload["engagement"], pk=payload["invitation"]
    )
