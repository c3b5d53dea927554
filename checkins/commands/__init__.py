from checkins.commands.answers import (
    answer_help_request,
    answer_prompt,
    answer_with_plan,
    resolve_blocker,
)
from checkins.commands.check_ins import (
    Conflict,
    follow_rhythm,
    record_check_in,
    undo_check_in,
)

__all__ = [
    "Conflict", "answer_help_request", "answer_prompt", "answer_with_plan", "follow_rhythm",
    "record_check_in", "resolve_blocker", "undo_check_in",
]  # fmt: skip
