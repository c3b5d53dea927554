from __future__ import annotations

from engagements.views.engagements import engagement_create, settings
from engagements.views.invitations import invitation_accept
from engagements.views.members import (
    member_change_role,
    member_invite,
    member_list,
    member_remove,
    member_send_invitation,
)
from engagements.views.notices import notices_stop
from engagements.views.profile import profile
from engagements.views.share_links import (
    share_link_create,
    share_link_list,
    share_link_revoke,
)

__all__ = [
    "engagement_create",
    "invitation_accept",
    "member_change_role",
    "member_invite",
    "member_list",
    "member_remove",
    "member_send_invitation",
    "notices_stop",
    "profile",
    "settings",
    "share_link_create",
    "share_link_list",
    "share_link_revoke",
]
