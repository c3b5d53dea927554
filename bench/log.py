"""How long `verify_log` takes for a long decision log."""

from __future__ import annotations

import datetime as dt
import time

from django.db import connections, transaction
from django.utils import timezone

from engagements.commands import create_engagement
from engagements.models import Membership, User
from engagements.scoping import scope
from reviews.models import Review
from reviews.queries.chain import verify_logs

ROWS = {"short": 10_000, "full": 100_000, "large": 100_000}
# One second for 100,000 rows. CI shares its machine, and with few rows what is fixed weighs more:
# the short run only finds what has become several times slower.
LIMIT = {"short": 0.3, "full": 1.0, "large": 1.0}
CHUNK = 1_000  # rows a statement: the trigger reads the head again for each row
RUNS = 3  # the best one counts: others may use the machine meanwhile

# Through the trigger that numbers and seals each row, as the application's rows go.
RECORD = """
    INSERT INTO reviews_decision (engagement_id, public_id, number, decided_on, text, owner_id,
        due_on, change, touches, evidence, client_visible, review_id, recorded_by_id, recorded_at,
        idempotency_key, previous_hash, hash)
    SELECT %(engagement)s, 'b' || lpad(n::text, 11, '0'), 0, %(day)s,
        'Move the offer of week ' || n || ' from day 30 to day 20, and look again in a fortnight.',
        %(owner)s, %(day)s::date + 14, 'bet',
        jsonb_build_array(jsonb_build_object('objective', 'o' || n, 'key_result', 'k' || n,
            'title', 'Accounts that expand within thirty days', 'value', (n %% 97)::text,
            'score', '0.23', 'rag', 'red')),
        jsonb_build_array(jsonb_build_object('label', 'Check-in of 9 Mar 2026, 0.23',
            'check_in', 'c' || n)),
        n %% 2 = 0, %(review)s, %(owner)s, %(now)s::timestamptz + n * interval '1 second',
        gen_random_uuid(), '', ''
    FROM generate_series(%(first)s::int, %(last)s::int) n
"""


def measure(size: str) -> bool:
    """Print rows, seconds and rows per second. False where it took longer than the limit."""
    rows, now = ROWS[size], timezone.now()
    user = User.objects.create_user(email="log@bench.test", name="Log")
    lead = create_engagement(client_name="Long log", slug="long-log", by_user=user)
    began = time.perf_counter()
    record(lead, rows=rows, now=now)
    recording = time.perf_counter() - began
    limit = LIMIT[size]
    seconds = min(timed(rows) for _ in range(RUNS))
    print(f"\n{'verify_log':<24}{'rows':>8}{'seconds':>10}{'rows/s':>19}")
    print(f"{'recorded in chunks':<24}{rows:>8}{recording:>10.2f}{rows / recording:>19.0f}")
    print(f"{'verified':<24}{rows:>8}{seconds:>10.2f}{rows / seconds:>19.0f}")
    print(f"Limit: {limit:.1f} s, {'kept' if seconds <= limit else 'MISSED'}.")
    return seconds <= limit


def record(lead: Membership, *, rows: int, now: dt.datetime) -> None:
    with scope(lead.engagement_id):
        review = Review.objects.create(
            engagement_id=lead.engagement_id,
            kind="monthly",
            title="Long",
            minutes=45,
            scheduled_at=now,
            lead=lead,
        )
    known = {"engagement": lead.engagement_id, "owner": lead.pk, "review": review.pk}
    for first in range(1, rows + 1, CHUNK):
        chunk = {"first": first, "last": min(first + CHUNK - 1, rows)}
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(RECORD, {**known, **chunk, "now": now, "day": now.date()})
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE reviews_decision")


def timed(rows: int) -> float:
    began = time.perf_counter()
    (log,) = verify_logs(slug="long-log")
    seconds = time.perf_counter() - began
    assert log.is_intact
    assert log.decisions == rows
    return seconds
