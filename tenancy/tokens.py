"""Tokens of links, derived from their row and the secret key, never stored.

So a link can be shown again to people who can see the row, while the database holds only the hash
that finds the row when the link is followed.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.urls import get_script_prefix, reverse
from django.utils.crypto import salted_hmac

from tenancy.scoping import identity, unscoped


def derive(*, kind: str, row: str) -> str:
    """Return the token of the row: 256 bits, safe in a URL."""
    mac = salted_hmac(f"engagements.{kind}", row, algorithm="sha256")
    return urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def absolute_url(view: str, *args: str) -> str:
    """Return the whole address of a page for emails and for links to copy.

    It is built from SITE_URL. No header of the request can change it.
    """
    return f"{settings.SITE_URL}/{reverse(view, args=args).removeprefix(get_script_prefix())}"


@contextmanager
def presented(token: str) -> Iterator[str]:
    """Read with the rights of this token only; yields the hash to look for."""
    digest = hash_of(token)
    with identity(token=digest), unscoped():
        yield digest
