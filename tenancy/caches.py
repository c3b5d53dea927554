"""The cache's server (Valkey or Redis): Django's cache with one client, and counters.

Counters are written where reading a page must write nothing to the database.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from redis.backoff import NoBackoff
from redis.retry import Retry

# A socket that broke while it was opened comes out of redis-py as it is (seen under load).
CACHE_ERRORS = (redis.RedisError, OSError)


class Cache(BaseCache):
    """The `BACKEND` of `CACHES`, with one client.

    Django's own creates one for each call, which takes longer than most calls.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.client = _client(server)

    def validate_key(self, key: str) -> None:
        """Accept any key: only memcached refuses some, and a long list has many keys to read."""

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self.get_many([key], version).get(key, default)

    def get_many(self, keys: Iterable[Any], version: Any = None) -> dict[Any, Any]:
        names = {key: self.make_and_validate_key(key, version=version) for key in keys}
        found: list[Any] = self.client.mget(names.values()) if names else []
        return {
            key: pickle.loads(value)  # noqa: S301 - only this application writes there
            for key, value in zip(names, found, strict=True)
            if value is not None
        }

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        name = self.make_and_validate_key(key, version=version)
        lasts = self.get_backend_timeout(timeout)
        return bool(self.client.set(name, pickle.dumps(value), ex=lasts, nx=True))

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        self.set_many({key: value}, timeout, version)

    def set_many(
        self, data: Mapping[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> list[Any]:
        lasts = self.get_backend_timeout(timeout)
        with self.client.pipeline() as pipe:
            for key, value in data.items():
                name = self.make_and_validate_key(key, version=version)
                pipe.set(name, pickle.dumps(value), ex=lasts)
            pipe.execute()
        return []

    def delete(self, key: Any, version: Any = None) -> bool:
        return bool(self.client.delete(self.make_and_validate_key(key, version=version)))

    def clear(self) -> None:
        self.client.flushdb()

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> int | None:
        """Return the seconds that a value lasts, 1 for one that has expired, None for ever."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else max(1, int(seconds))


def counters() -> redis.Redis:
    """Return the client of the cache's server; callers must handle `CACHE_ERRORS`."""
    return _client(settings.CACHES["default"]["LOCATION"], decode_responses=True)


@cache
def _client(url: str, *, decode_responses: bool = False) -> redis.Redis:
    # A reader must not wait long for a server that is down or hangs. One retry at once restores a
    # dropped connection.
    return redis.Redis.from_url(
        url, socket_timeout=0.5, retry=Retry(NoBackoff(), 1), decode_responses=decode_responses
    )
