"""How often one address may follow share links within a minute.

An office reads behind one address, so reading has room; guessing has little. While Valkey is down
nothing is counted and nobody is kept out: a token of 256 bits is not found by trying.
"""

from __future__ import annotations

import time

import redis
from allauth.core.internal.ratelimit import get_ip
from django.http import HttpRequest

from engagements.counters import counters

SECONDS = 60
READS = 600
WRONG_TOKENS = 20


def asks_too_often(request: HttpRequest) -> bool:
    """Count one more read of this address; true beyond its limit, or after its wrong tokens."""
    reads, wrong = _key(request, "reads"), _key(request, "wrong")
    try:
        with counters().pipeline() as pipe:
            pipe.incr(reads)
            pipe.expire(reads, SECONDS)
            pipe.get(wrong)
            count, _, missed = pipe.execute()
    except redis.RedisError:
        return False
    return bool(count > READS or int(missed or 0) >= WRONG_TOKENS)


def count_wrong_token(request: HttpRequest) -> None:
    """One that leads nowhere, be it made up, expired or revoked."""
    wrong = _key(request, "wrong")
    try:
        with counters().pipeline() as pipe:
            pipe.incr(wrong)
            pipe.expire(wrong, SECONDS)
            pipe.execute()
    except redis.RedisError:
        return


def _key(request: HttpRequest, what: str) -> str:
    # By the minute of the clock: a key that outlived its expiry would count for nothing.
    # The address as sign-in sees it: behind the trusted proxies, of IPv6 the network.
    return f"share-links:{what}:{get_ip(request)}:{int(time.time()) // SECONDS}"
