"""How often one address may follow share links within a minute.

An office reads behind one address, so reading has room; guessing has little. While Valkey is down
nothing is counted and nobody is kept out: a token of 256 bits is not found by trying.
"""

from __future__ import annotations

import time

from allauth.core.internal.ratelimit import get_ip
from django.http import HttpRequest

from engagements.counters import AWAY, counters

SECONDS = 60
READS = 600
WRONG_TOKENS = 20


def asks_too_often(request: HttpRequest) -> bool:
    """Count one more read of this address; true beyond its limit."""
    return _count(request, "reads") > READS


def guesses_too_often(request: HttpRequest) -> bool:
    """Count one more token that leads nowhere, made up, expired or revoked; true beyond the limit.

    Whoever holds a link that works is let in all the same: the office shares its address.
    """
    return _count(request, "wrong") > WRONG_TOKENS


def _count(request: HttpRequest, what: str) -> int:
    key = _key(request, what)
    try:
        with counters().pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, SECONDS)
            return int(pipe.execute()[0])
    except AWAY:
        return 0


def _key(request: HttpRequest, what: str) -> str:
    # By the minute of the clock: a key that outlived its expiry would count for nothing.
    # The address as sign-in sees it: behind the trusted proxies, of IPv6 the network.
    return f"share-links:{what}:{get_ip(request)}:{int(time.time()) // SECONDS}"
