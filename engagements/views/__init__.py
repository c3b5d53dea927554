from __future__ import annotations

from engagements.views.addresses import address_change, address_confirm
from engagements.views.closing import engagement_close, engagement_reopen
from engagements.views.engagements import engagement_create, settings
from engagements.views.invitations import invitation_accept
from engagements.views.inviting import member_invite_many, member_invite_waiting
from engagements.views.members import (
    member_change_role,
    member_invite,
    member_list,
    member_remove,
    member_send_invitation,
    member_update,
    member_withdraw_invitation,
)
from engagements.views.share_links import (
    share_link_create,
    share_link_list,
    share_link_revoke,
    share_link_update,
)

__all__ = [
    "address_change",
    "address_confirm",
    "engagement_close",
    "engagement_create",
    "engagement_reopen",
    "invitation_accept",
    "member_change_role",
    "member_invite",
    "member_invite_many",
    "member_invite_waiting",
    "member_list",
    "member_remove",
    "member_send_invitation",
    "member_update",
    "member_withdraw_invitation",
    "settings",
    "share_link_create",
    "share_link_list",
    "share_link_revoke",
    "share_link_update",
]
