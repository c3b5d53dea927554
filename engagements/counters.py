"""Counts kept in Valkey, so that reading a page writes nothing to the database."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings


def counters() -> redis.Redis:
    """The cache's server; whoever counts there lives with RedisError while it is down."""
    return _client(settings.CACHES["default"]["LOCATION"])


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, decode_responses=True)
