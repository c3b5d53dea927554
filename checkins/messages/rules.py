"""The rules of this room, by the names under which sweeps and commands write notices."""

from __future__ import annotations

from typing import Any

from checkins.messages import escalations, fridays, reminders
from checkins.messages.cards import CHECK_IN, KEY_RESULT
from engagements.notice_rules import NoticeRule, register_asides, register_rule

REMINDERS, DIGESTS = "wants_reminders", "wants_digests"
ANSWERS, OBJECTIVE = "answer for key results", "own the objective or lead the program"
TOLD = "were told of the escalation"
ACTS = "answer for it, champion the team or lead the program"

RULES: dict[str, dict[str, Any]] = {
    "reminder": {
        "label": "Due soon",
        "reason": ANSWERS,
        "noun": CHECK_IN,
        "describe": reminders.reminder,
        "switch": REMINDERS,
    },
    "overdue": {
        "label": "Late",
        "reason": ANSWERS,
        "noun": CHECK_IN,
        "describe": reminders.overdue,
        "switch": REMINDERS,
    },
    "missed": {
        "label": "Missed check-in",
        "reason": "own the objective",
        "noun": KEY_RESULT,
        "describe": reminders.missed,
        "switch": DIGESTS,
    },
    "missed_twice": {
        "label": "Two missed check-ins",
        "reason": "lead the program",
        "noun": KEY_RESULT,
        "describe": reminders.missed_twice,
        "switch": DIGESTS,
    },
    "friday_at_risk": {
        "label": "At risk or blocked (Friday)",
        "reason": OBJECTIVE,
        "noun": KEY_RESULT,
        "describe": fridays.friday_at_risk,
        "switch": DIGESTS,
    },
    "friday_late": {
        "label": "Late or thin (Friday)",
        "reason": "champion the team or lead the program",
        "noun": KEY_RESULT,
        "describe": fridays.friday_late,
        "switch": DIGESTS,
    },
    "escalation_active": {
        "label": "Escalation active",
        "reason": ACTS,
        "noun": escalations.ESCALATION,
        "describe": escalations.active,
        "is_urgent": True,
    },
    "escalation_raised": {
        "label": "Escalation raised",
        "reason": "sponsor it, lead the program or own the objective",
        "noun": escalations.ESCALATION,
        "describe": escalations.raised,
        "is_urgent": True,
    },
    "escalation_decided": {
        "label": "Escalation decided",
        "reason": ACTS,
        "noun": escalations.ESCALATION,
        "describe": escalations.decided,
        "is_urgent": True,
    },
    "escalation_answered": {
        "label": "Recovery plan recorded",
        "reason": TOLD,
        "noun": escalations.ESCALATION,
        "describe": escalations.answered,
        "switch": DIGESTS,
    },
    "escalation_recovered": {
        "label": "Escalation recovered",
        "reason": TOLD,
        "noun": escalations.ESCALATION,
        "describe": escalations.recovered,
        "switch": DIGESTS,
    },
}


def register_rules() -> None:
    """Say how each notice of this room is worded, and which clocks run for a person."""
    for name, said in RULES.items():
        register_rule(name, NoticeRule(**said))
    register_asides(escalations.clocks)
