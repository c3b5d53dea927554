"""How tests sign in, and the mail they read for it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import User
from mail.models import OutboxMessage
from tenancy.scoping import identity
from tests.build import PASSWORD

LOGIN, CODE, CONFIRM = "/accounts/login/", "/accounts/login/code/", "/accounts/login/code/confirm/"
RESET = "/accounts/password/reset/"
SESSION = settings.SESSION_COOKIE_NAME


def typed(email: str = "alice@example.test", password: str = PASSWORD) -> dict[str, str]:
    return {"login": email, "password": password}


def mailed(user: User) -> dict[str, Any]:
    """The latest envelope for this person, as they may read it."""
    with identity(user_id=user.pk):
        return dict(OutboxMessage.objects.filter(user=user).latest("created_at").payload)


def code_for(user: User) -> str:
    return str(mailed(user)["context"]["code"])


def is_signed_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200
