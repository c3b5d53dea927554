"""The pages of allauth that are used, under allauth's own names.

There is no sign-up and no reauthentication, and the address is changed in the profile. Pages of
allauth that are not listed here don't exist.
"""

from allauth.account import views
from django.urls import path, re_path

from accounts.limits import (
    CODE_GUESSES,
    CODES,
    PASSWORD_CHANGES,
    PASSWORDS,
    RESET_LINKS,
    RESETS,
    network_of,
)
from accounts.sign_in import cleaned, limited, of_account
from tenancy.text import one_line

login = limited(cleaned(views.login, field="login"), of_account(PASSWORDS, field="login"))
request_code = limited(
    cleaned(views.request_login_code, field="email"), of_account(CODES, field="email")
)
reset = limited(cleaned(views.password_reset, field="email"), of_account(RESETS, field="email"))
confirm_code = limited(
    cleaned(views.confirm_login_code, field="code", clean=one_line),
    lambda request: [(CODE_GUESSES, (request.session.session_key,))],
)
change_password = limited(
    views.password_change, lambda request: [(PASSWORD_CHANGES, (request.user.pk,))]
)
reset_from_key = limited(
    views.password_reset_from_key, lambda request: [(RESET_LINKS, (network_of(request),))]
)

urlpatterns = [
    path("login/", login, name="account_login"),
    # In an email that is never sent: allauth wants a link for addresses without an account.
    path("login/", login, name="account_signup"),
    path("login/code/", request_code, name="account_request_login_code"),
    path("login/code/confirm/", confirm_code, name="account_confirm_login_code"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", change_password, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
