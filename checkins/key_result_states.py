"""The state of a key result, computed from its check-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from checkins.models import CheckIn, CheckInKind
from okrs.models import KeyResult
from okrs.states import KeyResultState
from scoring import Rag


@dataclass(frozen=True, kw_only=True)
class RedRun:
    """Red weeks in a row: the Monday of the first, and how many have a check-in of their own."""

    since: dt.date
    reported: int


def recompute_state(key_result: KeyResult) -> KeyResultState:
    """Compute the state from the check-ins alone: one per period, the newest counts. One query.

    Without any it is that of a key result with no data (M5.5).
    """
    rows = CheckIn.objects.filter(
        engagement_id=key_result.engagement_id, key_result_id=key_result.pk
    )
    return state_of(rows.order_by("period", "id"))


def states_at(
    *, engagement_id: int, ids: Iterable[int], at: dt.datetime
) -> dict[int, tuple[KeyResultState, dt.datetime]]:
    """Return by key result the state at that instant, and when it was last written. One query.

    Key results without a post by then are left out.
    """
    rows = CheckIn.objects.filter(
        engagement_id=engagement_id, key_result_id__in=list(ids), posted_at__lte=at
    )
    rows = rows.order_by("key_result_id", "period", "id")
    found = {}
    for key_result_id, own in groupby(rows, key=attrgetter("key_result_id")):
        posts = list(own)
        written_at = max(posts, key=attrgetter("id")).posted_at
        found[key_result_id] = (state_of(posts), written_at)
    return found


def state_of(rows: Iterable[CheckIn]) -> KeyResultState:
    """Compute the state from all rows of one key result, ordered by period and id."""
    chains = [list(chain) for _, chain in groupby(rows, key=attrgetter("period"))]
    current = [chain for chain in chains if chain[-1].kind == CheckInKind.UPDATE]
    if not current:
        return KeyResultState()
    newest = current[-1][-1]
    posts = sorted((row for chain in chains for row in chain), key=attrgetter("id"))
    reds = red_run(posts) if newest.rag == Rag.RED else None
    return KeyResultState(
        value=newest.actual,
        score=newest.score,
        rag=Rag(newest.rag),
        confidence=newest.confidence,
        measured_on=newest.measured_on,
        checked_in_at=_checked_in_at(current[-1]),
        period=newest.period,
        insight=newest.insight,
        next_action=newest.next_action,
        next_action_due=newest.next_action_due,
        evidence_url=newest.evidence_url,
        week=newest.week,
        red_since=reds.since if reds else None,
        red_reported=reds.reported if reds else 0,
        trail=[_point(chain[-1]) for chain in current],
    )


def red_run(rows: Sequence[CheckIn]) -> RedRun | None:
    """Return the red weeks at the end of a key result's rows, which come in the order of posting.

    In each week the last row counts. A week without one is like the week before. So is a week whose
    only check-in was undone within it. A check-in that is undone in a later week leaves red in that
    later week: past closes are never rewritten, a late correction can only recover (M7.8).
    """
    bands: dict[dt.date, str] = {}
    left: set[dt.date] = set()  # weeks in which a check-in of an earlier week was undone
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


def effective(chain: Sequence[CheckIn]) -> list[CheckIn]:
    """Return the posts among a period's rows that no one undid, superseded or not."""
    undone = {row.supersedes_id for row in chain if row.undone_by_id}
    return [row for row in chain if not row.undone_by_id and row.pk not in undone]


def _checked_in_at(chain: Sequence[CheckIn]) -> dt.datetime:
    """Return when the period first had the band that it has now.

    The clocks of M5.9 count from here: a correction or an undo that leaves the band does not
    restart them, the next period's check-in does.
    """
    newest = chain[-1]
    posts = [*effective(chain), newest]
    return next(one.posted_at for one in posts if one.rag == newest.rag)


def _point(check_in: CheckIn) -> list[str | None]:
    actual = f"{check_in.actual.normalize() + 0:f}"
    return [check_in.period.isoformat(), actual, f"{check_in.score:.2f}"]
