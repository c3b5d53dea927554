"""The link that confirms a new email address: sent to that address, followed while signed in.

The signed token holds user, old and new address, so nothing is stored. It works for a day while
the user still has the old address, so it stops working once it was followed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db.models import Q

from accounts.models import User
from tenancy.tokens import absolute_url

VALID_FOR = dt.timedelta(days=1)
SALT = "engagements.addresses"
ASKED = "asked_address"


@dataclass(frozen=True)
class AddressChange:
    """The change that a link confirms."""

    user_id: int
    old: str
    new: str


def link_to(user: User, *, new: str) -> str:
    """Return the absolute URL for the email."""
    token = signing.dumps([user.pk, user.email, new], salt=SALT)
    return absolute_url("engagements:address-confirm", token)


def find_change(token: str, *, user: User) -> AddressChange | None:
    """Return the change of a link; None if it expired or is not for this user and address."""
    try:
        found = AddressChange(*signing.loads(token, salt=SALT, max_age=VALID_FOR))
    except (signing.BadSignature, TypeError):
        return None
    return found if (found.user_id, found.old) == (user.pk, user.email) else None


def note_asked(session: SessionBase, *, user: User, new: str, now: dt.datetime) -> None:
    """Note in this browser which address waits for its link to be followed, and until when."""
    session[ASKED] = [user.email, new.strip().lower(), (now + VALID_FOR).isoformat()]


def asked(session: SessionBase, *, user: User, now: dt.datetime) -> tuple[str, dt.datetime] | None:
    """Return the unconfirmed address and its deadline; after that, clear the note."""
    if ASKED not in session:
        return None
    old, new, until = session[ASKED]
    ends_at = dt.datetime.fromisoformat(until)
    if old == user.email and now < ends_at:
        return new, ends_at
    del session[ASKED]
    return None


def forget_others(user: User) -> None:
    """Delete allauth's rows for old addresses of this user, and for their address at other users.

    Sign-in reads these rows too, so an old mailbox could open another person's account.
    """
    EmailAddress.objects.filter(Q(user=user) ^ Q(email=user.email)).delete()
