"""Addresses of web pages as people paste them: read, completed and checked in one place."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from django.core.exceptions import ValidationError

LONGEST_LINK = 2000
NO_LINK = "Enter a full address, for example https://example.com/report."
TOO_LONG = f"Use an address of at most {LONGEST_LINK:,} characters."
SCHEME = re.compile(r"https?://", re.IGNORECASE)
# "www.example.com/report", "example.com:8443": a name with an ending, not "intranet/report".
DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}\w)?\.){1,20}[^\W\d_]{2,63}(?::\d+)?(?:[/?#]|$)")
HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]{0,45}:[0-9a-f:.]{0,45}", re.IGNORECASE)
UNSAFE = re.compile(r'[\s"<>\\^`{|}]')
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_link(text: str) -> str:
    """Return the address as it is stored: with its scheme, and spaces encoded; "" for none.

    Hosts may be names of an intranet, with or without a port. Raises ValidationError: `invalid`,
    also for a user name or password in the address, `max_length`.
    """
    text = text.strip()
    if not text:
        return ""
    link = text if SCHEME.match(text) else f"https://{text}" if DOMAIN.match(text) else ""
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").removesuffix(".").encode("idna").decode()
        is_valid = HOST.fullmatch(host) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # of brackets, the port or an international name
        is_valid = False
    if not is_valid or CONTROL.search(text):
        raise ValidationError(NO_LINK, code="invalid")
    start = link.index(parts.netloc) + len(parts.netloc)
    link = link[:start] + UNSAFE.sub(lambda unsafe: quote(unsafe[0]), link[start:])
    if len(link) > LONGEST_LINK:
        raise ValidationError(TOO_LONG, code="max_length")
    return link
