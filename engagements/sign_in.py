from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from engagements.models import User
from engagements.tokens import absolute_url
from notifications import outbox
from notifications.models import Priority


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in is for people who were invited; their mails go through the outbox."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": (
            "This email and password do not go together. Try again, or have a code mailed."
        ),
        "incorrect_code": "That is not the code we mailed. Check it, or ask for a new one.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(  # type: ignore[override]
        self, request: HttpRequest, user: User, **login: Any
    ) -> HttpResponse | None:
        """A code was mailed to the address that they had then: of no use once that has changed."""
        if (email := login["email"]) and email.lower() != user.email:
            request.session.flush()
            messages.error(request, "That code no longer works. Ask for a new one.")
            return redirect("account_login")
        refusal: HttpResponse | None = super().pre_login(request, user, **login)
        return refusal

    def get_reset_password_from_key_url(self, key: str) -> str:
        return absolute_url("account_reset_password_from_key", *key.split("-", 1))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("engagements:profile")

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        # As a page with its own status, so that a script that guesses learns to stop.
        if code == "too_many_login_attempts":
            raise ImmediateHttpResponse(respond_429(current.request))
        error: ValidationError = super().validation_error(code, *args)
        return error

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail now, while the code is known; the worker forgets it once it is sent."""
        context = {**context, "email": email}
        subject = render_to_string(f"{template_prefix}_subject.txt", context)
        text = render_to_string(f"{template_prefix}_message.txt", context)
        recipient = User.objects.filter(email=email.lower()).first()
        outbox.enqueue(
            kind="account-mail",
            recipient=email,
            payload={
                "subject": " ".join(subject.split()),
                "text": text.strip(),
                "until": (timezone.now() + lifetime(template_prefix)).isoformat(),
            },
            dedupe_key=f"account-mail:{uuid4()}",
            user_id=recipient.pk if recipient else None,
            priority=Priority.AWAITED,
        )


def lifetime(template_prefix: str) -> dt.timedelta:
    """How long what the mail holds is of use: a code for minutes, a link for days."""
    if template_prefix.endswith("login_code"):
        return dt.timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
    return dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
