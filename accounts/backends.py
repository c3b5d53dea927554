"""Sessions and their users, read at each request.

Settings name it twice: in `SESSION_ENGINE` and in `AUTHENTICATION_BACKENDS`.
"""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import cached_db, db
from django.db import connection

from accounts.models import User
from tenancy.caches import CACHE_ERRORS
from tenancy.models import instance, select_list

USER = f"SELECT {select_list(User, 'u')} FROM accounts_user u WHERE u.id = %s"  # noqa: S608 - columns


class Backend(AuthenticationBackend):
    """allauth's sign-in; the user of a session is read without building a query."""

    def get_user(self, user_id: Any) -> User | None:
        with connection.cursor() as cursor:
            cursor.execute(USER, [user_id])
            row = cursor.fetchone()
        user = instance(User, row) if row else None
        return user if self.user_can_authenticate(user) else None


class SessionStore(cached_db.SessionStore):
    """Sessions in the database and in the cache; without the cache they are read more slowly.

    Ending a session still fails then: the cache would know it again when it is back.
    """

    def load(self) -> dict[str, Any]:
        try:
            return super().load()
        except CACHE_ERRORS:
            return db.SessionStore.load(self)
