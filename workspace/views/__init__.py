from __future__ import annotations

from workspace.views.asks import blocker_resolve, help_request_answer
from workspace.views.exports import engagement_export
from workspace.views.home import home
from workspace.views.key_results import key_result_detail
from workspace.views.my_week import my_week
from workspace.views.notification_log import reminder_list

__all__ = [
    "blocker_resolve",
    "engagement_export",
    "help_request_answer",
    "home",
    "key_result_detail",
    "my_week",
    "reminder_list",
]
