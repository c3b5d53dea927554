"""The pages of allauth that are used, under allauth's own names.

There is no sign-up and no reauthentication, and the address is changed in the profile. Pages of
allauth that are not listed here don't exist.
"""

from __future__ import annotations

from allauth.account import views
from django.urls import path, re_path

from accounts.limits import CODES, PASSWORDS, RESETS
from accounts.sign_in import limited, of_account, of_network, of_person, of_session

login = limited(views.login, of_account(PASSWORDS, field="login"))
request_code = limited(views.request_login_code, of_account(CODES, field="email"))
reset = limited(views.password_reset, of_account(RESETS, field="email"))

urlpatterns = [
    path("login/", login, name="account_login"),
    # In an email that is never sent: allauth wants a link for addresses without an account.
    path("login/", login, name="account_signup"),
    path("login/code/", request_code, name="account_request_login_code"),
    path(
        "login/code/confirm/",
        limited(views.confirm_login_code, of_session),
        name="account_confirm_login_code",
    ),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path(
        "password/change/",
        limited(views.password_change, of_person),
        name="account_change_password",
    ),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        limited(views.password_reset_from_key, of_network),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
