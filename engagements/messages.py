"""What this room's mails say, written when a worker is about to send them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from engagements.invitations import link_of
from engagements.models import Invitation
from engagements.scoping import scope
from notifications.kinds import Mail, register


def register_kinds() -> None:
    """Tell the outbox how each kind of mail of this room is written, and when it still matters."""
    register("invitation", render=invitation, still_holds=invitation_holds)
    register("account-mail", render=account_mail, still_holds=account_mail_holds, forget=True)


def invitation(payload: dict[str, Any]) -> Mail:
    """The link with which somebody joins; payload: `engagement`, `invitation` (ids)."""
    with scope(payload["engagement"]):
        row = _invitation(payload)
        context = {"invitation": row, "link": link_of(row), "engagement": row.engagement}
        text = render_to_string("engagements/email/invitation.txt", context).strip()
        return Mail(subject=f"{row.sent_by.name} invites you to {row.engagement}", text=text)


def invitation_holds(payload: dict[str, Any]) -> bool:
    """Not once it was accepted, replaced, taken back or ran out."""
    with scope(payload["engagement"]):
        row = _invitation(payload)
        return row.is_open(now=timezone.now()) and row.membership.removed_at is None


def account_mail(payload: dict[str, Any]) -> Mail:
    """A sign-in code or a link to a new password; payload: `subject`, `text`, `until` (ISO)."""
    return Mail(subject=payload["subject"], text=payload["text"])


def account_mail_holds(payload: dict[str, Any]) -> bool:
    """Not once the code or the link in it has run out."""
    return timezone.now() < dt.datetime.fromisoformat(payload["until"])


def _invitation(payload: dict[str, Any]) -> Invitation:
    return Invitation.objects.select_related("membership", "sent_by", "engagement").get(
        engagement_id=payload["engagement"], pk=payload["invitation"]
    )
