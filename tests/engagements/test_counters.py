"""Whatever Valkey does, whoever follows a link reads the page."""

from __future__ import annotations

import pytest
import redis
from django.test import RequestFactory

from engagements import share_link_limits


@pytest.mark.parametrize("error", [redis.ConnectionError(), OSError(9, "Bad file descriptor")])
def test_nothing_is_counted_while_the_counters_are_away(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def gone() -> redis.Redis:
        raise error

    monkeypatch.setattr(share_link_limits, "counters", gone)

    assert not share_link_limits.asks_too_often(RequestFactory().get("/"))
