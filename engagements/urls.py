from __future__ import annotations

from django.urls import include, path

from engagements import views

app_name = "engagements"

# /e/<slug>/
inside = [
    path("settings/", views.settings, name="settings"),
    path("settings/close/", views.engagement_close, name="engagement-close"),
    path("settings/reopen/", views.engagement_reopen, name="engagement-reopen"),
    path("members/", views.member_list, name="member-list"),
    path("members/invite/", views.member_invite, name="member-invite"),
    path("members/invite-several/", views.member_invite_many, name="member-invite-many"),
    path("members/invite-waiting/", views.member_invite_waiting, name="member-invite-waiting"),
    path(
        "members/<str:member>/send-invitation/",
        views.member_send_invitation,
        name="member-send-invitation",
    ),
    path("members/<str:member>/edit/", views.member_update, name="member-update"),
    path(
        "members/<str:member>/withdraw-invitation/",
        views.member_withdraw_invitation,
        name="member-withdraw-invitation",
    ),
    path("members/<str:member>/role/", views.member_change_role, name="member-change-role"),
    path("members/<str:member>/remove/", views.member_remove, name="member-remove"),
    path("share-links/", views.share_link_list, name="share-link-list"),
    path("share-links/new/", views.share_link_create, name="share-link-create"),
    path("share-links/<str:share_link>/edit/", views.share_link_update, name="share-link-update"),
    path("share-links/<str:share_link>/revoke/", views.share_link_revoke, name="share-link-revoke"),
]

urlpatterns = [
    path("engagements/new/", views.engagement_create, name="engagement-create"),
    path("invitations/<str:token>/", views.invitation_accept, name="invitation-accept"),
    path("profile/address/", views.address_change, name="address-change"),
    path("profile/address/<str:token>/", views.address_confirm, name="address-confirm"),
    path("e/<slug:slug>/", include(inside)),
]
