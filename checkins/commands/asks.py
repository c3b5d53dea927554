from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from checkins.models import Blocker, CheckIn, HelpRequest
from checkins.queries.asks import asks_of
from engagements.models import Membership
from engagements.permissions import Permission, require_right
from tenancy.locks import lock

TAKEN_BACK = "Taken back with its check-in."


@transaction.atomic
def answer_help_request(
    *, help_request: HelpRequest, answer: str, by: Membership, now: dt.datetime
) -> HelpRequest:
    """Answer an ask, so that it is shown no longer (M6.6). Any member who reads may answer.

    Raises ValidationError: `no_right`, `required`, or `answered` where somebody was faster.
    """
    if not answer.strip():
        raise ValidationError({"answer": ValidationError("Write an answer.", code="required")})
    (locked,) = lock(help_request)
    require_right(by, Permission.READ)
    if locked.answered_at is not None:
        raise ValidationError("This request has already been answered.", code="answered")
    locked.answer, locked.answered_by, locked.answered_at = answer.strip(), by, now
    locked.save(update_fields=["answer", "answered_by", "answered_at"])
    return locked


@transaction.atomic
def resolve_blocker(*, blocker: Blocker, by: Membership, now: dt.datetime) -> Blocker:
    """Say that a blocker stands in the way no longer (M6.6). Any member who reads may.

    Raises ValidationError: `no_right`, or `resolved` where somebody was faster.
    """
    (locked,) = lock(blocker)
    require_right(by, Permission.READ)
    if locked.resolved_at is not None:
        raise ValidationError("This blocker has already been resolved.", code="resolved")
    locked.resolved_by, locked.resolved_at = by, now
    locked.save(update_fields=["resolved_by", "resolved_at"])
    return locked


def raise_asks(check_in: CheckIn, *, help_needed: str, blocker: str) -> None:
    """The ask and the blocker that a check-in names, as items of their own (M6.6).

    What is open on the card already, in the same words, is not asked twice.
    """
    card = {"engagement_id": check_in.engagement_id, "key_result_id": check_in.key_result_id}
    if help_needed and not _open_help(check_in).filter(text=help_needed).exists():
        HelpRequest.objects.create(
            **card,
            check_in=check_in,
            text=help_needed,
            asked_by_id=check_in.author_id,
            asked_at=check_in.posted_at,
        )
    if blocker and not _open_blockers(check_in).filter(text=blocker).exists():
        Blocker.objects.create(
            **card,
            check_in=check_in,
            text=blocker,
            opened_by_id=check_in.author_id,
            opened_at=check_in.posted_at,
        )


def has_asked(check_in: CheckIn, *, help_needed: str, blocker: str) -> bool:
    """Whether these are the words that the check-in raised, or that were open already."""
    raised = asks_of(check_in)
    help_was_open = not raised["help_needed"] and _open_help(check_in).filter(text=help_needed)
    blocker_was_open = not raised["blocker"] and _open_blockers(check_in).filter(text=blocker)
    return (raised["help_needed"] == help_needed or bool(help_was_open)) and (
        raised["blocker"] == blocker or bool(blocker_was_open)
    )


def take_back_asks(check_in: CheckIn, *, by: Membership, now: dt.datetime) -> None:
    """Close what an undone check-in had asked for and nobody has dealt with yet."""
    ours = {"engagement_id": check_in.engagement_id, "check_in": check_in}
    HelpRequest.objects.filter(**ours, answered_at=None).update(
        answer=TAKEN_BACK, answered_by=by, answered_at=now
    )
    Blocker.objects.filter(**ours, resolved_at=None).update(resolved_by=by, resolved_at=now)


def _open_help(check_in: CheckIn) -> QuerySet[HelpRequest]:
    return HelpRequest.objects.filter(
        engagement_id=check_in.engagement_id,
        key_result_id=check_in.key_result_id,
        answered_at=None,
    )


def _open_blockers(check_in: CheckIn) -> QuerySet[Blocker]:
    return Blocker.objects.filter(
        engagement_id=check_in.engagement_id,
        key_result_id=check_in.key_result_id,
        resolved_at=None,
    )
