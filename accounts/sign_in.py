"""Sign-in by allauth: its adapter, limits on attempts, and known devices.

The device cookie lets the owner sign in while strangers use up the limits of the account. It holds
the account as a keyed hash and gives no access by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string, salted_hmac

from accounts import limits
from accounts.limits import Tries, VisitorLimits, too_often
from accounts.messages import enqueue_account_mail
from accounts.models import User
from tenancy.text import address_key
from tenancy.tokens import absolute_url

View = Callable[..., HttpResponseBase]
PASSWORD_SAVED = ("account/messages/password_changed.txt", "account/messages/password_set.txt")
SALT = "__Host-device"  # with another one no device would be known any more
DEVICE_LASTS = dt.timedelta(days=365)


class AccountAdapter(DefaultAccountAdapter):
    """allauth for people who were invited; its emails go through the outbox."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": (
            "Wrong email or password. Try again, or ask for a sign-in code."
        ),
        "incorrect_code": "Wrong code. Check it, or ask for a new one.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(  # type: ignore[override]
        self, request: HttpRequest, user: User, **login: Any
    ) -> HttpResponse | None:
        """Refuse a code that was emailed to an address the user no longer has."""
        if (email := login["email"]) and email != user.email:
            request.session.flush()
            messages.error(request, "That code no longer works. Ask for a new one.")
            return redirect("account_login")
        refusal: HttpResponse | None = super().pre_login(request, user, **login)
        return refusal

    def get_reset_password_from_key_url(self, key: str) -> str:
        return absolute_url("account_reset_password_from_key", *key.split("-", 1))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("notifications:profile")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *context: Any,
        **given: Any,
    ) -> None:
        """Confirm a new password only; the other pages of allauth show the outcome themselves."""
        if message_template in PASSWORD_SAVED:
            messages.success(request, "Password changed.")
        elif message_template is None:
            super().add_message(request, level, **given)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Store the code or link for a worker, which writes the email and then deletes it.

        An unknown address gets a row as well, which the worker cancels: so asking takes the same
        time, whether or not an account has the address.
        """
        enqueue_account_mail(
            "sign-in-mail",
            email,
            template=template_prefix,
            context={
                name: context[name] for name in ("code", "password_reset_url") if name in context
            },
            valid_for=lifetime(template_prefix),
            user=User.objects.filter(email=email).first(),
        )


def lifetime(template_prefix: str) -> dt.timedelta:
    """Return how long the email's code (minutes) or link (days) works."""
    if template_prefix.endswith("login_code"):
        return dt.timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
    return dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def limited(view: View, tries: Callable[[HttpRequest], Tries]) -> View:
    """Refuse a form that is sent too often; one that signs in is not counted."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        counted, was_signed_in = tries(request), request.user.is_authenticated
        if limit := limits.first_exceeded(counted):
            return too_often(request, limit)
        response = view(request, *args, **kwargs)
        if isinstance(request.user, User) and not was_signed_in:
            limits.uncount(counted)
            remember_device(response, request.user)
        return response

    return guarded


def cleaned(view: View, *, field: str, clean: Callable[[str], str] = address_key) -> View:
    """Hand the view this field as it is compared, without invisible characters."""

    @wraps(view)
    def with_clean_field(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if field in request.POST:
            fields = request.POST.copy()
            fields[field] = clean(request.POST[field])
            request.POST = fields  # type: ignore[assignment]
        return view(request, *args, **kwargs)

    return with_clean_field


def of_account(of: VisitorLimits, *, field: str) -> Callable[[HttpRequest], Tries]:
    """Count by the account that this field of the form names."""

    def tries(request: HttpRequest) -> Tries:
        email = address_key(request.POST.get(field, ""))
        if device := known_device(request, email=email):
            return [(of.device, (email, device))]
        network = limits.network_of(request)
        return [
            (of.network, (network,)),
            (of.account_from_network, (email, network)),
            (of.account, (email,)),
        ]

    return tries


def remember_device(response: HttpResponseBase, user: User) -> None:
    """Note in this browser that its owner has signed in to the account."""
    device = get_random_string(16)
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        TimestampSigner(salt=SALT).sign(f"{device}.{_owner(device, user.email)}"),
        max_age=DEVICE_LASTS,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def known_device(request: HttpRequest, *, email: str) -> str:
    """Return the device's id where the account of this address was signed in to on it, or ""."""
    try:
        cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
        signed = TimestampSigner(salt=SALT).unsign(cookie, max_age=DEVICE_LASTS)
    except BadSignature:
        return ""
    device, _, owner = signed.partition(".")
    return device if constant_time_compare(owner, _owner(device, email)) else ""


def _owner(device: str, email: str) -> str:
    account = f"{device}:{email}"
    return salted_hmac(SALT, account, algorithm="sha256").hexdigest()
