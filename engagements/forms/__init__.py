from __future__ import annotations

from engagements.forms.addresses import AddressForm
from engagements.forms.engagements import EngagementCreateForm, SettingsForm
from engagements.forms.inviting import InviteManyForm
from engagements.forms.members import AcceptForm, InviteForm, PlaceholderForm, RoleForm
from engagements.forms.profile import ProfileForm
from engagements.forms.share_links import ShareLinkEditForm, ShareLinkForm

__all__ = [
    "AcceptForm",
    "AddressForm",
    "EngagementCreateForm",
    "InviteForm",
    "InviteManyForm",
    "PlaceholderForm",
    "ProfileForm",
    "RoleForm",
    "SettingsForm",
    "ShareLinkEditForm",
    "ShareLinkForm",
]
