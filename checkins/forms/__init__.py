from __future__ import annotations

from checkins.forms.check_ins import (
    AnswerForm,
    CheckInForm,
    new_key,
    read_confidence,
)

__all__ = [
    "AnswerForm",
    "CheckInForm",
    "new_key",
    "read_confidence",
]
