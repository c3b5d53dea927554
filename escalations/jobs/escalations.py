"""Escalations over all clients (M7.1 to M7.4), and over one key result at its check-in.

Each is one statement and a transaction of its own, writes exactly once whatever runs twice, and
returns how many escalations it wrote. It runs as the sweeps' role, or with `using="default"` inside
a scope over what that shows. Given a `key_result`, it judges that one as things stand now, as after
a check-in `by` somebody; else as the last week closed in each client's zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NotRequired, TypedDict, Unpack

from django.db import connections, transaction

from engagements.models import Membership
from engagements.permissions import READERS
from escalations.jobs import statements
from escalations.jobs.zones import ZoneClock, zone_clock, zone_clocks
from okrs.models import KeyResult

DAY = dt.timedelta(days=1)
EVER = "infinity"  # after all that is on record
ZONES = "SELECT DISTINCT time_zone FROM engagements_engagement"


class Over(TypedDict):
    """What a sweep goes over, and as of when."""

    now: dt.datetime
    using: NotRequired[str]
    key_result: NotRequired[KeyResult]
    by: NotRequired[Membership]


def open_escalations(**over: Unpack[Over]) -> int:
    """Open one for each streak of two red weeks, watched or active at once (M7.1, M7.2)."""
    return _sweep(statements.OPEN, **over)


def activate_escalations(**over: Unpack[Over]) -> int:
    """Activate the watched ones that are not merely early any more (M7.2).

    Over all clients only those that were open when the last week closed are judged.
    """
    return _sweep(statements.ACTIVATE, **over)


def raise_escalations(**over: Unpack[Over]) -> int:
    """Raise to the sponsor: three red weeks without a plan, or red past the checkpoint (M7.4)."""
    return _sweep(statements.RAISE, **over)


def recover_escalations(**over: Unpack[Over]) -> int:
    """Close those whose key result has left red (M7.8)."""
    return _sweep(statements.RECOVER, **over)


def reopen_escalations(**over: Unpack[Over]) -> int:
    """Open those again whose streak goes on: what had ended it was taken back in its week."""
    return _sweep(statements.REOPEN, **over)


def _sweep(
    statement: str,
    *,
    now: dt.datetime,
    using: str = "sweep",
    key_result: KeyResult | None = None,
    by: Membership | None = None,
) -> int:
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        if key_result is not None:
            values = _of_key_result(key_result, now=now)
            statement = statement.format(only=statements.ONLY, only_new=statements.ONLY_NEW)
        else:
            values = _of_all(_ask(cursor, ZONES), now=now)
            statement = statement.format(only="", only_new="")
        values |= {"now": now, "readers": READERS, "by": by.pk if by else None}
        (written,) = _ask(cursor, statement, values)
        return int(written)


def _ask(cursor: Any, sql: str, values: dict[str, Any] | None = None) -> list[Any]:
    cursor.execute(sql, values)
    return [first for first, *_ in cursor.fetchall()]


def _of_all(zones: Iterable[str], *, now: dt.datetime) -> dict[str, Any]:
    """Judged is the close of the last week, in each zone."""
    clocks = zone_clocks(zones, now=now)
    judged = [(clock.monday - DAY, clock.closed_at) for clock in clocks]
    return _columns(clocks, judged=judged)


def _of_key_result(key_result: KeyResult, *, now: dt.datetime) -> dict[str, Any]:
    """Judged is how things stand now."""
    clock = zone_clock(key_result.engagement.time_zone, now=now)
    of = {"engagement": key_result.engagement_id, "key_result": key_result.pk}
    return _columns([clock], judged=[(clock.today, EVER)]) | of


def _columns(
    clocks: Sequence[ZoneClock], *, judged: Sequence[tuple[dt.date, dt.datetime | str]]
) -> dict[str, Any]:
    return {
        "zones": [clock.zone for clock in clocks],
        "mondays": [clock.monday for clock in clocks],
        "todays": [clock.today for clock in clocks],
        "judged_on": [day for day, _ in judged],
        "judged_at": [at for _, at in judged],
        "huddles": [clock.huddle_due_at for clock in clocks],
        "huddles_paused": [clock.huddle_due_at_paused for clock in clocks],
        "latest": max((clock.monday for clock in clocks), default=dt.date.min),
    }
