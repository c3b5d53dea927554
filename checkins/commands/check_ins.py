from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction

from checkins.assessment import assess, outside_range
from checkins.commands.asks import raise_asks, take_back_asks
from checkins.commands.rules import check_content, must_take_check_ins
from checkins.models import CheckIn, CheckInKind, CheckInQuerySet
from checkins.periods import due_after, fill, fillable_periods
from checkins.queries.standing import recompute_standing
from checkins.rhythms import filled_periods, rhythm_of
from checkins.undoing import undo_refusal
from engagements.models import Membership
from okrs.commands import record_standing
from okrs.models import KeyResult

# What an earlier check-in hands on to the one that puts it back in force, beside its terms.
CONTENT = (
    "period",
    "measured_on",
    "actual",
    "out_of_range_confirmed",
    "score",
    "rag",
    "confidence",
    "insight",
    "next_action",
    "next_action_due",
    "evidence_url",
)
TERMS = ("method", "direction", "baseline", "target", "ladder")


class Conflict(Exception):
    """Somebody posted after the form was opened; `theirs` is that check-in. Nothing is written."""

    def __init__(self, theirs: CheckIn) -> None:
        self.theirs = theirs
        super().__init__("Somebody saved this card while you were writing.")


@transaction.atomic
def record_check_in(
    *,
    key_result: KeyResult,
    by: Membership,
    now: dt.datetime,
    actual: Decimal,
    measured_on: dt.date,
    confidence: int,
    insight: str,
    next_action: str,
    next_action_due: dt.date | None = None,
    idempotency_key: UUID,
    help_needed: str = "",
    blocker: str = "",
    evidence_url: str = "",
    seen: str = "",
    confirm_range: bool = False,
    seconds_spent: int | None = None,
) -> CheckIn:
    """Post a check-in, score it, and write the key result's standing (M6.1, M6.2, M6.3).

    It fills the oldest open period that has none, else it supersedes the newest. `seen` is the
    public id of the newest check-in that the form knew; `next_action_due` defaults to the day on
    which the following check-in is due. The same `idempotency_key` again returns the first post.

    Raises Conflict where a newer check-in exists, and ValidationError: `no_right`, `draft`,
    `closed`, `reused`, or by field `required`, `confidence`, `in_future`, `before_cycle`,
    `in_past`, `invalid`, `out_of_range` (M4.5; `confirm_range` says that the value is right).
    """
    locked = _lock(key_result.pk, by=by)
    posted = _posted_before(locked, idempotency_key=idempotency_key)
    if posted is not None:
        return posted
    must_take_check_ins(locked, by=by)
    rhythm = rhythm_of(locked)
    today = rhythm.day_of(now)
    period = fill(fillable_periods(rhythm, now), filled_periods(locked))
    content = {
        "actual": actual,
        "measured_on": measured_on,
        "confidence": confidence,
        "insight": insight.strip(),
        "next_action": next_action.strip(),
        "next_action_due": next_action_due or max(due_after(rhythm, period), today),
        "evidence_url": evidence_url.strip(),
    }
    check_content(locked, content=content, confirm_range=confirm_range, today=today)
    _must_have_seen_newest(locked, seen=seen)
    check_in = CheckIn.objects.create(
        key_result=locked,
        period=period.monday,
        supersedes=_posts(locked).filter(period=period.monday).order_by("-id").first(),
        author=by,
        posted_at=now,
        idempotency_key=idempotency_key,
        seconds_spent=seconds_spent,
        **content,
        **_scored(locked, actual=actual, confidence=confidence, today=today),
    )
    raise_asks(check_in, help_needed=help_needed, blocker=blocker)
    record_standing(key_result=locked, standing=recompute_standing(locked), today=today)
    return check_in


@transaction.atomic
def undo_check_in(*, check_in: CheckIn, by: Membership, now: dt.datetime) -> CheckIn:
    """Take the newest check-in back by one that supersedes it (M6.2).

    If it superseded an earlier one of its period, that one's content stands again; if not, the
    period is empty again and the standing falls back to the one before. What it asked for and
    nobody has dealt with is closed. Returns the superseding row. Raises ValidationError:
    `no_right`, `draft`, `closed`, `not_newest`, `period_closed`.
    """
    locked = _lock(check_in.key_result_id, by=by)
    must_take_check_ins(locked, by=by)
    rhythm = rhythm_of(locked)
    newest = _posts(locked).standing().order_by("-period").first()
    refusal = undo_refusal(check_in, newest=newest, rhythm=rhythm, by=by, now=now)
    if refusal is not None:
        raise refusal
    earlier = check_in.supersedes
    restores = earlier is not None and earlier.kind == CheckInKind.UPDATE
    undo = CheckIn.objects.create(
        key_result=locked,
        kind=CheckInKind.UPDATE if restores else CheckInKind.UNDO,
        supersedes=check_in,
        author=by,
        posted_at=now,
        idempotency_key=uuid4(),
        **_content(earlier if earlier is not None and restores else check_in),
    )
    take_back_asks(check_in, by=by, now=now)
    record_standing(
        key_result=locked, standing=recompute_standing(locked), today=rhythm.day_of(now)
    )
    return undo


def _lock(key_result_id: int, *, by: Membership) -> KeyResult:
    return (
        KeyResult.objects.select_for_update(of=("self",), no_key=True)
        .select_related("engagement", "objective__cycle", "metric")
        .get(engagement_id=by.engagement_id, pk=key_result_id)
    )


def _posts(key_result: KeyResult) -> CheckInQuerySet:
    return CheckIn.objects.select_related("author").filter(
        engagement_id=key_result.engagement_id, key_result=key_result
    )


def _posted_before(key_result: KeyResult, *, idempotency_key: UUID) -> CheckIn | None:
    posted = CheckIn.objects.filter(
        engagement_id=key_result.engagement_id, idempotency_key=idempotency_key
    ).first()
    if posted is not None and posted.key_result_id != key_result.pk:
        raise ValidationError("This form was used for another card. Reload it.", code="reused")
    return posted


def _must_have_seen_newest(key_result: KeyResult, *, seen: str) -> None:
    newest = _posts(key_result).order_by("-id").first()
    if newest is not None and newest.public_id != seen:
        raise Conflict(newest)


def _scored(
    key_result: KeyResult, *, actual: Decimal, confidence: int, today: dt.date
) -> dict[str, Any]:
    """Score and band, and the terms that they were worked out from (M5.10)."""
    found = assess(key_result, actual=actual, confidence=confidence, today=today)
    return {
        "engagement_id": key_result.engagement_id,
        "score": found.score,
        "rag": found.rag.value,
        "out_of_range_confirmed": bool(outside_range(key_result, actual=actual)),
        **{name: getattr(key_result, name) for name in TERMS},
    }


def _content(check_in: CheckIn) -> dict[str, Any]:
    return {name: getattr(check_in, name) for name in ("engagement_id", *CONTENT, *TERMS)}
