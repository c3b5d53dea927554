"""The rights of the application's role."""

from __future__ import annotations

import re

from django.apps import apps
from django.conf import settings
from django.db import connections

from tenancy.grants import grant_tables

PRIVILEGES = """
    SELECT table_name, privilege_type, string_agg(column_name, ' ' ORDER BY column_name)
    FROM information_schema.column_privileges
    WHERE grantee = 'plumbline_sweep' GROUP BY 1, 2
"""
NOTICE = """
    created_at dropped_at due_at engagement_id envelope error failed_at id period person_id
    public_id rule sent_at subject
"""
ENVELOPE = """
    accepted_at attempts cancelled_at claim_token claimed_until created_at dead_at dedupe_key due_at
    id kind last_error payload priority recipient sent_at user_id
"""
WRITE = ("SELECT", "INSERT", "UPDATE")
SWEEPS_MAY = {
    ("checkins_blocker", "SELECT"): "engagement_id id key_result_id opened_at resolved_at",
    ("checkins_checkin", "SELECT"): "engagement_id id is_thin key_result_id period",
    ("escalations_escalation", "SELECT"): """
        activated_at answered_at checkpoint_on decided_at engagement_id huddle_due_at key_result_id
        opened_at raised_at recovered_at streak
    """,
    ("engagements_engagement", "SELECT"): """
        cadence closed_at country due_time due_weekday escalation id left_out opens_days_before
        pauses_weekends rhythm_since status_version time_zone
    """,
    ("engagements_engagement", "UPDATE"): "left_out status_version",
    ("imports_sheet", "SELECT"): "created_at engagement_id id imported_at",
    ("engagements_membership", "SELECT"): "engagement_id id removed_at role user_id",
    ("notifications_notice", "SELECT"): NOTICE,
    ("notifications_notice", "INSERT"): NOTICE,
    ("notifications_notice", "UPDATE"): "dropped_at envelope",
    ("accounts_user", "SELECT"): """
        email id is_active message_at quiet_from quiet_until time_zone wants_digests wants_reminders
    """,
    **{("mail_heartbeat", verb): "name ran_at" for verb in WRITE},
    **{("mail_outboxmessage", verb): ENVELOPE for verb in WRITE},
    **{("mail_lease", verb): "name token until" for verb in WRITE},
    ("okrs_cycle", "SELECT"): "ends_on engagement_id id starts_on",
    ("okrs_keyresult", "SELECT"): """
        committed_at confidence due_on early_until engagement_id evidence_url id is_finished
        last_period last_week method objective_id on_pace owner_id rag red_reported red_since
        silent_from stage trail
    """,
    ("okrs_objective", "SELECT"): "cycle_id engagement_id id owner_id team_id",
    ("okrs_team", "SELECT"): "champion_id engagement_id id",
    ("status_snapshot", "SELECT"): "built_at built_by day engagement_id id is_due version",
}
# Tables whose rows the application's role may delete; docs/security.md says why, of each.
APP_MAY_DELETE = {
    "account_emailaddress",
    "account_emailconfirmation",
    "django_session",
    "imports_sheet",
    "okrs_collaborator",
    "okrs_contributionlink",
    "okrs_keyresult",
    "okrs_keyresultaudit",
    "okrs_objective",
    "reviews_agendaitem",
    "reviews_attendance",
    "reviews_review",
    "status_snapshot",
}
OF_THE_APPLICATION = """
    SELECT table_name, privilege_type FROM information_schema.table_privileges
    WHERE grantee = 'plumbline_app'
"""


def granted(using: str) -> dict[tuple[str, str], list[str]]:
    """By table and verb the columns that the sweeps' role has been granted."""
    with connections[using].cursor() as cursor:
        cursor.execute(PRIVILEGES)
        return {(table, verb): columns.split() for table, verb, columns in cursor.fetchall()}


def listed() -> dict[tuple[str, str], list[str]]:
    return {key: columns.split() for key, columns in SWEEPS_MAY.items()}


def test_the_sweeps_may_do_what_the_list_says_and_no_more(committed: str) -> None:
    assert granted("sweep") == listed()


def test_a_grant_that_was_wider_before_is_narrowed(committed: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("GRANT ALL ON checkins_checkin, metrics_metric TO plumbline_sweep")
        cursor.execute("GRANT UPDATE (plan) ON escalations_escalation TO plumbline_sweep")

    grant_tables(using="owner", sender=apps.get_app_config("tenancy"))

    assert granted("owner") == listed()
    connections["owner"].close()


def test_the_application_deletes_from_the_documented_tables_only(committed: str) -> None:
    text = (settings.BASE_DIR / "docs/security.md").read_text()
    documented = re.findall(r"^\| `([a-z_]+)` \|", text.split("## What may be deleted")[1], re.M)
    with connections["owner"].cursor() as cursor:
        cursor.execute(OF_THE_APPLICATION)
        found = set(cursor.fetchall())
    connections["owner"].close()

    deletable = {table for table, privilege in found if privilege == "DELETE"}
    assert deletable == APP_MAY_DELETE == set(documented)
    assert not [table for table, privilege in found if privilege == "TRUNCATE"]
