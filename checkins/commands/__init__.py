from checkins.commands.answers import (
    answer_help_request,
    answer_prompt,
    answer_with_plan,
    resolve_blocker,
)
from checkins.commands.check_ins import Conflict, record_check_in, undo_check_in

__all__ = [
    "Conflict", "answer_help_request", "answer_prompt", "answer_with_plan", "record_check_in",
    "resolve_blocker", "undo_check_in",
]  # fmt: skip
