from __future__ import annotations

from checkins.views.asks import blocker_resolve, help_request_answer
from checkins.views.check_ins import check_in_create, check_in_preview, check_in_undo
from checkins.views.escalations import (
    escalation_activate,
    escalation_huddle,
    escalation_list,
    escalation_outcome,
    escalation_verdict,
)
from checkins.views.key_results import key_result_detail
from checkins.views.reminders import reminder_list

__all__ = [
    "blocker_resolve",
    "check_in_create",
    "check_in_preview",
    "check_in_undo",
    "escalation_activate",
    "escalation_huddle",
    "escalation_list",
    "escalation_outcome",
    "escalation_verdict",
    "help_request_answer",
    "key_result_detail",
    "reminder_list",
]
