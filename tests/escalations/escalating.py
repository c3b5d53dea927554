"""Escalations of tests, each in the state that is asked for, beside the red weeks they tell of."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from engagements.models import Membership
from escalations.models import Escalation, EscalationState
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests.checkins.posting import TUESDAY, post

WEEK = dt.timedelta(days=7)
HOUR = dt.timedelta(hours=1)
PLAN = "Every store registers by phone; the form goes."
NOTE = "Two people of the service desk for a month."
EMPTY: dict[str, Any] = {
    field.name: None if field.null else ""
    for field in Escalation._meta.concrete_fields
    if field.null or (field.blank and not field.primary_key)
}


def compact(page: str) -> str:
    """Return HTML with single spaces, and none next to a tag."""
    return re.sub(r"(?<=>) | (?=<)", "", re.sub(r"[ \n]+", " ", page))


def red_weeks(
    key_result: KeyResult, by: Membership, *, weeks: int = 2, now: dt.datetime = TUESDAY
) -> None:
    """A red check-in in each of the last weeks, the newest one now."""
    today = key_result.engagement.today(now)
    for back in reversed(range(weeks)):
        said = {
            "measured_on": today - back * WEEK,
            "insight": f"Members wait for the export, week {weeks - back}.",
            "next_action": f"Ask for a nightly export, attempt {weeks - back}",
        }
        post(key_result, by, actual="8.8", confidence=3, now=now - back * WEEK, **said)


def escalated(
    key_result: KeyResult,
    by: Membership,
    *,
    state: EscalationState = EscalationState.ACTIVE,
    weeks: int = 2,
    now: dt.datetime = TUESDAY,
    **fields: Any,
) -> Escalation:
    """The escalation of that many red weeks up to now, in this state, as of now.

    `by` checks in and does whatever else a person did. Fields given win.
    """
    with scope(key_result.engagement_id):
        red_weeks(key_result, by, weeks=weeks, now=now)
        key_result.refresh_from_db()
        return put_in(key_result, by, state=state, now=now, **fields)


def put_in(
    key_result: KeyResult,
    by: Membership,
    *,
    state: EscalationState,
    now: dt.datetime,
    **fields: Any,
) -> Escalation:
    """Its open escalation, or a new one, in that state; in the engagement's scope."""
    opened_at = fields.pop("opened_at", now)
    row, _ = Escalation.objects.get_or_create(
        engagement_id=key_result.engagement_id,
        key_result=key_result,
        streak=fields.pop("streak", key_result.red_since),
        defaults={"opened_at": opened_at},
    )
    values = {"opened_at": opened_at, **EMPTY, **dates_of(state, by=by, now=now), **fields}
    Escalation.objects.filter(engagement_id=row.engagement_id, pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def dates_of(state: EscalationState, *, by: Membership, now: dt.datetime) -> dict[str, Any]:
    active = {"activated_at": now, "cause": "pace", "huddle_due_at": now + 48 * HOUR}
    answered = {
        **active,
        "outcome": "change_bet",
        "plan": PLAN,
        "plan_owner": by,
        "checkpoint_on": (now + WEEK).date(),
        "answered_at": now,
        "answered_by": by,
    }
    raised = {**active, "raised_at": now, "raised_for": "no_plan"}
    decided = {
        **raised,
        "verdict": "resources",
        "verdict_note": NOTE,
        "decided_at": now,
        "decided_by": by,
    }
    recovered = {**active, "recovered_at": now}
    in_order: list[dict[str, Any]] = [{}, active, answered, raised, decided, recovered]
    return in_order[list(EscalationState).index(state)]
