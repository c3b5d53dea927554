from __future__ import annotations

import datetime as dt
from typing import Any, cast
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from engagements.models import Membership
from engagements.ownership import check_owners
from engagements.permissions import Permission, may_here
from okrs.models import KeyResult, Objective
from reviews.commands.evidence import Touches, refreshed, rests_on, touched
from reviews.commands.once import posted_before
from reviews.commands.open_reviews import lock_review, must_be_open
from reviews.commands.releases import lock_head
from reviews.commands.rooms import tell_the_room
from reviews.models import AgendaItem, Decision, ResultingChange, Review

LONGEST_ADDRESS = 500
Errors = dict[str, list[ValidationError]]


@transaction.atomic
def record_decision(
    *,
    review: Review,
    text: str,
    owner: Membership,
    due_on: dt.date,
    change: str,
    client_visible: bool,
    by: Membership,
    now: dt.datetime,
    agenda_item: AgendaItem | None = None,
    objective: Objective | None = None,
    key_result: KeyResult | None = None,
    evidence_url: str = "",
    decided_on: dt.date | None = None,
    idempotency_key: UUID | None = None,
) -> Decision:
    """Append a decision to the engagement's log (M8.2), in a review that is still open.

    What it touches, the key result or else the objective, is sealed with its values as they stand
    now; the check-in that stands for it is its evidence, besides the address. The row comes back
    with the number and the hash that the database gave it. The same `idempotency_key` with the
    same words again returns the first row.

    Raises ValidationError: `no_right`, `reused` where the key comes with other words, `closed`,
    `other_review` where the item is another one's, or by field `required`, `owner`,
    `before_decision`, `in_future`, `invalid`.
    """
    _must_decide(by)
    locked = lock_review(review, by=by)
    today, url = by.engagement.today(now), evidence_url.strip()
    said: dict[str, Any] = {
        "text": text.strip(),
        "owner": owner,
        "due_on": due_on,
        "change": change,
        "client_visible": client_visible,
        "review": locked,
        "agenda_item": agenda_item,
    }
    log = Decision.objects.filter(engagement_id=by.engagement_id)
    if posted := posted_before(log, key=idempotency_key, evidence_url=url, **said):
        return cast(Decision, posted)
    must_be_open(locked)
    if agenda_item is not None and agenda_item.review_id != locked.pk:
        raise ValidationError("This item stands in another review.", code="other_review")
    said |= {"decided_on": decided_on or today, "idempotency_key": idempotency_key or uuid4()}
    _check(said, url=url, today=today)
    touches = touched(engagement_id=by.engagement_id, objective=objective, key_result=key_result)
    tell_the_room(locked)
    return _append(said, touches=touches, url=url, by=by, now=now)


@transaction.atomic
def supersede_decision(
    *,
    decision: Decision,
    text: str,
    owner: Membership,
    due_on: dt.date,
    change: str,
    client_visible: bool,
    by: Membership,
    now: dt.datetime,
    evidence_url: str = "",
) -> Decision:
    """Append a decision that takes the place of an earlier one; both stay readable (M8.2).

    It belongs to the same review, open or closed, and touches the same objects, with their values
    as they stand now. Raises ValidationError: `no_right`, `superseded`, or by field `required`,
    `owner`, `before_decision`, `invalid`.
    """
    _must_decide(by)
    here = Review.objects.filter(engagement_id=by.engagement_id)
    review = here.select_for_update(no_key=True).get(pk=decision.review_id)
    today, url = by.engagement.today(now), evidence_url.strip()
    said: dict[str, Any] = {
        "text": text.strip(),
        "owner": owner,
        "due_on": due_on,
        "change": change,
        "client_visible": client_visible,
        "review": review,
        "agenda_item": decision.agenda_item,
        "decided_on": today,
        "supersedes": decision,
    }
    _check(said, url=url, today=today)
    if Decision.objects.filter(engagement_id=by.engagement_id, supersedes=decision).exists():
        raise ValidationError("A later decision supersedes this one already.", code="superseded")
    touches = refreshed(decision.touches, engagement_id=by.engagement_id)
    tell_the_room(review)
    return _append(said, touches=touches, url=url, by=by, now=now)


def _must_decide(by: Membership) -> None:
    if not may_here(by, Permission.DECIDE):
        raise ValidationError("Your role does not record decisions.", code="no_right")


def _append(
    said: dict[str, Any], *, touches: Touches, url: str, by: Membership, now: dt.datetime
) -> Decision:
    """The row, recorded after the last one whatever the clocks of two writers said."""
    head = lock_head(by.engagement_id)
    decision = Decision.objects.create(
        engagement_id=by.engagement_id,
        touches=touches,
        evidence=rests_on(touches, engagement_id=by.engagement_id, url=url),
        recorded_by=by,
        recorded_at=max(now, head.recorded_at),
        **said,
    )
    decision.refresh_from_db(fields=["number", "previous_hash", "hash"])
    return decision


def _check(said: dict[str, Any], *, url: str, today: dt.date) -> None:
    """Raises one ValidationError with everything that is wrong, by field."""
    errors: Errors = {}
    if not said["text"]:
        errors["text"] = [ValidationError("Write what is decided.", code="required")]
    errors |= owner_errors(said["owner"])
    if said["decided_on"] > today:
        message = "This day is still to come. Give the day of the decision."
        errors["decided_on"] = [ValidationError(message, code="in_future")]
    if said["due_on"] < said["decided_on"]:
        message = "This day lies before the decision. Give one to come."
        errors["due_on"] = [ValidationError(message, code="before_decision")]
    if said["change"] not in ResultingChange.values:
        errors["change"] = [ValidationError("Choose what it changes.", code="invalid")]
    if url and not _is_address(url):
        message = "Write a whole address, such as https://example.com/report."
        errors["evidence_url"] = [ValidationError(message, code="invalid")]
    if errors:
        raise ValidationError(errors)


def owner_errors(owner: Membership) -> Errors:
    """What is wrong with the one who is to answer for it, by field (M9.3)."""
    try:
        check_owners(owner)
    except ValidationError as refusal:
        return {"owner": refusal.error_list}
    return {}


def _is_address(url: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        return False
    return len(url) <= LONGEST_ADDRESS
