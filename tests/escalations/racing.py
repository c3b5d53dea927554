"""Red key results in a committed database, and several who act on them at the same moment."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from django.db import connections

from engagements.models import Membership, Role
from escalations.jobs import update_escalations
from escalations.models import Escalation
from notifications.models import Notice
from okrs.models import Objective
from tenancy.scoping import scope
from tests import build
from tests.processes import eventually

NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
MONDAY, WEEK = dt.date(2026, 3, 9), dt.timedelta(days=7)
RED: dict[str, Any] = {
    "stage": "at_risk",
    "rag": "red",
    "score": 0,
    "confidence": 3,
    "red_reported": 1,
}
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def clients(count: int = 3) -> list[Objective]:
    """An objective of each; its lead owns it and all of its key results, another helps."""
    made = []
    for number in range(count):
        engagement = build.engagement(f"Client {number}", slug=f"client-{number}")
        lead = build.member(engagement, f"Lead {number}")
        build.member(engagement, f"Other lead {number}", Role.LEAD)
        made.append(build.objective(lead, build.cycle(engagement)))
    return made


def turn_red(
    objectives: Iterable[Objective], *, count: int, label: object, weeks: int = 2
) -> list[int]:
    """New key results of each that closed red for so many weeks; returns their ids."""
    since = MONDAY - weeks * WEEK
    return [
        build.live_key_result(
            objective, title=f"Key result {label}.{number}", last_week=since, red_since=since, **RED
        ).pk
        for objective in objectives
        for number in range(count)
    ]


def sweep(*, now: dt.datetime = NOW) -> None:
    update_escalations(now=now)


def at_once(*doings: Callable[[], Any]) -> list[Any]:
    """What each came to, every one on a connection of its own; what one raises, this does."""
    ready = Barrier(len(doings))

    def together(doing: Callable[[], Any]) -> Any:
        ready.wait()
        return doing()

    ends = [begin(partial(together, doing)) for doing in doings]
    return [end() for end in ends]


def begin(doing: Callable[[], Any]) -> Callable[..., Any]:
    """Begin it on a connection of its own; what is returned waits for its end, at most `timeout` s."""

    def do() -> Any:
        try:
            return doing()
        finally:
            connections.close_all()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(do)
    pool.shutdown(wait=False)
    return future.result


def lost_and_doubled(objectives: Iterable[Objective], due: Iterable[int]) -> tuple[int, int]:
    """How many of these key results have no escalation or nobody told of it, and how many two."""
    with scope(*[objective.engagement_id for objective in objectives]):
        rows = list(Escalation.objects.all())
        told = Counter(
            Notice.objects.filter(rule="escalation_active").values_list("subject", flat=True)
        )
    fired = Counter(row.key_result_id for row in rows)
    whole = {row.key_result_id for row in rows if told[row.pk] == 2}
    return len(set(due) - whole), sum(fired.values()) - len(fired)


def deadlocks() -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def eventually_waits() -> bool:
    """Return whether a job comes to wait for a lock within some seconds."""
    return eventually(lambda: waiting("sweep") + waiting("default") > 0)


def waiting(alias: str) -> int:
    """Count the sessions that wait; a role sees only its own."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return int(cursor.fetchone()[0])


def members(objective: Objective) -> list[Membership]:
    with scope(objective.engagement_id):
        return list(Membership.objects.select_related("engagement").order_by("id"))
