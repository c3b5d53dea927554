"""The link in an email's footer that turns off its kind of email without signing in.

The token holds the user and is signed with the secret key, so nothing is stored. It doesn't
expire, so that the link in an old email still works.
"""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

from accounts.models import User
from tenancy.tokens import absolute_url


def token_of(user_id: int) -> str:
    return _signer().sign(str(user_id))


def user_of(token: str) -> User | None:
    """Return the user of the token; None if it is invalid or the account is closed."""
    try:
        user_id = int(_signer().unsign(token))
    except (BadSignature, ValueError):
        return None
    return User.objects.filter(pk=user_id, is_active=True).first()


def stop_link(user_id: int) -> str:
    """Return the absolute URL for emails."""
    return absolute_url("notifications:notices-stop", token_of(user_id))


def masked(email: str) -> str:
    """Enough of an address for its owner to know it, and no more: “d…@northwind.test”."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


def _signer() -> Signer:
    # A point ends no word of an address where mail programs look for links.
    return Signer(salt="engagements.stop_link", sep=".")
