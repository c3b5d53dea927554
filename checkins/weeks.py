"""Calendar weeks, as the escalation rule counts them (M7.1). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from checkins.models import CheckIn, CheckInKind
from okrs.weeks import WEEK, monday_of
from scoring import Rag


@dataclass(frozen=True, kw_only=True)
class RedRun:
    """Weeks in a row that are red, up to now: the Monday of the first, and how many said so."""

    since: dt.date
    reported: int


def week_for(*, period: dt.date, posted_on: dt.date) -> dt.date:
    """The Monday of the week for which a check-in stands, whatever the cadence (M7.1).

    Its period's, if posted by that week's Sunday on the client's clock, else that of the posting.
    """
    return period if posted_on < period + WEEK else monday_of(posted_on)


def red_run(rows: Sequence[CheckIn]) -> RedRun | None:
    """The red weeks at the end of a key result's rows, which come in the order of posting.

    In each week the last row stands. A week without one stays as the week before; so does one
    whose only check-in was taken back within it. What is taken back in a later week leaves red
    then: past closes are never rewritten, a late correction can only recover (M7.8).
    """
    bands: dict[dt.date, str] = {}
    left: set[dt.date] = set()  # weeks in which one of an earlier week was taken back
    week_of: dict[int | None, dt.date] = {row.pk: row.week for row in rows}
    for row in rows:
        if row.kind == CheckInKind.UPDATE:
            bands[row.week] = row.rag
        elif week_of.get(row.supersedes_id) == row.week and row.week not in left:
            bands.pop(row.week, None)
        else:
            bands[row.week] = Rag.NO_DATA.value
            left.add(row.week)
    calm = max((week for week, band in bands.items() if band != Rag.RED), default=dt.date.min)
    reds = [week for week in bands if week > calm]
    return RedRun(since=min(reds), reported=len(reds)) if reds else None
