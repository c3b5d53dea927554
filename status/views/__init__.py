from __future__ import annotations

from status.views.reports import report_create, summary_update
from status.views.status import report_detail, report_list, shared_status, status

__all__ = [
    "report_create",
    "report_detail",
    "report_list",
    "shared_status",
    "status",
    "summary_update",
]
