"""Counts kept in Valkey, so that reading a page writes nothing to the database."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

# A socket that broke while it was opened comes out of redis-py as it is (seen under load).
AWAY = (redis.RedisError, OSError)


def counters() -> redis.Redis:
    """The cache's server; whoever counts there lives with `AWAY`."""
    return _client(settings.CACHES["default"]["LOCATION"])


@cache
def _client(url: str) -> redis.Redis:
    # Whoever reads must not wait long for a server that is down; one more try, at once, mends a
    # connection that it dropped.
    once = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(url, socket_timeout=0.5, retry=once, decode_responses=True)
