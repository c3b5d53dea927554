"""A seeded database that a module's tests share, and who looks at it when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connections

from config import schedule
from demo.seeding import seed

CLIENTS = 200  # 3,200 key results, 40,000 check-ins
MONDAY = dt.date(2026, 3, 9)
FRIDAY = dt.datetime(2026, 3, 6, 15, tzinfo=dt.UTC)  # before the deadline: reminders
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)  # past it
# Read from end to end only where all of it is meant.
LARGE = frozenset(
    {
        "checkins_checkin",
        "okrs_keyresult",
        "okrs_keyresultevent",
        "okrs_objectiveevent",
        "metrics_metric",
        "metrics_metricevent",
        "notifications_notice",
    }
)


def fill() -> None:
    """Seed, and let the sweeps of two days tell people and open escalations."""
    seed(clients=CLIENTS, monday=MONDAY)
    for now in (FRIDAY, NOW):
        schedule.tick(now=now)
        analyze()


def analyze() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def ask(sql: str, *params: str, alias: str = "owner") -> list[Any]:
    """Return the values of the statement's one column."""
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, params)
        return [value for (value,) in cursor.fetchall()]


def pages_of(table: str) -> int:
    """How much of it lies on disk, in pages of 8 kB."""
    (pages,) = ask("SELECT relpages FROM pg_class WHERE oid = %s::regclass", table)
    return int(pages)
