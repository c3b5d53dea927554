from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from checkins.models import CheckIn
from okrs.models import KeyResult
from okrs.standing import Standing
from scoring import Rag


def recompute_standing(key_result: KeyResult) -> Standing:
    """The key result's standing, from its check-ins alone: one per period, the newest counts.

    Without any it is that of a key result with no data (M5.5). One query.
    """
    counted = CheckIn.objects.standing().filter(
        engagement_id=key_result.engagement_id, key_result_id=key_result.pk
    )
    history = list(counted.order_by("period"))
    return _standing(history) if history else Standing()


def _standing(history: Sequence[CheckIn]) -> Standing:
    newest = history[-1]
    reds = [check_in for check_in in _last_run(history) if check_in.rag == Rag.RED]
    return Standing(
        value=newest.actual,
        score=newest.score,
        rag=Rag(newest.rag),
        confidence=newest.confidence,
        measured_on=newest.measured_on,
        checked_in_at=newest.posted_at,
        period=newest.period,
        insight=newest.insight,
        evidence_url=newest.evidence_url,
        red_since=reds[0].period if reds else None,
        trail=[_point(check_in) for check_in in history],
    )


def _last_run(history: Sequence[CheckIn]) -> Sequence[CheckIn]:
    """The check-ins at the end that share the newest one's band."""
    start = len(history)
    while start and history[start - 1].rag == history[-1].rag:
        start -= 1
    return history[start:]


def _point(check_in: CheckIn) -> list[str | None]:
    return [check_in.period.isoformat(), _plain(check_in.actual), f"{check_in.score:.2f}"]


def _plain(value: Decimal) -> str:
    return f"{value.normalize() + 0:f}"
