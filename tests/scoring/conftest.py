"""Nothing in this folder needs a service, and property tests are not timed."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("scoring", deadline=None, database=None)
settings.load_profile("scoring")


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Scoring leaves no trace in the cache, so there is none to empty."""
