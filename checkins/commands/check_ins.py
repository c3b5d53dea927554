from __future__ import annotations

import datetime as dt
from decimal import Decimal
from operator import attrgetter
from typing import Any, NotRequired, TypedDict, Unpack
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BigIntegerField, Q, QuerySet, UUIDField

from checkins.assessment import assess, outside_range
from checkins.commands.asks import has_asked, raise_asks, take_back_asks
from checkins.commands.rules import check_content, must_take_check_ins
from checkins.models import CheckIn, CheckInKind, CheckInQuerySet
from checkins.periods import Period, due_after, fill, fillable_periods
from checkins.quality import is_thin
from checkins.queries.standing import recompute_standing, standing_of
from checkins.rhythms import filled_periods, rhythm_of
from checkins.undoing import undo_refusal
from checkins.weeks import week_for
from engagements.models import Membership
from engagements.permissions import Permission, require_right
from okrs.commands import update_state
from okrs.models import KeyResult
from tenancy.compiled import Compiled, Slot
from tenancy.locks import locking

ENGAGEMENT = Slot("engagement", BigIntegerField())
KEY_RESULT = Slot("key_result", BigIntegerField())
TERMS = ("method", "direction", "baseline", "target", "ladder")
# What an undo hands on from the check-in that it puts back in force, or takes back.
HANDED_ON = (
    "engagement_id",
    "author_id",
    "period",
    "due_at",
    "closes_at",
    "measured_on",
    "actual",
    "out_of_range_confirmed",
    "score",
    "rag",
    "confidence",
    "insight",
    "next_action",
    "next_action_due",
    "is_thin",
    "evidence_url",
    *TERMS,
)


class Said(TypedDict):
    """What a person says in a check-in (M6.1); `next_action_due` defaults to the next due day."""

    actual: Decimal
    measured_on: dt.date
    confidence: int
    insight: str
    next_action: str
    next_action_due: NotRequired[dt.date | None]
    evidence_url: NotRequired[str]
    help_needed: NotRequired[str]
    blocker: NotRequired[str]


class Conflict(Exception):
    """Somebody posted after the form was opened; `theirs` is that check-in. Nothing is written."""

    def __init__(self, theirs: CheckIn) -> None:
        self.theirs = theirs
        super().__init__("Someone saved this card while you were writing.")


@transaction.atomic
def record_check_in(
    *,
    key_result: KeyResult,
    by: Membership,
    now: dt.datetime,
    idempotency_key: UUID,
    seen: str = "",
    confirm_range: bool = False,
    seconds_spent: int | None = None,
    **said: Unpack[Said],
) -> CheckIn:
    """Post a check-in, score it, and write the key result's standing (M6.1, M6.2, M6.3).

    It fills the oldest open period that has none, else it supersedes the newest. `seen` is the
    public id of the newest check-in that the form knew. The same `idempotency_key` with the same
    words again returns the first post; it raises Conflict where anything was said otherwise.

    Raises Conflict where a newer check-in exists, and ValidationError: `no_right`, `draft`,
    `closed`, `reused`, or by field `required`, `confidence`, `in_future`, `before_cycle`,
    `in_past`, `invalid`, `out_of_range` (M4.5; `confirm_range` says that the value is right).
    """
    locked = _lock(key_result.pk, by=by)
    require_right(by, Permission.CHECK_IN)
    known = POSTS(engagement=by.engagement_id, key_result=locked.pk, key=idempotency_key)
    posts = [one for one in known if one.key_result_id == locked.pk]
    newest = max(posts, key=attrgetter("pk"), default=None)
    posted = next((one for one in known if one.idempotency_key == idempotency_key), None)
    if posted is not None:
        _must_say_the_same(posted, newest=newest, key_result=locked, said=said)
        return posted
    must_take_check_ins(locked)
    today, period = rhythm_of(locked).day_of(now), _period(locked, now=now)
    content = _content(said, next_due=max(due_after(rhythm_of(locked), period), today))
    check_content(locked, content=content, confirm_range=confirm_range, today=today)
    if newest is not None and newest.public_id != seen:
        raise Conflict(newest)
    chain = [one for one in posts if one.period == period.monday]
    post = {"idempotency_key": idempotency_key, "seconds_spent": seconds_spent, **content}
    post["supersedes"] = max(chain, key=attrgetter("pk"), default=None)
    check_in = _create(locked, period=period, by=by, now=now, **post)
    raise_asks(check_in, **_asks(said))
    standing = standing_of(sorted([*posts, check_in], key=attrgetter("period", "pk")))
    update_state(key_result=locked, state=standing, by=by, now=now)
    return check_in


@transaction.atomic
def undo_check_in(*, check_in: CheckIn, by: Membership, now: dt.datetime) -> CheckIn:
    """Take the newest check-in back by one that supersedes it (M6.2).

    If it superseded an earlier one of its period, that one's words stand again, under their
    author's name; if not, the period is empty again and the standing falls back to the one before.
    What it asked for and nobody has dealt with is closed. Returns the superseding row; the same
    one to the same person again. Raises ValidationError: `no_right`, `draft`, `closed`,
    `not_newest`, `is_undo`, `period_closed`.
    """
    locked = _lock(check_in.key_result_id, by=by)
    require_right(by, Permission.CHECK_IN)
    must_take_check_ins(locked)
    latest = _posts(locked).order_by("-id").first()
    if latest and latest.supersedes_id == check_in.pk and latest.undone_by_id == by.pk:
        return latest
    rhythm = rhythm_of(locked)
    newest = _posts(locked).current().order_by("-period").first()
    refusal = undo_refusal(check_in, newest=newest, rhythm=rhythm, by=by, now=now)
    if refusal is not None:
        raise refusal
    undo = _supersede(check_in, by=by, now=now)
    take_back_asks(check_in, by=by, now=now)
    update_state(key_result=locked, state=recompute_standing(locked), by=by, now=now)
    return undo


def _lock(key_result_id: int, *, by: Membership) -> KeyResult:
    return LOCKED.one(engagement=by.engagement_id, key_result=key_result_id)


def _locked() -> QuerySet[KeyResult]:
    rows = KeyResult.objects.filter(engagement_id=ENGAGEMENT, pk=KEY_RESULT)
    return locking(rows.select_related("engagement", "objective__cycle", "metric"))


def _known() -> QuerySet[CheckIn]:
    """All of one key result, and what a form has posted wherever it was."""
    rows = CheckIn.objects.with_effective().filter(engagement_id=ENGAGEMENT)
    rows = rows.select_related("author", "undone_by")
    posted = Q(idempotency_key=Slot("key", UUIDField()))
    return rows.filter(Q(key_result_id=KEY_RESULT) | posted).order_by("period", "id")


LOCKED, POSTS = Compiled(_locked), Compiled(_known)


def _posts(key_result: KeyResult) -> CheckInQuerySet:
    return CheckIn.objects.select_related("author", "undone_by").filter(
        engagement_id=key_result.engagement_id, key_result=key_result
    )


def _must_say_the_same(
    posted: CheckIn, *, newest: CheckIn | None, key_result: KeyResult, said: Said
) -> None:
    """Of what this form posted once already: its answer may have been lost, its words edited."""
    if posted.key_result_id != key_result.pk:
        raise ValidationError(
            "This form was used for another card. Reload the page.", code="reused"
        )
    content = _content(said, next_due=posted.next_action_due)
    differs = any(getattr(posted, name) != value for name, value in content.items())
    if differs or not has_asked(posted, **_asks(said)):
        raise Conflict(newest or posted)


def _period(key_result: KeyResult, *, now: dt.datetime) -> Period:
    return fill(fillable_periods(rhythm_of(key_result), now), filled_periods(key_result))


def _content(said: Said, *, next_due: dt.date) -> dict[str, Any]:
    return {
        "actual": said["actual"],
        "measured_on": said["measured_on"],
        "confidence": said["confidence"],
        "insight": said["insight"].strip(),
        "next_action": said["next_action"].strip(),
        "next_action_due": said.get("next_action_due") or next_due,
        "evidence_url": said.get("evidence_url", "").strip(),
    }


def _asks(said: Said) -> dict[str, str]:
    return {
        "help_needed": said.get("help_needed", "").strip(),
        "blocker": said.get("blocker", "").strip(),
    }


def _create(
    key_result: KeyResult, *, period: Period, by: Membership, now: dt.datetime, **post: Any
) -> CheckIn:
    """The row with its score and band, the terms they follow from (M5.10), and its due time."""
    actual, today = post["actual"], rhythm_of(key_result).day_of(now)
    found = assess(key_result, actual=actual, confidence=post["confidence"], today=today)
    scored: dict[str, Any] = {"score": found.score, "rag": found.rag.value}
    return CheckIn.objects.create(
        engagement_id=key_result.engagement_id,
        key_result=key_result,
        period=period.monday,
        week=week_for(period=period.monday, posted_on=today),
        due_at=period.due_at,
        closes_at=period.closes_at,
        author=by,
        posted_at=now,
        out_of_range_confirmed=bool(outside_range(key_result, actual=actual)),
        is_thin=is_thin(insight=post["insight"], next_action=post["next_action"]),
        **{name: getattr(key_result, name) for name in TERMS},
        **scored,
        **post,
    )


def _supersede(check_in: CheckIn, *, by: Membership, now: dt.datetime) -> CheckIn:
    """The row that undoes this one: with what this one had replaced, or of the kind that empties."""
    earlier = check_in.supersedes
    restored = earlier if earlier and earlier.kind == CheckInKind.UPDATE else None
    words = restored or check_in
    posted_on = by.engagement.today(now)
    return CheckIn.objects.create(
        week=week_for(period=check_in.period, posted_on=posted_on),
        key_result_id=check_in.key_result_id,
        kind=CheckInKind.UPDATE if restored else CheckInKind.UNDO,
        supersedes=check_in,
        undone_by=by,
        posted_at=now,
        idempotency_key=uuid4(),
        **{name: getattr(words, name) for name in HANDED_ON},
    )
