"""Every tenant table, event tables included, stands behind the whole wall."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

from tests.databases import ROLES, switch
from tests.walls.catalogue import faults, tenant_tables


@pytest.mark.django_db
def test_every_tenant_table_stands_behind_its_wall() -> None:
    assert faults() == []


@pytest.mark.django_db
def test_every_model_with_an_engagement_is_among_the_tables_looked_at() -> None:
    models = {
        model._meta.db_table
        for model in apps.get_models()
        if any(field.column == "engagement_id" for field in model._meta.local_fields)
    }

    assert models <= set(tenant_tables())
    assert any(table.endswith("event") for table in models)


@pytest.mark.django_db
def test_the_running_role_owns_nothing_and_cannot_bypass() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
        cursor.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
            " WHERE r.rolname = current_user"
        )
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
            " WHERE r.rolname = current_user"
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("CREATE TABLE planted (engagement_id bigint)", "planted: row level security"),
        ("CREATE TABLE planted (engagement_id bigint)", "planted: no policy"),
        (
            "ALTER TABLE okrs_keyresult NO FORCE ROW LEVEL SECURITY",
            "okrs_keyresult: row level security",
        ),
        ("DROP POLICY tenant ON okrs_teamevent", "okrs_teamevent: no policy"),
        ("CREATE POLICY planted ON okrs_team USING (true)", "okrs_team: policy planted"),
        (
            "ALTER POLICY tenant ON okrs_team USING (true) WITH CHECK (true)",
            "okrs_team: no policy",
        ),
        (
            "CREATE POLICY known ON okrs_team FOR SELECT USING (true)",
            "okrs_team: policy known",
        ),
        (
            "CREATE POLICY sweep_select ON metrics_metric FOR SELECT TO plumbline_sweep USING (true)",
            "metrics_metric: policy sweep_select",
        ),
        (
            "ALTER POLICY sweep_select ON okrs_team TO PUBLIC",
            "okrs_team: policy sweep_select",
        ),
        ("CREATE INDEX planted ON okrs_team (name)", "okrs_team: index planted"),
        (
            "ALTER TABLE okrs_objective ADD FOREIGN KEY (cycle_id) REFERENCES okrs_cycle (id)",
            "okrs_objective: key okrs_objective_cycle_id_fkey",
        ),
    ],
)
def test_it_goes_red_on_a_planted_fault(committed: str, statement: str, fault: str) -> None:
    switch(role=ROLES["owner"])
    with connection.cursor() as cursor:
        cursor.execute(statement)
    switch(role=ROLES["default"])

    assert any(found.startswith(fault) for found in faults())
