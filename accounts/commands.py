"""Changes of an account, and the link that confirms a new email address.

The link is sent to that address and followed while signed in. Its signed token holds user, old and
new address, so nothing is stored. It works for a day while the user still has the old address, so
it stops working once it was followed.
"""

from __future__ import annotations

import datetime as dt

from allauth.account.models import EmailAddress
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db.models import Q

from accounts.models import User
from tenancy.text import address_key
from tenancy.tokens import absolute_url

VALID_FOR = dt.timedelta(days=1)
SALT = "engagements.addresses"
REQUESTED = "asked_address"


def end_other_sessions(*, user: User, now: dt.datetime) -> None:
    """Sign this person out everywhere, with the next request of each session.

    A caller that continues its own session must renew it.
    """
    user.signed_out_at = now
    user.save(update_fields=["signed_out_at"])


def disable_user(*, user: User) -> None:
    """Close an account everywhere: no sign-in, and every open session ends at its next request."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    forget_others(user)


def forget_others(user: User) -> None:
    """Delete allauth's rows for old addresses of this user, and for their address at other users.

    Sign-in reads these rows too, so an old mailbox could open another person's account.
    """
    EmailAddress.objects.filter(Q(user=user) ^ Q(email=user.email)).delete()


def link_to(user: User, *, new: str) -> str:
    token = signing.dumps([user.pk, user.email, new], salt=SALT)
    return absolute_url("engagements:address-confirm", token)


def find_new_address(token: str, *, user: User) -> str | None:
    """Return the address of a link; None if it expired or is not for this user and address."""
    try:
        user_id, old, new = signing.loads(token, salt=SALT, max_age=VALID_FOR)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return str(new) if (user_id, old) == (user.pk, user.email) else None


def note_requested(session: SessionBase, *, user: User, new: str, now: dt.datetime) -> None:
    """Note in this browser which address waits for its link to be followed, and until when."""
    session[REQUESTED] = [user.email, address_key(new), (now + VALID_FOR).isoformat()]


def requested_address(
    session: SessionBase, *, user: User, now: dt.datetime
) -> tuple[str, dt.datetime] | None:
    """Return the unconfirmed address and its deadline; after that, clear the note."""
    if REQUESTED not in session:
        return None
    old, new, until = session[REQUESTED]
    ends_at = dt.datetime.fromisoformat(until)
    if old == user.email and now < ends_at:
        return new, ends_at
    del session[REQUESTED]
    return None
