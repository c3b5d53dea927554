from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db import connection

from accounts.models import User
from tenancy.sql import instance, select_list

USER = f"SELECT {select_list(User, 'u')} FROM accounts_user u WHERE u.id = %s"  # noqa: S608 - columns


class Backend(AuthenticationBackend):
    """Signs people in as allauth does; reads the user of a session without building a query."""

    def get_user(self, user_id: Any) -> User | None:
        with connection.cursor() as cursor:
            cursor.execute(USER, [user_id])
            row = cursor.fetchone()
        user = instance(User, row) if row else None
        return user if self.user_can_authenticate(user) else None
