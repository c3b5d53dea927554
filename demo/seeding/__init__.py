"""Many clients in mid-cycle, for measuring. None of their people has a password.

A few clients are built row by row. The others are copies of them: 5,000 clients are 80,000 key
results with a million check-ins.
"""

from __future__ import annotations

import datetime as dt

from django.db import connections, transaction

from accounts.models import User
from demo.seeding.clients import WEEK, SeededClient, at_hour
from demo.seeding.copies import copy, tenant_models
from demo.seeding.people import BUILT, PEOPLE, address, write_people
from engagements.models import Engagement
from tenancy.scoping import scope

__all__ = ["address", "seed"]


def seed(*, clients: int, weeks: int = 13, monday: dt.date) -> dict[str, int]:
    """Write that many clients into a database without any; return rows by table.

    They have checked in for so many weeks before `monday`, a Monday, and not yet for its own.
    Client `n` has the slug `seed-<n>`. Public ids are the same in each client.
    """
    engagements, memberships = write_people(clients, starts_on=monday - weeks * WEEK)
    for number, engagement in enumerate(engagements[:BUILT]):
        first = number * len(PEOPLE)
        members = dict(zip(PEOPLE, memberships[first:], strict=False))
        with scope(engagement.pk):
            SeededClient(engagement, members, number=number, weeks=weeks, monday=monday).build()
    with transaction.atomic(using="owner"):
        copy(engagements, began=at_hour(monday - weeks * WEEK, hour=5))
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        written = [Engagement, User, *tenant_models()]
        return {table: count(table) for table in (one._meta.db_table for one in written)}


def count(table: str) -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        (rows,) = cursor.fetchone()
        return int(rows)
