"""Counters in Valkey, so that reading a page writes nothing to the database."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

# A socket that broke while it was opened comes out of redis-py as it is (seen under load).
CACHE_ERRORS = (redis.RedisError, OSError)


def counters() -> redis.Redis:
    """Return the client of the cache's server; callers must handle `CACHE_ERRORS`."""
    return _client(settings.CACHES["default"]["LOCATION"])


@cache
def _client(url: str) -> redis.Redis:
    # A reader must not wait long for a server that is down. One retry at once restores a dropped
    # connection.
    once = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(url, socket_timeout=0.5, retry=once, decode_responses=True)
