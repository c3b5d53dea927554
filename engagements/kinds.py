"""The kinds of mail of this room, and the rules of its notices: how each is written and ends."""

from __future__ import annotations

from engagements import messages
from engagements.commands.notices import UNDELIVERED, invitation_undelivered
from engagements.envelopes import mails
from engagements.notice_rules import register_rule
from notifications.kinds import register


def register_kinds() -> None:
    """Tell the outbox how each kind is written, when it still matters, and what follows."""
    register(
        "invitation",
        render=messages.invitation,
        still_holds=messages.invitation_holds,
        on_dead=invitation_undelivered,
    )
    register(
        "account-mail",
        render=messages.account_mail,
        still_holds=messages.account_mail_holds,
        forget=True,
    )
    register(
        "sign-in-mail",
        render=messages.sign_in_mail,
        still_holds=messages.account_mail_holds,
        forget=True,
    )
    for name, render in (("daily", mails.daily), ("urgent", mails.urgent)):
        register(
            name,
            render=render,
            on_sent=mails.mark_sent,
            on_dead=mails.mark_dead,
            on_revived=mails.mark_revived,
        )
    register_rule(UNDELIVERED, messages.UNDELIVERED_RULE)
