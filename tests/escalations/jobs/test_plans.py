"""How PostgreSQL goes about it: whatever is over is not read again every minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from demo.seeding import seed
from tests import build

Sweep = Callable[..., int]
Explained = Callable[[Sweep, dt.datetime], list[str]]

MONDAY = dt.date(2026, 3, 9)
FRIDAY = dt.datetime(2026, 3, 6, 18, tzinfo=dt.UTC)
IN_AUTUMN = dt.datetime(2026, 10, 9, 15, tzinfo=dt.UTC)  # a Friday too


@pytest.fixture
def explained(committed: str) -> Iterator[Explained]:
    """Runs a sweep over 150 clients in the spring, one of which goes on in the autumn."""
    seed(clients=150, monday=MONDAY)
    lead = build.member(build.engagement(country="XX"))
    days: dict[str, Any] = {"starts_on": dt.date(2026, 9, 1), "ends_on": dt.date(2026, 12, 31)}
    objective = build.objective(lead, build.cycle(lead.engagement, **days))
    for _ in range(3):
        build.live_key_result(objective)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    yield plans
    for alias in ("sweep", "owner"):
        connections[alias].close()


def plans(sweep: Sweep, now: dt.datetime) -> list[str]:
    """Which tables are read from end to end; the sweep must write something."""
    lines: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "INSERT INTO" in sql:
            execute(f"EXPLAIN {sql}", params, many, context)
            lines.extend(line for (line,) in context["cursor"].fetchall())
        return execute(sql, params, many, context)

    with connections["sweep"].execute_wrapper(explain):
        assert sweep(now=now, using="sweep") > 0
    assert lines
    return [line.split(" on ")[1].split()[0] for line in lines if "Seq Scan" in line]


@pytest.mark.parametrize("sweep", [send_reminders, send_overdue, escalate_missed, friday_digests])
def test_neither_old_key_results_nor_check_ins_are_read(explained: Explained, sweep: Sweep) -> None:
    # When the sweep of overdue ones runs, the period of Monday 5 October is open.
    read = explained(sweep, IN_AUTUMN)

    assert {"okrs_keyresult", "checkins_checkin", "okrs_objective"} & set(read) == set()


def test_fridays_digest_reads_no_more_check_ins_than_key_results(explained: Explained) -> None:
    assert "checkins_checkin" not in explained(friday_digests, FRIDAY)
