from __future__ import annotations

import datetime as dt
from typing import Any, cast
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from decisions.commands.evidence import Evidence, Touches, refreshed, touched
from decisions.commands.idempotency import posted_before
from decisions.commands.releases import lock_head
from decisions.models import NO_OCCASION, Decision, DecisionHead, Occasion, ResultingChange
from engagements.models import Membership
from engagements.permissions import Permission, check_owners, require_right
from okrs.models import KeyResult, Objective

LONGEST_ADDRESS = 500
Errors = dict[str, list[ValidationError]]


@transaction.atomic
def record_decision(
    *,
    text: str,
    owner: Membership,
    due_on: dt.date,
    change: str,
    client_visible: bool,
    by: Membership,
    now: dt.datetime,
    occasion: Occasion = NO_OCCASION,
    objective: Objective | None = None,
    key_result: KeyResult | None = None,
    evidence: Evidence | None = None,
    evidence_url: str = "",
    decided_on: dt.date | None = None,
    idempotency_key: UUID | None = None,
) -> Decision:
    """Append a decision to the engagement's log (M8.2).

    The key result or objective is sealed with its current values, and so is the evidence. The
    database sets number and hash. Posting the same form again, with the same `idempotency_key`,
    returns the first row.

    Raises ValidationError: `no_right`, `reused` if the key comes with other values, or by field
    `required`, `owner`, `before_decision`, `in_future`, `invalid`.
    """
    head = lock_head(by.engagement_id)
    require_right(by, Permission.DECIDE)
    today, url = by.engagement.today(now), evidence_url.strip()
    said: dict[str, Any] = {
        "text": text.strip(),
        "owner": owner,
        "due_on": due_on,
        "change": change,
        "client_visible": client_visible,
        **occasion.columns,
    }
    log = Decision.objects.filter(engagement_id=by.engagement_id)
    if posted := posted_before(log, key=idempotency_key, evidence_url=url, **said):
        return cast(Decision, posted)
    said |= {"decided_on": decided_on or today, "idempotency_key": idempotency_key or uuid4()}
    _check(said, url=url, today=today)
    touches = touched(engagement_id=by.engagement_id, objective=objective, key_result=key_result)
    return _append(said, head=head, touches=touches, evidence=evidence, url=url, by=by, now=now)


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
    evidence: Evidence | None = None,
    evidence_url: str = "",
) -> Decision:
    """Append a decision that replaces an earlier one; both stay in the log (M8.2).

    It has the same occasion and is about the same objects, with their current values. Raises
    ValidationError: `no_right`, `superseded`, or by field `required`, `owner`, `before_decision`,
    `invalid`.
    """
    head = lock_head(by.engagement_id)
    require_right(by, Permission.DECIDE)
    today, url = by.engagement.today(now), evidence_url.strip()
    said: dict[str, Any] = {
        "text": text.strip(),
        "owner": owner,
        "due_on": due_on,
        "change": change,
        "client_visible": client_visible,
        **decision.occasion.columns,
        "decided_on": today,
        "supersedes": decision,
    }
    _check(said, url=url, today=today)
    if Decision.objects.filter(engagement_id=by.engagement_id, supersedes=decision).exists():
        raise ValidationError("This decision is already superseded.", code="superseded")
    touches = refreshed(decision.touches, engagement_id=by.engagement_id)
    return _append(said, head=head, touches=touches, evidence=evidence, url=url, by=by, now=now)


def _append(
    said: dict[str, Any],
    *,
    head: DecisionHead,
    touches: Touches,
    evidence: Evidence | None,
    url: str,
    by: Membership,
    now: dt.datetime,
) -> Decision:
    """Append the row, never dated before the last one even if the clocks of two hosts differ."""
    decision = Decision.objects.create(
        engagement_id=by.engagement_id,
        touches=touches,
        evidence=[*(evidence or []), *([{"label": url, "url": url}] if url else [])],
        recorded_by=by,
        recorded_at=max(now, head.recorded_at),
        **said,
    )
    decision.refresh_from_db(fields=["number", "previous_hash", "hash"])
    return decision


def _check(said: dict[str, Any], *, url: str, today: dt.date) -> None:
    """Raise one ValidationError with all errors by field."""
    errors: Errors = {}
    if not said["text"]:
        errors["text"] = [ValidationError("Write the decision.", code="required")]
    errors |= owner_errors(said["owner"])
    if said["decided_on"] > today:
        message = "This day is in the future. Enter the day of the decision."
        errors["decided_on"] = [ValidationError(message, code="in_future")]
    if said["due_on"] < said["decided_on"]:
        message = "This day is before the decision. Choose a later one."
        errors["due_on"] = [ValidationError(message, code="before_decision")]
    if said["change"] not in ResultingChange.values:
        errors["change"] = [ValidationError("Choose what changes.", code="invalid")]
    if url and not _is_address(url):
        message = "Enter a full address, for example https://example.com/report."
        errors["evidence_url"] = [ValidationError(message, code="invalid")]
    if errors:
        raise ValidationError(errors)


def owner_errors(owner: Membership) -> Errors:
    """Return the errors of the owner by field (M9.3)."""
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
