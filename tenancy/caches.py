"""Django's cache for Redis with one client, where Django creates one for each call."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.cache.backends import redis


class KeptClient(redis.RedisCacheClient):
    """A client for one server, created once because that takes longer than most calls."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._kept

    @cached_property
    def _kept(self) -> Any:
        return super().get_client(write=True)


class Cache(redis.RedisCache):
    """The `BACKEND` of `CACHES`."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient
