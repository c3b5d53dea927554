"""The link that proves a new address: mailed there, followed by whoever is signed in.

The token names person, old and new address, and is signed with the secret key: nothing is stored.
It works while the person is at the old address: no longer once it was followed, and again within
its day if they go back.
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
    """What a link asks for."""

    user_id: int
    old: str
    new: str


def link_to(user: User, *, new: str) -> str:
    """The whole address, for the mail."""
    token = signing.dumps([user.pk, user.email, new], salt=SALT)
    return absolute_url("engagements:address-confirm", token)


def find_change(token: str, *, user: User) -> AddressChange | None:
    """What the link asks for; None where it ran out, or is not for this person at this address."""
    try:
        found = AddressChange(*signing.loads(token, salt=SALT, max_age=VALID_FOR))
    except (signing.BadSignature, TypeError):
        return None
    return found if (found.user_id, found.old) == (user.pk, user.email) else None


def note_asked(session: SessionBase, *, user: User, new: str, now: dt.datetime) -> None:
    """Note in this browser which address waits for its link to be followed, and until when."""
    session[ASKED] = [user.email, new.strip().lower(), (now + VALID_FOR).isoformat()]


def asked(session: SessionBase, *, user: User, now: dt.datetime) -> tuple[str, dt.datetime] | None:
    """The address that waits, and until when; None, and the note is gone, once its link is over."""
    if ASKED not in session:
        return None
    old, new, until = session[ASKED]
    ends_at = dt.datetime.fromisoformat(until)
    if old == user.email and now < ends_at:
        return new, ends_at
    del session[ASKED]
    return None


def forget_others(user: User) -> None:
    """Leave in allauth's own list no address that this person lost, nor theirs under another's name.

    Sign-in looks there too: by such a row a mailbox would open the account of somebody else.
    """
    EmailAddress.objects.filter(Q(user=user) ^ Q(email=user.email)).delete()
