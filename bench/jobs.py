"""How long sweeps, import, export and the proof of the decision log take for many rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts.models import User
from bench import verdict
from checkins.models import CheckIn
from config import schedule
from decisions.models import Decision
from decisions.queries.chain import verify_logs
from demo.seeding import seed
from engagements.commands.engagements import create_engagement
from engagements.models import Engagement
from imports.columns import COLUMNS
from status.jobs import store_snapshots
from tenancy.models import NEW_PUBLIC_ID
from tenancy.scoping import scope, unscoped
from workspace.exports.archive import export_engagement

MONDAY = dt.date(2026, 3, 9)  # of the running week
INSTANTS = {
    "before the deadline": dt.datetime(2026, 3, 6, 15, tzinfo=dt.UTC),
    "after it": dt.datetime(2026, 3, 9, 10, 30, tzinfo=dt.UTC),
    "a minute later": dt.datetime(2026, 3, 9, 10, 31, tzinfo=dt.UTC),
}
SECONDS = {"before the deadline": 90, "after it": 90, "a minute later": 2}
CLIENTS = {"short": 200, "full": 200, "large": 5_000}
IMPORTED = {"short": 2_000, "full": 10_000, "large": 10_000}
DECISIONS = {"short": 10_000, "full": 100_000, "large": 100_000}
EXPORTED = 20_000
PEAK = "from bench.jobs import print_peak; print_peak({!r})"
# As many check-ins as are to be exported, and as many decisions through the trigger that seals them.
LENGTHEN = """
    INSERT INTO checkins_checkin ({columns}, public_id, idempotency_key, period)
    SELECT {columns}, {public_id}, gen_random_uuid(), period - 364 * n
    FROM generate_series(1, 1000) n CROSS JOIN checkins_checkin c
    WHERE engagement_id = %s ORDER BY n, id LIMIT %s
"""
DECIDE = """
    INSERT INTO decisions_decision ({columns}, public_id, idempotency_key, number, previous_hash, hash)
    SELECT {columns}, {public_id}, gen_random_uuid(), 0, '', ''
    FROM (SELECT * FROM decisions_decision WHERE engagement_id = %s ORDER BY id DESC LIMIT 1) d
    CROSS JOIN generate_series(1, %s) n
"""
# Patterns of work that the statements repeat for each row.
MADE = ("id", "public_id", "idempotency_key", "period", "number", "previous_hash", "hash")


def measure(size: str, slack: float) -> bool:
    """Print each figure with its limit. False where one is over it, times `slack`."""
    counts = seed(clients=CLIENTS[size], monday=MONDAY)
    key_results, check_ins = counts["okrs_keyresult"], counts["checkins_checkin"]
    print(f"\nSweeps over {key_results:,} key results with {check_ins:,} check-ins", flush=True)
    met = [_sweep(name, now=now, limit=SECONDS[name] * slack) for name, now in INSTANTS.items()]
    print("\nImport, export, decision log", flush=True)
    met += _import(IMPORTED[size], slack=slack)
    met += _export(find("seed-2"), slack=slack)
    met += _verify(find("seed-3"), rows=DECISIONS[size], slack=slack)
    return all(met)


def find(slug: str) -> Engagement:
    with unscoped():
        return Engagement.objects.using("owner").get(slug=slug)


def print_peak(slug: str) -> None:
    """Export that client, and print the seconds and the most memory the process held, in MB."""
    engagement = find(slug)
    with scope(engagement.pk), tempfile.TemporaryFile() as file:
        seconds, _ = _timed(lambda: export_engagement(engagement, to=file, now=timezone.now()))
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result


def _sweep(name: str, *, now: dt.datetime, limit: float) -> bool:
    total = 0.0
    for sweep_name, sweep in schedule.ORDER:
        seconds, rows = _timed(lambda sweep=sweep: sweep(now=now))  # type: ignore[misc]
        if rows:
            print(f"{rows:>9,} rows {seconds:>8.2f} s  {sweep_name}")
        total += seconds if sweep is not store_snapshots else 0
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return verdict(f"all sweeps but snapshots {name}", total, limit, unit=" s")


def _import(rows: int, *, slack: float) -> Iterator[bool]:
    lead = User.objects.create_user(email="lead@bench.test", name="Lead")
    create_engagement(client_name="Bench", slug="bench", by_user=lead)
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder, "okrs.csv")
        with sheet.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(_line(number) for number in range(rows))
        for name in (f"import of {rows:,} key results", "the same sheet again"):
            arguments = ["import_okrs", str(sheet), "--engagement=bench"]
            seconds, _ = _timed(lambda: call_command(*arguments, stdout=io.StringIO()))  # noqa: B023
            yield verdict(name, seconds, 20 * slack, unit=" s")


def _line(number: int) -> dict[str, object]:
    """Four quarters, a ladder in five lines, a link in four."""
    team, baseline = number // 40, number * 7 % 100
    return {
        "cycle": f"2026-Q{team % 4 + 1}",
        "level": "team" if team else "company",
        "team": f"Team {team}" if team else "",
        "objective": f"Earn the trust of customer group {number // 4}",
        "key_result": f"Share of customers in group {number} who come back",
        "metric": f"Return rate {number}",
        "definition": f"Share in percent,\nread from the warehouse, part {number}",
        "unit": "percent",
        "direction": "higher",
        "baseline": baseline,
        "target": baseline + 1 + number * 3 % 100,
        "valid_low": 0,
        "valid_high": 200,
        "owner": f"Owner {number % 300}",
        "owner_email": f"owner.{number % 300}@bench.test",
        "source": "Warehouse",
        "refresh": "daily" if number % 2 else "weekly",
        "method": "linear" if number % 5 else "ladder",
        "ladder": f"{baseline + 9}:1.0;{baseline + 6}:0.7;{baseline + 3}:0.3" * (number % 5 == 0),
        "weight": 1 + number % 2,
        "indicator": "lagging" if number % 2 else "leading",
        "commitment": "committed" if number % 2 else "aspirational",
        "contributes_to": f"Return rate {number - 1}" if number % 4 == 3 else "",
    }


def _export(engagement: Engagement, *, slack: float) -> Iterator[bool]:
    _, before = _peak("seed-1")
    _insert(LENGTHEN, CheckIn, engagement, EXPORTED)
    seconds, after = _peak(engagement.slug)
    yield verdict(f"export of {EXPORTED:,} check-ins", seconds, 2 * slack, unit=" s")
    yield verdict("memory more than for 200", after - before, 30, unit=" MB")


def _peak(slug: str) -> tuple[float, float]:
    command = [sys.executable, "-c", f"import django; django.setup(); {PEAK.format(slug)}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def _verify(engagement: Engagement, *, rows: int, slack: float) -> Iterator[bool]:
    _insert(DECIDE, Decision, engagement, rows)
    # The best of three counts: others may use the machine meanwhile.
    runs = [_timed(lambda: verify_logs(slug=engagement.slug)) for _ in range(3)]
    seconds, (log,) = min(runs, key=lambda run: run[0])
    assert log.is_intact
    assert log.decisions >= rows
    yield verdict(f"verify_log of {rows:,} decisions", seconds, slack, unit=" s")


def _insert(statement: str, model: Any, engagement: Engagement, rows: int) -> None:
    columns = [field.column for field in model._meta.local_fields if field.column not in MADE]
    sql = statement.format(columns=", ".join(columns), public_id=NEW_PUBLIC_ID)
    # A row that seals thousands of others in one transaction is slow to find again.
    at_once = 1_000 if model is Decision else rows
    with connections["owner"].cursor() as cursor:
        for _ in range(rows // at_once):
            cursor.execute(sql, [engagement.pk, at_once])
        cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")
