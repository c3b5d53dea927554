"""Escalations of tests, with the dates that make their state."""

from __future__ import annotations

import datetime as dt
from typing import Any

from escalations.models import Cause, Escalation
from okrs.models import KeyResult
from tests.checkins.posting import at

MONDAY = at("2026-03-09T09:04")


def escalate(key_result: KeyResult, *, watched: bool = False, **fields: Any) -> Escalation:
    """Opened on Monday 9 March 2026 at 09:04 and active at once, its huddle due on Wednesday.

    In place of the one that check-ins may have opened for the same streak.
    """
    clock = {
        "activated_at": None if watched else MONDAY,
        "huddle_due_at": None if watched else MONDAY + dt.timedelta(hours=48),
        "cause": "" if watched else Cause.PACE,
    }
    streak = fields.pop("streak", key_result.red_since or dt.date(2026, 3, 2))
    found, _ = Escalation.objects.update_or_create(
        engagement_id=key_result.engagement_id,
        key_result=key_result,
        streak=streak,
        defaults={"opened_at": MONDAY, **clock, **fields},
    )
    return found


def plan(key_result: KeyResult, **fields: Any) -> dict[str, Any]:
    """What a recovery plan adds: recorded on Tuesday, its checkpoint on 24 March."""
    return {
        "outcome": "ask_help",
        "plan": "Borrow an engineer from Reporting",
        "plan_owner": key_result.owner,
        "checkpoint_on": dt.date(2026, 3, 24),
        "answered_at": at("2026-03-10T08:00"),
        "answered_by": key_result.owner,
        **fields,
    }
