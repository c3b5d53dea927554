"""What the sweeps cost over many clients, against the barest SQL that writes the same rows."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections, transaction

from checkins.sweeps.escalations import open_escalations
from checkins.sweeps.reminders import remind
from engagements.tenancy import NEW_PUBLIC_ID
from reviews.seeding import seed

MONDAY = dt.date(2026, 3, 9)  # of the week that runs
CLIENTS = {"short": 200, "full": 200, "large": 5_000}
RUNS = {"short": 5, "full": 9, "large": 7}  # the best one counts: others may use the machine
# With few rows what is fixed weighs more, and CI shares its machine: the short run only finds what
# has become several times slower.
LIMIT = {"short": 4.0, "full": 4.0, "large": 1.5}

# No walls, no zones, no order, no second run: one clock and one week, written out.
BARE_ESCALATIONS = f"""
    WITH heard AS (
        INSERT INTO checkins_escalation (engagement_id, public_id, rule, key_result_id, streak,
            opened_at, activated_at, cause, huddle_due_at, outcome, plan, raised_for, verdict,
            verdict_note, word_of, evidence_url, version)
        SELECT engagement_id, {NEW_PUBLIC_ID}, 'red_two_weeks', id, red_since, %(now)s, %(now)s,
            'pace', %(now)s::timestamptz + interval '48 hours', '', '', '', '', '', '', '', 1
        FROM okrs_keyresult WHERE rag = 'red' AND red_since <= %(monday)s::date - 14
        RETURNING engagement_id, id, key_result_id, streak
    ), told AS (
        INSERT INTO engagements_notice (engagement_id, public_id, rule, person_id, subject, period,
            created_at, due_at, error)
        SELECT heard.engagement_id, {NEW_PUBLIC_ID}, 'escalation_active', m.id, heard.id,
            heard.streak, %(now)s, %(now)s, ''
        FROM heard
        JOIN okrs_keyresult k
          ON k.engagement_id = heard.engagement_id AND k.id = heard.key_result_id
        JOIN okrs_objective o ON o.engagement_id = k.engagement_id AND o.id = k.objective_id
        JOIN okrs_team t ON t.engagement_id = o.engagement_id AND t.id = o.team_id
        JOIN engagements_membership m ON m.engagement_id = heard.engagement_id
        WHERE m.id IN (k.owner_id, o.owner_id, t.champion_id) OR m.role = 'lead'
    )
    SELECT count(*) FROM heard
"""
BARE_REMINDERS = f"""
    WITH told AS (
        INSERT INTO engagements_notice (engagement_id, public_id, rule, person_id, subject, period,
            created_at, due_at, error)
        SELECT engagement_id, {NEW_PUBLIC_ID}, 'reminder', owner_id, id, %(monday)s, %(now)s,
            %(now)s, ''
        FROM okrs_keyresult
        WHERE stage IN ('committed', 'on_track', 'at_risk')
          AND NOT trail @> jsonb_build_array(jsonb_build_array(%(monday)s::text))
        RETURNING 1
    )
    SELECT count(*) FROM told
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A sweep, the instant at which all of it is due, and its bare SQL."""

    name: str
    sweep: Callable[..., int]
    now: dt.datetime
    bare: str


JOBS = (
    Job(
        name="escalations",
        sweep=open_escalations,
        now=dt.datetime(2026, 3, 9, 10, 30, tzinfo=dt.UTC),
        bare=BARE_ESCALATIONS,
    ),
    Job(
        name="reminders",
        sweep=remind,
        now=dt.datetime(2026, 3, 6, 15, tzinfo=dt.UTC),
        bare=BARE_REMINDERS,
    ),
)


def measure(size: str) -> bool:
    """Print rows, seconds and the ratio to bare SQL; False where a sweep took more than the limit."""
    written = seed(clients=CLIENTS[size], monday=MONDAY)
    key_results, check_ins = written["okrs_keyresult"], written["checkins_checkin"]
    print(f"\nSweeps over {key_results} key results with {check_ins} check-ins")
    print(f"{'':<14}{'rows':>8}{'sweep s':>10}{'again s':>10}{'bare s':>10}{'ratio':>8}")
    ratios = [compared(job, runs=RUNS[size]) for job in JOBS]
    limit = LIMIT[size]
    kept = max(ratios) <= limit
    print(f"Limit: {limit:.1f} times the bare SQL, {'kept' if kept else 'MISSED'}.")
    return kept


def compared(job: Job, *, runs: int) -> float:
    """The best run of the sweep over the best of the bare SQL, in turns on the same rows."""
    sweeps, again, bares = [], [], []
    for _ in range(runs):
        clear()
        rows, seconds = timed(lambda: run_bare(job))
        bares.append(seconds)
        clear()
        written, seconds = timed(lambda: job.sweep(now=job.now))
        assert written == rows, f"{written} rows, not {rows}"
        sweeps.append(seconds)
        none, seconds = timed(lambda: job.sweep(now=job.now))
        assert none == 0
        again.append(seconds)
    ratio = min(sweeps) / min(bares)
    print(
        f"{job.name:<14}{rows:>8}{min(sweeps):>10.2f}{min(again):>10.2f}{min(bares):>10.2f}"
        f"{ratio:>8.2f}"
    )
    return ratio


def timed(run: Callable[[], int]) -> tuple[int, float]:
    began = time.perf_counter()
    rows = run()
    return rows, time.perf_counter() - began


def run_bare(job: Job) -> int:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(job.bare, {"now": job.now, "monday": MONDAY})
        (rows,) = cursor.fetchone()
        return int(rows)


def clear() -> None:
    """As if no sweep had run."""
    with connections["owner"].cursor() as cursor:
        for table in ("checkins_escalation", "engagements_notice"):
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("VACUUM engagements_engagement")
