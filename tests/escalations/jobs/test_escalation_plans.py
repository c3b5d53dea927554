"""The escalation sweeps read by index: at no size do they go through all key results."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from demo.seeding import seed
from escalations.jobs import escalations, statements
from tenancy.models import NEW_PUBLIC_ID

CLIENTS = 250  # 4,000 key results, 48,000 check-ins
MONDAY = dt.date(2026, 3, 9)
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
SWEEPS = ("RECOVER", "OPEN", "ACTIVATE", "RAISE")
LARGE = {"checkins_checkin", "okrs_keyresult"}


# What has been closed for long.
MEMORY = f"""
    INSERT INTO escalations_escalation (engagement_id, public_id, rule, key_result_id, streak,
        opened_at, recovered_at, cause, outcome, plan, raised_for, verdict, verdict_note, word_of,
        evidence_url, version)
    SELECT engagement_id, {NEW_PUBLIC_ID}, 'red_two_weeks', k.id, date '2025-12-29' - 14 * n,
        now(), now(), '', '', '', '', '', '', '', '', 2
    FROM okrs_keyresult k CROSS JOIN generate_series(1, 3) n
"""


@pytest.fixture
def many(committed: str) -> None:
    seed(clients=CLIENTS, monday=MONDAY)
    with connections["owner"].cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute("VACUUM ANALYZE escalations_escalation")


def explained(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, dict[str, Any]]]:
    """The plan of each statement, in the place of its count."""
    ask = escalations._ask
    for name in SWEEPS:
        plans: list[Any] = []

        def explain(cursor: Any, sql: str, values: Any = None, *, found: list[Any] = plans) -> Any:
            if values is None:
                return ask(cursor, sql)
            found += ask(cursor, f"EXPLAIN (FORMAT json) {sql}", values)
            return [0]

        with monkeypatch.context() as patched:
            patched.setattr(escalations, "_ask", explain)
            escalations._sweep(getattr(statements, name), now=NOW)
        (plan,) = plans
        yield name, (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def read_whole(plan: dict[str, Any]) -> set[str]:
    """The tables that it goes through from end to end."""
    return {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}


def indexes(plan: dict[str, Any]) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


def sweep_all() -> None:
    each: tuple[Callable[..., int], ...] = (
        escalations.open_escalations,
        escalations.activate_escalations,
        escalations.raise_escalations,
        escalations.recover_escalations,
    )
    for sweep in each:
        sweep(now=NOW)


@pytest.mark.usefixtures("many")
def test_no_sweep_goes_through_all_key_results_or_check_ins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = dict(explained(monkeypatch))
    sweep_all()
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE escalations_escalation")
    later = dict(explained(monkeypatch))

    for plans in (first, later):
        assert {name for name, plan in plans.items() if read_whole(plan) & LARGE} == set()
        assert "keyresult_red" in indexes(plans["OPEN"])
    for name in ("RECOVER", "ACTIVATE", "RAISE"):
        assert "escalation_open" in indexes(later[name])
