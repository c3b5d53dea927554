"""Which broker this process rings, for the length of a test."""

from __future__ import annotations

import pytest
from django.conf import settings

from config.celery import app


def ring_at(monkeypatch: pytest.MonkeyPatch, broker_url: str) -> None:
    """Send tasks to `broker_url`, on connections of its own."""
    monkeypatch.setattr(app.conf, "broker_url", broker_url)
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)


def redis_url(database: int) -> str:
    """The tests' Valkey, another of its numbered databases."""
    return f"{settings.REDIS_URL.rsplit('=', 1)[0]}={database}"


def celery_url(url: str) -> str:
    """The address of a Valkey as Celery spells it."""
    return url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
