"""What runs every minute over all clients (M7.9): each sweep once, in its order, as of one instant.

Each compares stored facts with the clock in one statement, in a transaction of its own. Whatever
runs twice or at once writes nothing twice: the unique keys hold that.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from functools import partial

from django.db import connections, transaction

from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import climb, nudge, remind
from escalations.jobs.escalations import (
    activate_escalations,
    open_escalations,
    raise_escalations,
    recover_escalations,
)
from mail.leases import turn
from notifications.digests import gather

logger = logging.getLogger(__name__)

HOLD = "SELECT pg_advisory_xact_lock(hashtext(%s))"
TRY_TO_HOLD = "SELECT pg_try_advisory_xact_lock(hashtext(%s))"
Sweep = Callable[..., int]  # (*, now, using) -> rows written

# What has left red goes first, so that nothing is said of it; messages are gathered last, so that
# they hold all that was found by their hour.
ORDER: tuple[tuple[str, Sweep], ...] = (
    ("escalations_recovered", recover_escalations),
    ("escalations_opened", open_escalations),
    ("escalations_activated", activate_escalations),
    ("escalations_raised", raise_escalations),
    ("reminders", remind),
    ("overdue", nudge),
    ("missed", climb),
    ("friday_digests", friday_digests),
    ("messages", gather),
)


class SweepsFailed(Exception):
    """Some sweeps of a tick failed; the others ran. Each failure stands in the log."""


def tick(*, now: dt.datetime) -> dict[str, int]:
    """Run every sweep as of `now`, and count the rows and messages made by each.

    Of ticks at once one alone makes the message of the day, which is closed once it is made: it
    waits for each sweep that another is running, so that it holds what that one finds. The others
    leave those, and gather only what is urgent. Raises SweepsFailed once all have run, where one
    or more failed.
    """
    counts, failed = dict.fromkeys((name for name, _ in ORDER), 0), []
    with turn("tick") as is_ours:
        for name, sweep in ORDER:
            run = partial(sweep, is_daily=is_ours) if sweep is gather else sweep
            try:
                counts[name] = _alone(name, run, now=now, waits=is_ours)
            except Exception:
                logger.exception("The sweep %s failed; the others go on", name)
                failed.append(name)
    if failed:
        raise SweepsFailed(f"Failed: {', '.join(failed)}. The log says why.")
    return counts


def _alone(name: str, sweep: Sweep, *, now: dt.datetime, waits: bool) -> int:
    """Run it in its own transaction; unless it `waits`, leave it to whoever is just running it."""
    with transaction.atomic(using="sweep"):
        with connections["sweep"].cursor() as cursor:
            cursor.execute(HOLD if waits else TRY_TO_HOLD, [f"sweeps.{name}"])
            if cursor.fetchone() == (False,):
                return 0
        return sweep(now=now, using="sweep")
