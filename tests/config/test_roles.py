from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

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


@pytest.mark.parametrize(
    ("table", "privilege"),
    [("checkins_checkin", "DELETE"), ("decisions_decisionhead", "INSERT")],
)
def test_it_refuses_a_role_that_may_change_what_is_only_added_to(
    committed: str, table: str, privilege: str
) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"GRANT {privilege} ON {table} TO plumbline_app")

    with pytest.raises(ImproperlyConfigured, match=rf"{table}\..*manage\.py migrate"):
        refuse_unsafe_start()
