from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from checkins.models import CheckIn, CheckInKind
from checkins.weeks import red_run
from okrs.models import KeyResult
from okrs.states import KeyResultState
from scoring import Rag


def recompute_standing(key_result: KeyResult) -> KeyResultState:
    """The key result's standing, from its check-ins alone: one per period, the newest counts.

    Without any it is that of a key result with no data (M5.5). One query.
    """
    rows = CheckIn.objects.with_effective().filter(
        engagement_id=key_result.engagement_id, key_result_id=key_result.pk
    )
    return standing_of(rows.order_by("period", "id"))


def standings_at(
    *, engagement_id: int, ids: Iterable[int], at: dt.datetime
) -> dict[int, tuple[KeyResultState, dt.datetime]]:
    """By key result the standing at that instant, and when it was last written. One query.

    Key results that had no post by then are left out.
    """
    rows = CheckIn.objects.with_effective(at=at).filter(
        engagement_id=engagement_id, key_result_id__in=list(ids), posted_at__lte=at
    )
    found = {}
    for key_result_id, own in groupby(
        rows.order_by("key_result_id", "period", "id"), key=attrgetter("key_result_id")
    ):
        posts = list(own)
        written_at = max(posts, key=attrgetter("id")).posted_at
        found[key_result_id] = (standing_of(posts), written_at)
    return found


def standing_of(rows: Iterable[CheckIn]) -> KeyResultState:
    """The standing of all rows of one key result, which come by period and id."""
    chains = [list(chain) for _, chain in groupby(rows, key=attrgetter("period"))]
    standing = [chain for chain in chains if chain[-1].kind == CheckInKind.UPDATE]
    if not standing:
        return KeyResultState()
    posts = sorted((row for chain in chains for row in chain), key=attrgetter("id"))
    return _standing(standing, posts=posts)


def _standing(chains: Sequence[Sequence[CheckIn]], *, posts: Sequence[CheckIn]) -> KeyResultState:
    history = [chain[-1] for chain in chains]
    newest = history[-1]
    reds = red_run(posts) if newest.rag == Rag.RED else None
    return KeyResultState(
        value=newest.actual,
        score=newest.score,
        rag=Rag(newest.rag),
        confidence=newest.confidence,
        measured_on=newest.measured_on,
        checked_in_at=_checked_in_at(chains[-1]),
        period=newest.period,
        insight=newest.insight,
        next_action=newest.next_action,
        next_action_due=newest.next_action_due,
        evidence_url=newest.evidence_url,
        week=newest.week,
        red_since=reds.since if reds else None,
        red_reported=reds.reported if reds else 0,
        trail=[_point(check_in) for check_in in history],
    )


def _checked_in_at(chain: Sequence[CheckIn]) -> dt.datetime:
    """Return when the period first had the band that it has now.

    The clocks of M5.9 count from here: a correction or an undo that leaves the band does not
    restart them, the next period's check-in does.
    """
    *earlier, newest = chain
    effective = [*(one for one in earlier if one.is_effective), newest]
    return next(one.posted_at for one in effective if one.rag == newest.rag)


def _point(check_in: CheckIn) -> list[str | None]:
    return [check_in.period.isoformat(), _plain(check_in.actual), f"{check_in.score:.2f}"]


def _plain(value: Decimal) -> str:
    return f"{value.normalize() + 0:f}"
