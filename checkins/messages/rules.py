"""The rules of check-in notices, by the names under which jobs and commands write them."""

from __future__ import annotations

from typing import Any

from checkins.messages import fridays, reminders
from checkins.messages.cards import CHECK_IN, KEY_RESULT
from notifications.rules import NoticeRule, register_rule

REMINDERS, DIGESTS = "wants_reminders", "wants_digests"
OWNER, OBJECTIVE = "own key results", "own the objective or lead the program"

RULES: dict[str, dict[str, Any]] = {
    "reminder": {
        "label": "Due soon",
        "reason": OWNER,
        "noun": CHECK_IN,
        "describe": reminders.reminder,
        "switch": REMINDERS,
    },
    "overdue": {
        "label": "Late",
        "reason": OWNER,
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
        "label": "Late or incomplete (Friday)",
        "reason": "champion the team or lead the program",
        "noun": KEY_RESULT,
        "describe": fridays.friday_late,
        "switch": DIGESTS,
    },
}


def register_rules() -> None:
    """Register the wording of each check-in notice."""
    for name, rule in RULES.items():
        register_rule(name, NoticeRule(**rule))
