"""Run every minute, over all clients (M7.9): each sweep once, in order, as of one instant.

Each compares stored facts with the clock in one statement and its own transaction. Unique keys
prevent double writes when sweeps run twice or at once.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from functools import partial

from django.db import connections, transaction

from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from escalations.jobs import update_escalations
from imports.jobs import erase_sheets
from mail.runs import lease
from notifications.digests import build_digests
from status.jobs import store_snapshots

logger = logging.getLogger(__name__)

HOLD = "SELECT pg_advisory_xact_lock(hashtext(%s))"
TRY_TO_HOLD = "SELECT pg_try_advisory_xact_lock(hashtext(%s))"
Sweep = Callable[..., int]  # (*, now, using) -> rows written

# Messages are gathered after all that writes notices; snapshots take longest and write none.
ORDER: tuple[tuple[str, Sweep], ...] = (
    ("escalations", update_escalations),
    ("reminders", send_reminders),
    ("overdue", send_overdue),
    ("missed", escalate_missed),
    ("friday_digests", friday_digests),
    ("messages", build_digests),
    ("snapshots", store_snapshots),
    ("sheets", erase_sheets),
)


class SweepsFailed(Exception):
    """Some sweeps of a tick failed; the others ran. Each failure is in the log."""


def tick(*, now: dt.datetime) -> dict[str, int]:
    """Run every sweep as of `now`, and count the rows and messages made by each.

    Of simultaneous ticks only one makes the daily emails, which can't grow afterwards: it waits for
    sweeps that another tick is running, to include their notices. The others skip those sweeps
    and build_digests urgent notices only. Raises SweepsFailed after all have run if any failed.
    """
    counts, failed = dict.fromkeys((name for name, _ in ORDER), 0), []
    with lease("tick") as is_ours:
        for name, sweep in ORDER:
            run = partial(sweep, is_daily=is_ours) if sweep is build_digests else sweep
            try:
                counts[name] = _alone(name, run, now=now, waits=is_ours)
            except Exception:
                logger.exception("The sweep %s failed; the others go on", name)
                failed.append(name)
    if failed:
        raise SweepsFailed(f"Failed: {', '.join(failed)}. The log says why.")
    return counts


def _alone(name: str, sweep: Sweep, *, now: dt.datetime, waits: bool) -> int:
    """Run a sweep in its own transaction; unless it `waits`, skip it while another tick runs it."""
    with transaction.atomic(using="sweep"):
        with connections["sweep"].cursor() as cursor:
            cursor.execute(HOLD if waits else TRY_TO_HOLD, [f"sweeps.{name}"])
            if cursor.fetchone() == (False,):
                return 0
            # This transaction only holds the lock, while the sweep works in many others.
            cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', '0', true)")
        return sweep(now=now, using="sweep")
