"""The types of email that carry notices, and the rule of undelivered ones."""

from __future__ import annotations

from engagements import messages
from mail.email_types import register
from notifications.commands import UNDELIVERED, invitation_undelivered
from notifications.digest import mails
from notifications.messages import UNDELIVERED_RULE
from notifications.rules import register_rule


def register_email_types() -> None:
    """Register this app's types of email with the outbox."""
    register(
        "invitation",
        render=messages.invitation,
        still_holds=messages.invitation_holds,
        on_dead=invitation_undelivered,
    )
    for name, render in (("daily", mails.daily), ("urgent", mails.urgent)):
        register(
            name,
            render=render,
            on_sent=mails.mark_sent,
            on_dead=mails.mark_dead,
            on_revived=mails.mark_revived,
        )
    register_rule(UNDELIVERED, UNDELIVERED_RULE)
