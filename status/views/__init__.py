from __future__ import annotations

from status.views.shared import shared_status
from status.views.status import report_create, report_detail, report_list, status
from status.views.summaries import summary_update

__all__ = [
    "report_create",
    "report_detail",
    "report_list",
    "shared_status",
    "status",
    "summary_update",
]
