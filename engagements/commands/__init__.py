"""Every change of who takes part, and of the engagement they take part in."""

from __future__ import annotations

from engagements.commands.engagements import (
    close_engagement,
    create_engagement,
    freeze_bands,
    prepare_engagement,
    reopen_engagement,
    update_engagement,
)
from engagements.commands.invitations import (
    accept_as_user,
    accept_invitation,
    correct_placeholder,
    invite_member,
    invite_members,
    invite_waiting,
    send_invitation,
    withdraw_invitation,
)
from engagements.commands.members import (
    add_placeholder,
    add_placeholders,
    change_role,
    remove_member,
)
from engagements.commands.profiles import ask_for_address, change_address, update_profile
from engagements.commands.share_links import (
    count_share_link_views,
    create_share_link,
    revoke_share_link,
    update_share_link,
)

__all__ = [
    "accept_as_user",
    "accept_invitation",
    "add_placeholder",
    "add_placeholders",
    "ask_for_address",
    "change_address",
    "change_role",
    "close_engagement",
    "correct_placeholder",
    "count_share_link_views",
    "create_engagement",
    "create_share_link",
    "freeze_bands",
    "invite_member",
    "invite_members",
    "invite_waiting",
    "prepare_engagement",
    "remove_member",
    "reopen_engagement",
    "revoke_share_link",
    "send_invitation",
    "update_engagement",
    "update_profile",
    "update_share_link",
    "withdraw_invitation",
]
