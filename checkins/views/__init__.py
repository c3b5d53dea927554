from __future__ import annotations

from checkins.views.asks import blocker_resolve, help_request_answer
from checkins.views.check_ins import check_in_create, check_in_preview, check_in_undo
from checkins.views.key_results import key_result_detail

__all__ = [
    "blocker_resolve",
    "check_in_create",
    "check_in_preview",
    "check_in_undo",
    "help_request_answer",
    "key_result_detail",
]
