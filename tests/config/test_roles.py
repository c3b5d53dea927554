from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from config.startup import refuse_unsafe_start
from tests.databases import ROLES, switch


def test_it_refuses_a_role_that_owns_tables_or_bypasses_the_walls(committed: str) -> None:
    switch(role=ROLES["owner"])

    with pytest.raises(ImproperlyConfigured, match="row level security"):
        refuse_unsafe_start()


def test_it_starts_as_the_application(committed: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("plumbline_app",)

    refuse_unsafe_start()
