"""Answering help requests and prompts, resolving blockers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from checkins.commands.check_ins import lock_key_result
from checkins.models import Blocker, CheckIn, HelpRequest, PromptAnswer
from checkins.prompts import prompt
from checkins.rules import REQUIRED, stage_refusal
from engagements.models import Membership, Role
from engagements.permissions import Permission, require_right
from notifications.commands import add_notices
from okrs.models import KeyResult
from tenancy.locks import lock


@transaction.atomic
def answer_help_request(
    *, help_request: HelpRequest, answer: str, by: Membership, now: dt.datetime
) -> HelpRequest:
    """Answer a help request, so that it is no longer shown as open (M6.6).

    Any member who reads may answer. Raises ValidationError: `no_right`, `required`, or `answered`
    if someone else was faster.
    """
    if not answer.strip():
        raise ValidationError({"answer": ValidationError(REQUIRED["answer"], code="required")})
    (locked,) = lock(help_request)
    require_right(by, Permission.READ)
    if locked.answered_at is not None:
        raise ValidationError("This request has already been answered.", code="answered")
    locked.answer, locked.answered_by, locked.answered_at = answer.strip(), by, now
    locked.save(update_fields=["answer", "answered_by", "answered_at"])
    return locked


@transaction.atomic
def resolve_blocker(*, blocker: Blocker, by: Membership, now: dt.datetime) -> Blocker:
    """Resolve a blocker (M6.6). Any member who reads may.

    Raises ValidationError: `no_right`, or `resolved` if someone else was faster.
    """
    (locked,) = lock(blocker)
    require_right(by, Permission.READ)
    if locked.resolved_at is not None:
        raise ValidationError("This blocker has already been resolved.", code="resolved")
    locked.resolved_by, locked.resolved_at = by, now
    locked.save(update_fields=["resolved_by", "resolved_at"])
    return locked


@transaction.atomic
def answer_prompt(
    *,
    key_result: KeyResult,
    text: str,
    bet: str = "",
    checkpoint_on: dt.date | None = None,
    crosses_teams: bool = False,
    by: Membership,
    now: dt.datetime,
) -> PromptAnswer:
    """Answer the prompt of a key result, which ends it (M5.9).

    The form knows what its question requires. A red one that crosses teams notifies the sponsors.
    Raises ValidationError: `no_right`, `draft`, `closed`, `answered` if nothing is asked for any
    more, or by field `in_past`.
    """
    row = lock_key_result(key_result, by=by)
    require_right(by, Permission.CHECK_IN)
    locked = row.key_result
    if refusal := stage_refusal(locked):
        raise refusal
    asked = prompt(locked, answer=row.answer, now=now)
    if asked is None or row.current is None:
        message = "This prompt has been answered, or the key result has changed since."
        raise ValidationError(message, code="answered")
    text, bet, today = text.strip(), bet.strip(), locked.engagement.today(now)
    if checkpoint_on is not None and checkpoint_on <= today:
        message = "Choose a checkpoint after today."
        raise ValidationError({"checkpoint_on": ValidationError(message, code="in_past")})
    answer = _create(
        locked, row.current, text=text, bet=bet, checkpoint_on=checkpoint_on, by=by, now=now,
        crosses_teams=crosses_teams and asked.question.may_cross_teams,
    )  # fmt: skip
    if answer.crosses_teams:
        sponsors = Membership.objects.active().filter(
            engagement_id=by.engagement_id, role=Role.SPONSOR, user__is_active=True
        )
        add_notices(sponsors, rule="crosses_teams", subject=locked.pk, period=today, now=now)
    return answer


def answer_with_plan(
    *, key_result: KeyResult, plan: str, checkpoint_on: dt.date, by: Membership, now: dt.datetime
) -> None:
    """Answer the prompt of a red key result by its recovery plan, whose rights were checked."""
    current = CheckIn.objects.current().filter(
        engagement_id=key_result.engagement_id, key_result=key_result
    )
    if check_in := current.order_by("-period").first():
        _create(key_result, check_in, text=plan, checkpoint_on=checkpoint_on, by=by, now=now)


def _create(
    key_result: KeyResult,
    check_in: CheckIn,
    *,
    by: Membership,
    now: dt.datetime,
    **words: Any,
) -> PromptAnswer:
    return PromptAnswer.objects.create(
        engagement_id=key_result.engagement_id,
        key_result=key_result,
        check_in=check_in,
        band=key_result.rag,
        answered_by=by,
        answered_at=now,
        **words,
    )
