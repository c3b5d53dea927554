"""Sessions in the database, and in the cache for speed (`SESSION_ENGINE`)."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import cached_db, db

from tenancy.counters import CACHE_ERRORS


class SessionStore(cached_db.SessionStore):
    """Reads the database while the cache does not answer, where Django's own would fail the page.

    Ending a session still fails then: the cache would know it again when it is back.
    """

    def load(self) -> dict[str, Any]:
        try:
            return super().load()
        except CACHE_ERRORS:
            return db.SessionStore.load(self)
