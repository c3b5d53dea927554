"""The rhythms of the cycles that run, and the periods of theirs that matter now (M6.3).

Python works the periods out, once per distinct rhythm; SQL gets them as arrays. So the clock has
one implementation, and a sweep costs the same queries however many clients there are.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connections

from checkins.periods import Period, Rhythm, closed_periods, periods

logger = logging.getLogger(__name__)

DAY = dt.timedelta(days=1)
LOOK_BACK = 2  # periods (M7.9)
LONGEST_CYCLE = 3660 * DAY
# A first period opens at most a week before the cycle starts. A last one may begin five weeks after
# a short cycle, and is looked back on until two more would have closed. A day more for the zones.
BEFORE_START, AFTER_END = 8 * DAY, (4 * 35 + 1) * DAY

RHYTHMS = """
    SELECT e.cadence, e.time_zone, e.due_weekday, e.due_time, e.opens_days_before, c.starts_on,
        c.ends_on, e.country, array_agg(c.id ORDER BY c.id)
    FROM okrs_cycle c JOIN engagements_engagement e ON e.id = c.engagement_id
    WHERE c.starts_on <= %s AND c.ends_on >= %s AND e.closed_at IS NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""


@dataclass(frozen=True, kw_only=True)
class Beat:
    """One rhythm with the country of its holidays, and the cycles that keep it."""

    rhythm: Rhythm
    country: str
    cycles: Sequence[int]


class Closed(NamedTuple):
    """A closed period, and whether it is looked back on."""

    period: Period
    is_recent: bool


def running_beats(*, now: dt.datetime, using: str) -> list[Beat]:
    """The distinct rhythms of all cycles that may ask for something at `now`. One query."""
    with connections[using].cursor() as cursor:
        cursor.execute(RHYTHMS, [now.date() + BEFORE_START, now.date() - AFTER_END])
        return [beat for row in cursor.fetchall() if (beat := _beat(*row))]


def _beat(
    cadence: str,
    zone: str,
    due_weekday: int,
    due_time: dt.time,
    opens_days_before: int,
    starts_on: dt.date,
    ends_on: dt.date,
    country: str,
    cycles: Sequence[int],
) -> Beat | None:
    """None, and a line in the log, where its periods cannot be worked out: one client's odd
    settings must not silence all others.
    """
    try:
        rhythm = Rhythm(
            cadence=cadence,
            zone=ZoneInfo(zone),
            due_weekday=due_weekday,
            due_time=due_time,
            opens_days_before=opens_days_before,
            starts_on=starts_on,
            ends_on=ends_on,
        )
        if ends_on - starts_on > LONGEST_CYCLE:
            raise ValueError(f"A cycle does not last from {starts_on} to {ends_on}.")
        periods(rhythm)
    except (LookupError, OSError, ValueError, OverflowError) as error:
        logger.warning("Cycles %s are left out of the sweeps: %s", list(cycles), error)
        return None
    return Beat(rhythm=rhythm, country=country, cycles=cycles)


def closed_at(rhythm: Rhythm, now: dt.datetime) -> Iterator[Closed]:
    """All closed periods of the cycle, the last one first.

    Looked back on are the last two, as if the cycle went on: its end is told of and then over.
    """
    going_on = replace(rhythm, ends_on=rhythm.ends_on + AFTER_END)
    recent = {period.monday for period in closed_periods(going_on, now)[-LOOK_BACK:]}
    for period in reversed(closed_periods(rhythm, now)):
        yield Closed(period, period.monday in recent)


def cycles_of(beats: Sequence[Beat]) -> dict[str, Any]:
    """Arrays for SQL: each cycle with its rhythm's place in `beats`."""
    rows = [(place, cycle) for place, beat in enumerate(beats) for cycle in beat.cycles]
    return columns(rows, "cycle_beats", "cycles")


def columns(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    """Rows as one array per column, which unnest puts together again."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
