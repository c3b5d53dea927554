"""The link at the foot of a mail that stops mails of its kind, without signing in.

The token names its person and is signed with the secret key, so nothing is stored. It does not
expire: whoever finds an old mail may still stop the next one.
"""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

from accounts.models import User
from tenancy.tokens import absolute_url


def token_of(user_id: int) -> str:
    return _signer().sign(str(user_id))


def user_of(token: str) -> User | None:
    """The person of that token; None where it was not made here, or their account is closed."""
    try:
        user_id = int(_signer().unsign(token))
    except (BadSignature, ValueError):
        return None
    return User.objects.filter(pk=user_id, is_active=True).first()


def stop_link(user_id: int) -> str:
    """The whole address, for mails."""
    return absolute_url("notifications:notices-stop", token_of(user_id))


def masked(email: str) -> str:
    """Enough of an address for its owner to know it, and no more: “d…@northwind.test”."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


def _signer() -> Signer:
    # A point ends no word of an address where mail programs look for links.
    return Signer(salt="engagements.stop_link", sep=".")
