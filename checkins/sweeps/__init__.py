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

from checkins.sweeps.digests import friday_digests
from checkins.sweeps.escalations import (
    activate_escalations,
    open_escalations,
    raise_escalations,
    recover_escalations,
)
from checkins.sweeps.reminders import climb, nudge, remind
from engagements.gathering import gather

logger = logging.getLogger(__name__)

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

    Raises SweepsFailed once all have run, where one or more failed.
    """
    counts, failed, skipped = dict.fromkeys((name for name, _ in ORDER), 0), [], False
    for name, sweep in ORDER:
        # The message of a day is closed once it is made: not before all is found that it holds.
        run = partial(sweep, is_daily=False) if sweep is gather and skipped else sweep
        try:
            made = _alone(name, run, now=now)
        except Exception:
            logger.exception("The sweep %s failed; the others go on", name)
            failed.append(name)
        else:
            counts[name], skipped = made or 0, skipped or made is None
    if failed:
        raise SweepsFailed(f"Failed: {', '.join(failed)}. The log says why.")
    return counts


def _alone(name: str, sweep: Sweep, *, now: dt.datetime) -> int | None:
    """Run it in its own transaction; None where it is left to whoever is just running it."""
    with transaction.atomic(using="sweep"):
        with connections["sweep"].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [f"sweeps.{name}"])
            if cursor.fetchone() != (True,):
                return None
        return sweep(now=now, using="sweep")
