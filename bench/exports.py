"""What an export costs, against COPY of the same rows, and how much memory a long one takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Any

import psycopg
from django.db import connection, connections, transaction
from django.utils import timezone

from checkins.models import CheckIn
from engagements.models import Engagement
from engagements.scoping import scope, unscoped
from engagements.tenancy import NEW_PUBLIC_ID
from reviews.exports import export_engagement
from reviews.exports.weeks import CHECK_INS, check_ins

ONE, LONG = "seed-1", "seed-2"  # clients as they were seeded for the sweeps
MORE = 20_000  # check-ins that the second one gets
RUNS = {
    "short": 9,
    "full": 25,
    "large": 25,
}  # the best one counts: others may use the machine meanwhile
# CI shares its machine: the short run only finds what has become several times slower.
LIMIT = {"short": 10.0, "full": 6.0, "large": 6.0}
MOST_MEMORY = 30  # MB that the long one may take more than the other

IN_TURN = "import django; django.setup(); from bench.exports import in_turn; in_turn()"
LENGTHEN = f"""
    INSERT INTO checkins_checkin (engagement_id, public_id, key_result_id, kind, period, week,
        measured_on, actual, out_of_range_confirmed, score, rag, confidence, insight, next_action,
        next_action_due, is_thin, evidence_url, due_at, closes_at, method, direction, baseline,
        target, ladder, author_id, posted_at, seconds_spent, idempotency_key)
    SELECT c.engagement_id, {NEW_PUBLIC_ID}, c.key_result_id, c.kind, c.period - 364 * n, c.week,
        c.measured_on, c.actual, c.out_of_range_confirmed, c.score, c.rag, c.confidence, c.insight,
        c.next_action, c.next_action_due, c.is_thin, c.evidence_url, c.due_at, c.closes_at,
        c.method, c.direction, c.baseline, c.target, c.ladder, c.author_id, c.posted_at,
        c.seconds_spent, gen_random_uuid()
    FROM generate_series(1, 1000) n
    CROSS JOIN checkins_checkin c
    JOIN engagements_engagement e ON e.id = c.engagement_id
    WHERE e.slug = %s ORDER BY n, c.id LIMIT %s
"""


def measure(size: str) -> bool:
    """Print seconds, the ratio to COPY, and rows per second and memory of a long export.

    False where one took more than its limit. Needs the clients that `sweeps` seeded.
    """
    print(f"\n{'export':<24}{'rows':>8}{'seconds':>10}{'COPY s':>10}{'ratio':>8}")
    ratio = compared(find(ONE), runs=RUNS[size])
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(LENGTHEN, [LONG, MORE])
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE checkins_checkin")
    compared(find(LONG), runs=3)
    rows, seconds, memory = in_a_process_of_its_own()
    print(f"{'the whole zip':<24}{rows:>8}{seconds:>10.2f}  {rows / seconds:.0f} rows/s, ", end="")
    print(f"{memory:.1f} MB more than for one client")
    kept = ratio <= LIMIT[size] and memory <= MOST_MEMORY
    said = "kept" if kept else "MISSED"
    print(f"Limits: {LIMIT[size]:.0f} times COPY for one client, {MOST_MEMORY} MB, {said}.")
    return kept


def compared(engagement: Engagement, *, runs: int) -> float:
    """The best run of the check-ins as CSV over the best of COPY, in turns on the same rows."""
    tables, copies = [], []
    with scope(engagement.pk), open(os.devnull, "w", encoding="utf-8", newline="") as nowhere:
        statement, rows = as_copy(engagement)
        for _ in range(runs):
            copies.append(timed(lambda: copied(statement, to=nowhere.buffer)))
            tables.append(timed(lambda: check_ins(engagement).write(nowhere)))
    ratio = min(tables) / min(copies)
    print(
        f"{'check-ins of a client':<24}{rows:>8}{min(tables):>10.4f}{min(copies):>10.4f}{ratio:>8.1f}"
    )
    return ratio


def as_copy(engagement: Engagement) -> tuple[str, int]:
    """The statement of the export's own query, and how many rows it has."""
    here = CheckIn.objects.filter(engagement=engagement).order_by("id")
    asked = here.values_list(*(column.source for column in CHECK_INS))
    sql, parameters = asked.query.sql_with_params()
    plain = psycopg.ClientCursor(connection.connection).mogrify(sql, parameters)
    return f"COPY ({plain}) TO STDOUT (FORMAT csv)", here.count()


def copied(statement: str, *, to: Any) -> None:
    with connection.connection.cursor() as cursor, cursor.copy(statement) as rows:
        for block in rows:
            to.write(block)


def timed(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def in_a_process_of_its_own() -> tuple[int, float, float]:
    """Check-ins, seconds, and MB that the long export adds to the peak of a short one."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", IN_TURN], check=True, capture_output=True, text=True
    )
    rows, seconds, memory = done.stdout.split()
    return int(rows), float(seconds), float(memory)


def in_turn() -> None:
    """Both exports; what is measured above is printed."""
    exported(find(ONE))
    before, long = peak(), find(LONG)
    seconds = timed(lambda: exported(long))
    with scope(long.pk):
        rows = CheckIn.objects.filter(engagement=long).count()
    print(rows, seconds, peak() - before)


def exported(engagement: Engagement) -> None:
    with scope(engagement.pk), TemporaryFile() as file:
        export_engagement(engagement, to=file, now=timezone.now())


def peak() -> float:
    """The most memory that this process ever held, in MB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def find(slug: str) -> Engagement:
    with unscoped():
        return Engagement.objects.using("owner").get(slug=slug)
