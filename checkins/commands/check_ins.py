"""Posting and undoing check-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from operator import attrgetter
from typing import Any, NotRequired, TypedDict, Unpack
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction

from checkins.models import Blocker, CheckIn, CheckInKind, HelpRequest
from checkins.periods import (
    Period,
    due_after,
    fill,
    fillable_periods,
    filled_periods,
    rhythm_of,
    week_for,
)
from checkins.prompts import prompted_at
from checkins.queries.asks import asks_of
from checkins.queries.cards import KeyResultRow, key_result_row
from checkins.rules import (
    assess,
    check_content,
    is_thin,
    outside_range,
    recompute_state,
    stage_refusal,
    state_of,
    undo_refusal,
)
from engagements.commands.engagements import RHYTHM
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, require_right
from okrs.models import KeyResult
from okrs.states import update_silence, update_state
from tenancy.locks import lock, locking
from tenancy.models import instances, select_list

TERMS = ("method", "direction", "baseline", "target", "ladder")
# An undo repeats these from the check-in that it restores or takes back.
REPEATED = (
    *("engagement_id", "author_id", "period", "due_at", "closes_at", "measured_on"),
    *("actual", "out_of_range_confirmed", "score", "rag", "confidence", "insight"),
    *("next_action", "next_action_due", "is_thin", "evidence_url", "prompted_at"),
    *TERMS,
)
# All of a key result, and the one that a form has posted, on any card.
KNOWN = f"""
    SELECT {select_list(CheckIn, "post")} FROM checkins_checkin post
    WHERE post.engagement_id = ANY(%(scope)s)
        AND (post.key_result_id = %(key_result)s OR post.idempotency_key = %(key)s)
    ORDER BY post.period, post.id
"""  # noqa: S608 - columns
TAKEN_BACK = "Taken back with its check-in."


class Content(TypedDict):
    """The content of a check-in (M6.1); `next_action_due` defaults to the next due day."""

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
    """Someone posted after the form was opened; `theirs` is that check-in. Nothing is written."""

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
    **form_data: Unpack[Content],
) -> CheckIn:
    """Post a check-in, score it, and update the key result's state (M6.1, M6.2, M6.3).

    It fills the oldest open period that has none, else it supersedes the newest. `seen` is the
    public id of the newest check-in that the form knew. The same `idempotency_key` with the same
    content again returns the first post; with other content it raises Conflict.

    Raises Conflict if there is a newer check-in, and ValidationError: `no_right`, `draft`,
    `closed`, `reused`, or by field `required`, `confidence`, `in_future`, `before_cycle`,
    `in_past`, `invalid`, `out_of_range` (M4.5; `confirm_range` confirms the value).
    """
    locked = lock_key_result(key_result, by=by).key_result
    require_right(by, Permission.CHECK_IN)
    found = instances(KNOWN, CheckIn, key_result=locked.pk, key=idempotency_key)
    known: list[CheckIn] = [post for (post,) in found]
    posts = [one for one in known if one.key_result_id == locked.pk]
    newest = max(posts, key=attrgetter("pk"), default=None)
    posted = next((one for one in known if one.idempotency_key == idempotency_key), None)
    if posted is not None:
        _require_same_content(posted, newest=newest, key_result=locked, form_data=form_data)
        return posted
    if refusal := stage_refusal(locked):
        raise refusal
    rhythm = rhythm_of(locked)
    today, period = rhythm.day_of(now), fill(fillable_periods(rhythm, now), filled_periods(locked))
    content = _content(form_data, next_due=max(due_after(rhythm, period), today))
    check_content(locked, content=content, confirm_range=confirm_range, today=today)
    if newest is not None and newest.public_id != seen:
        raise Conflict(newest)
    chain = [one for one in posts if one.period == period.monday]
    check_in = _create(
        locked,
        content,
        period=period,
        by=by,
        now=now,
        supersedes=max(chain, key=attrgetter("pk"), default=None),
        idempotency_key=idempotency_key,
        seconds_spent=seconds_spent,
    )
    _raise_asks(check_in, **_asks(form_data))
    state = state_of(sorted([*posts, check_in], key=attrgetter("period", "pk")))
    update_state(key_result=locked, state=state, by=by, now=now)
    return check_in


@transaction.atomic
def undo_check_in(*, check_in: CheckIn, by: Membership, now: dt.datetime) -> CheckIn:
    """Undo the newest check-in by one that supersedes it (M6.2).

    If it superseded an earlier one of its period, the words of that one are restored under their
    author's name. If not, the period is empty again and the state is that of the period before.
    Open requests and blockers that it raised are closed. Returns the superseding row; the same one
    to the same person again. Raises ValidationError: `no_right`, `draft`, `closed`, `not_newest`,
    `is_undo`, `period_closed`, `too_late`.
    """
    locked = lock_key_result(check_in.key_result, by=by).key_result
    require_right(by, Permission.CHECK_IN)
    if refusal := stage_refusal(locked):
        raise refusal
    posts = CheckIn.objects.filter(engagement_id=locked.engagement_id, key_result=locked)
    latest = posts.order_by("-id").first()
    if latest and latest.supersedes_id == check_in.pk and latest.undone_by_id == by.pk:
        return latest
    newest = posts.current().order_by("-period").first()
    if refusal := undo_refusal(check_in, newest=newest, rhythm=rhythm_of(locked), by=by, now=now):
        raise refusal
    undo = _supersede(check_in, by=by, now=now)
    raised = {"engagement_id": check_in.engagement_id, "check_in": check_in}
    Blocker.objects.filter(**raised, resolved_at=None).update(resolved_by=by, resolved_at=now)
    HelpRequest.objects.filter(**raised, answered_at=None).update(
        answer=TAKEN_BACK, answered_by=by, answered_at=now
    )
    update_state(key_result=locked, state=recompute_state(locked), by=by, now=now)
    return undo


@contextmanager
def follow_rhythm(engagement: Engagement) -> Iterator[None]:
    """Count missed periods again once the block has changed the engagement's rhythm (M9.2)."""
    live = KeyResult.objects.live().filter(engagement=engagement)
    list(locking(live).values_list("pk"))  # also those whose first value comes meanwhile
    yield
    update_silence(live.select_related("engagement", "objective__cycle"))


def lock_key_result(key_result: KeyResult, *, by: Membership) -> KeyResultRow:
    """Lock the key result of this member's engagement, and return it with the rest of its card.

    All is read after the lock: what it waited for may have changed the card or the rhythm.
    """
    lock(key_result)
    by.engagement.refresh_from_db(fields=[*RHYTHM, "rhythm_since"])
    row = key_result_row(key_result.public_id, engagement=by.engagement)
    if row is None:
        raise KeyResult.DoesNotExist
    return row


def _require_same_content(
    posted: CheckIn, *, newest: CheckIn | None, key_result: KeyResult, form_data: Content
) -> None:
    """Compare a form with the check-in that it has posted before.

    The response to the first post may have been lost, and the text edited since.
    """
    if posted.key_result_id != key_result.pk:
        raise ValidationError(
            "This form was used for another card. Reload the page.", code="reused"
        )
    content = _content(form_data, next_due=posted.next_action_due)
    differs = any(getattr(posted, name) != value for name, value in content.items())
    if differs or not _has_asked(posted, _asks(form_data)):
        raise Conflict(newest or posted)


def _content(form_data: Content, *, next_due: dt.date) -> dict[str, Any]:
    return {
        "actual": form_data["actual"],
        "measured_on": form_data["measured_on"],
        "confidence": form_data["confidence"],
        "insight": form_data["insight"].strip(),
        "next_action": form_data["next_action"].strip(),
        "next_action_due": form_data.get("next_action_due") or next_due,
        "evidence_url": form_data.get("evidence_url", "").strip(),
    }


def _asks(form_data: Content) -> dict[str, str]:
    return {
        "help_needed": form_data.get("help_needed", "").strip(),
        "blocker": form_data.get("blocker", "").strip(),
    }


def _create(
    key_result: KeyResult,
    content: dict[str, Any],
    *,
    period: Period,
    by: Membership,
    now: dt.datetime,
    **post: Any,
) -> CheckIn:
    """Create the row with its score and band, their terms (M5.10), and the times of its period."""
    actual, confidence = content["actual"], content["confidence"]
    found = assess(key_result, actual=actual, confidence=confidence, day=content["measured_on"])
    scored: dict[str, Any] = {"score": found.score, "rag": found.rag.value}
    return CheckIn.objects.create(
        engagement_id=key_result.engagement_id,
        key_result=key_result,
        period=period.monday,
        week=week_for(period=period.monday, posted_on=rhythm_of(key_result).day_of(now)),
        due_at=period.due_at,
        closes_at=period.closes_at,
        author=by,
        posted_at=now,
        out_of_range_confirmed=bool(outside_range(key_result, actual=actual)),
        prompted_at=prompted_at(key_result, after=found, now=now),
        is_thin=is_thin(insight=content["insight"], next_action=content["next_action"]),
        **{name: getattr(key_result, name) for name in TERMS},
        **scored,
        **content,
        **post,
    )


def _supersede(check_in: CheckIn, *, by: Membership, now: dt.datetime) -> CheckIn:
    """Create the row that undoes this one: it restores the one before, or empties the period."""
    earlier = check_in.supersedes
    restored = earlier if earlier and earlier.kind == CheckInKind.UPDATE else None
    repeated = restored or check_in
    return CheckIn.objects.create(
        week=week_for(period=check_in.period, posted_on=by.engagement.today(now)),
        key_result_id=check_in.key_result_id,
        kind=CheckInKind.UPDATE if restored else CheckInKind.UNDO,
        supersedes=check_in,
        undone_by=by,
        posted_at=now,
        idempotency_key=uuid4(),
        **{name: getattr(repeated, name) for name in REPEATED},
    )


def _raise_asks(check_in: CheckIn, *, help_needed: str, blocker: str) -> None:
    """Raise the help request and the blocker of a check-in as items of their own (M6.6).

    The same text is not raised again while it is open on the card.
    """
    card = {"engagement_id": check_in.engagement_id, "key_result_id": check_in.key_result_id}
    by, at = check_in.author_id, check_in.posted_at
    if help_needed and not _is_open(check_in, "help_needed", help_needed):
        HelpRequest.objects.create(
            **card, check_in=check_in, text=help_needed, asked_by_id=by, asked_at=at
        )
    if blocker and not _is_open(check_in, "blocker", blocker):
        Blocker.objects.create(
            **card, check_in=check_in, text=blocker, opened_by_id=by, opened_at=at
        )


def _has_asked(check_in: CheckIn, asks: dict[str, str]) -> bool:
    """Return whether the check-in raised these texts, or they were open already."""
    raised = asks_of(check_in)
    return all(
        raised[name] == text or (not raised[name] and _is_open(check_in, name, text))
        for name, text in asks.items()
    )


def _is_open(check_in: CheckIn, name: str, text: str) -> bool:
    """Return whether this text is open on the card of the check-in."""
    card = {"engagement_id": check_in.engagement_id, "key_result_id": check_in.key_result_id}
    if name == "blocker":
        return Blocker.objects.filter(**card, text=text, resolved_at=None).exists()
    return HelpRequest.objects.filter(**card, text=text, answered_at=None).exists()
