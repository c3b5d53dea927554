from __future__ import annotations

from checkins.forms.check_ins import (
    AnswerForm,
    CheckInForm,
    new_key,
    read_confidence,
)
from checkins.forms.escalations import EscalationForm, HuddleForm, OutcomeForm, VerdictForm

__all__ = [
    "AnswerForm",
    "CheckInForm",
    "EscalationForm",
    "HuddleForm",
    "OutcomeForm",
    "VerdictForm",
    "new_key",
    "read_confidence",
]
