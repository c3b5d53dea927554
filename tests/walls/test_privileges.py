"""The sweeps' role has been granted the columns it compares and writes, and no other."""

from __future__ import annotations

from django.apps import apps
from django.db import connections

from tenancy.grants import grant_tables
from tests.walls.privileges import granted, listed


def test_the_sweeps_may_do_what_the_list_says_and_no_more(committed: str) -> None:
    assert granted("sweep") == listed()


def test_a_grant_that_was_wider_before_is_narrowed(committed: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("GRANT ALL ON checkins_checkin, metrics_metric TO plumbline_sweep")
        cursor.execute("GRANT UPDATE (plan) ON escalations_escalation TO plumbline_sweep")

    grant_tables(using="owner", sender=apps.get_app_config("tenancy"))

    assert granted("owner") == listed()
    connections["owner"].close()
