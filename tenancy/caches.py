"""The cache's server (Valkey or Redis): Django's cache with one client, and counters.

Counters are written where reading a page must write nothing to the database.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

import redis
from django.conf import settings
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.retry import Retry

# A socket that broke while it was opened comes out of redis-py as it is (seen under load).
CACHE_ERRORS = (redis.RedisError, OSError)


class KeptClient(RedisCacheClient):
    """A client for one server, created once because that takes longer than most calls."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._kept

    @cached_property
    def _kept(self) -> Any:
        return super().get_client(write=True)


class Cache(RedisCache):
    """The `BACKEND` of `CACHES`."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient


def counters() -> redis.Redis:
    """Return the client of the cache's server; callers must handle `CACHE_ERRORS`."""
    return _client(settings.CACHES["default"]["LOCATION"])


@cache
def _client(url: str) -> redis.Redis:
    # A reader must not wait long for a server that is down. One retry at once restores a dropped
    # connection.
    once = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(url, socket_timeout=0.5, retry=once, decode_responses=True)
