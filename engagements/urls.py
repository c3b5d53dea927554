from django.urls import include, path

from engagements.views import engagements, members, people

app_name = "engagements"

# /e/<slug>/
inside = [
    path("settings/", engagements.settings, name="settings"),
    path("settings/close/", engagements.engagement_close, name="engagement-close"),
    path("settings/reopen/", engagements.engagement_reopen, name="engagement-reopen"),
    path("members/", members.member_list, name="member-list"),
    path("members/hand-over/", members.hand_over, name="hand-over"),
    path("members/invite/", members.member_invite, name="member-invite"),
    path("members/invite-several/", members.member_invite_many, name="member-invite-many"),
    path("members/invite-waiting/", members.member_invite_waiting, name="member-invite-waiting"),
    path(
        "members/<str:member>/send-invitation/",
        members.member_send_invitation,
        name="member-send-invitation",
    ),
    path("members/<str:member>/edit/", members.member_update, name="member-update"),
    path(
        "members/<str:member>/withdraw-invitation/",
        members.member_withdraw_invitation,
        name="member-withdraw-invitation",
    ),
    path("members/<str:member>/role/", members.member_change_role, name="member-change-role"),
    path("members/<str:member>/remove/", members.member_remove, name="member-remove"),
    path("share-links/", engagements.share_link_list, name="share-link-list"),
    path("share-links/new/", engagements.share_link_create, name="share-link-create"),
    path(
        "share-links/<str:share_link>/edit/",
        engagements.share_link_update,
        name="share-link-update",
    ),
    path(
        "share-links/<str:share_link>/revoke/",
        engagements.share_link_revoke,
        name="share-link-revoke",
    ),
]

urlpatterns = [
    path("engagements/new/", engagements.engagement_create, name="engagement-create"),
    path("invitations/<str:token>/", people.invitation_accept, name="invitation-accept"),
    path("profile/address/", people.address_change, name="address-change"),
    path("profile/address/<str:token>/", people.address_confirm, name="address-confirm"),
    path("e/<slug:slug>/", include(inside)),
]
