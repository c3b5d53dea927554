"""The walls, keys and triggers that each tenant table has in the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests.databases import ROLES, switch

TENANT_TABLES = """
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
      AND (c.relname = 'engagements_engagement' OR EXISTS (
        SELECT 1 FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'engagement_id' AND NOT a.attisdropped))
    ORDER BY c.relname
"""
# Named exceptions: found before a tenant is known.
READ_BEFORE_A_SCOPE = {
    "engagements_engagement",
    "engagements_membership",
    "engagements_invitation",
    "engagements_sharelink",
}
# What the sweeps' role may do over all tenants, beside reading nothing.
SWEPT = {
    "engagements_engagement": {"sweep_select": "r", "sweep_update": "w"},
    "engagements_membership": {"sweep_select": "r"},
    "notifications_notice": {"sweep_select": "r", "sweep_insert": "a", "sweep_update": "w"},
    "okrs_cycle": {"sweep_select": "r"},
    "okrs_team": {"sweep_select": "r"},
    "status_snapshot": {"sweep_select": "r"},
    "okrs_objective": {"sweep_select": "r"},
    "okrs_keyresult": {"sweep_select": "r"},
    "imports_sheet": {"sweep_select": "r"},
    "checkins_checkin": {"sweep_select": "r"},
    "checkins_blocker": {"sweep_select": "r"},
    "escalations_escalation": {"sweep_select": "r"},
}
INDEXES_WITHOUT_TENANT = {
    "membership_of_user",
    "invitation_token_once",
    "sharelink_token_once",
    "engagements_engagement_slug_key",
    "engagements_engagement_slug_like",
}


def faults() -> list[str]:
    return [fault for table in _rows(TENANT_TABLES) for fault in _faults_of(*table)]


def _faults_of(oid: int, name: str, secured: bool, forced: bool) -> list[str]:
    found = []
    if not (secured and forced):
        found.append(f"{name}: row level security is not forced")
    found += [f"{name}: {fault}" for fault in _policy_faults(oid, name)]
    found += [f"{name}: key {key} leaves the tenant out" for key in _plain_keys(oid, name)]
    if name != "engagements_engagement":
        found += [
            f"{name}: index {index} does not lead with engagement_id"
            for index in _foreign_indexes(oid)
        ]
    return found


def _policy_faults(oid: int, name: str) -> list[str]:
    """One policy for all commands with the wall's own words, and no other but the named ones."""
    column = "id" if name == "engagements_engagement" else "engagement_id"
    wall = (
        f"({column} = ANY ((NULLIF(current_setting('app.engagements'::text, true),"
        " ''::text))::bigint[]))"
    )
    policies = _rows(
        "SELECT polname, polcmd::text, polpermissive, pg_get_expr(polqual, polrelid),"
        " pg_get_expr(polwithcheck, polrelid), polroles::regrole[]::text"
        " FROM pg_policy WHERE polrelid = %s ORDER BY polname",
        oid,
    )
    faults = []
    if ("tenant", "*", True, wall, wall, "{-}") not in policies:
        faults.append("no policy with the wall's USING and WITH CHECK")
    for policy, command, *_, roles in policies:
        readable = policy == "known" and command == "r" and name in READ_BEFORE_A_SCOPE
        swept = SWEPT.get(name, {}).get(policy) == command and roles == "{plumbline_sweep}"
        if policy != "tenant" and not readable and not swept:
            faults.append(f"policy {policy} opens another way")
    return faults


def _plain_keys(oid: int, name: str) -> list[str]:
    """Foreign keys into another tenant table that do not carry the engagement."""
    column = "id" if name == "engagements_engagement" else "engagement_id"
    return [
        key
        for (key,) in _rows(
            """
        SELECT k.conname FROM pg_constraint k
        JOIN pg_class target ON target.oid = k.confrelid
        WHERE k.conrelid = %s AND k.contype = 'f' AND target.relname <> 'engagements_engagement'
          AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = k.confrelid
                      AND a.attname = 'engagement_id')
          AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = k.conrelid
                          AND a.attname = %s AND a.attnum = ANY (k.conkey))
        """,
            oid,
            column,
        )
    ]


def _foreign_indexes(oid: int) -> list[str]:
    rows = _rows(
        """
        SELECT i.relname FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid
        LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
        WHERE x.indrelid = %s AND NOT x.indisprimary
          AND a.attname IS DISTINCT FROM 'engagement_id'
        """,
        oid,
    )
    return [name for (name,) in rows if name not in INDEXES_WITHOUT_TENANT]


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


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

    assert models <= {name for _, name, *_ in _rows(TENANT_TABLES)}
    assert any(table.endswith("event") for table in models)


@pytest.mark.django_db
def test_the_running_role_owns_nothing_and_cannot_bypass() -> None:
    me = "pg_roles r WHERE r.rolname = current_user"
    assert _rows(f"SELECT rolsuper, rolbypassrls FROM {me}") == [(False, False)]
    assert _rows(f"SELECT relname FROM pg_class c, {me} AND r.oid = c.relowner") == []
    assert _rows(f"SELECT roleid FROM pg_auth_members m, {me} AND r.oid = m.member") == []


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
        ("ALTER POLICY tenant ON okrs_team USING (true) WITH CHECK (true)", "okrs_team: no policy"),
        ("CREATE POLICY known ON okrs_team FOR SELECT USING (true)", "okrs_team: policy known"),
        (
            "CREATE POLICY sweep_select ON metrics_metric FOR SELECT TO plumbline_sweep USING (true)",
            "metrics_metric: policy sweep_select",
        ),
        ("ALTER POLICY sweep_select ON okrs_team TO PUBLIC", "okrs_team: policy sweep_select"),
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


@pytest.mark.django_db
def test_what_is_only_added_to_is_guarded_by_a_trigger() -> None:
    """The application may not change these tables; the trigger stops their owner, too."""
    models = apps.get_models()
    tables = {"checkins_checkin", "decisions_decision", "decisions_release", "status_report"}
    tables |= {model._meta.db_table for model in models if hasattr(model, "pgh_tracked_model")}
    # 8 and 16: on deleting and on updating a row.
    rows = _rows(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE starts_with(tgname,"
        " 'pgtrigger_append_only') AND tgenabled = 'O' AND tgtype & 24 = 24"
    )
    guarded = {table for (table,) in rows}

    assert any(table.endswith("event") for table in tables)
    assert tables <= guarded
