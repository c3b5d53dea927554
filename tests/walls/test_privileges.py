"""Each role has been granted what it needs, and no more."""

from __future__ import annotations

import re

from django.apps import apps
from django.conf import settings
from django.db import connections

from tenancy.grants import grant_tables
from tests.walls.privileges import granted, listed

OF_THE_APPLICATION = """
    SELECT table_name, privilege_type FROM information_schema.table_privileges
    WHERE grantee = 'plumbline_app'
"""


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

    assert {table for table, privilege in found if privilege == "DELETE"} == set(documented)
    assert not [table for table, privilege in found if privilege == "TRUNCATE"]
