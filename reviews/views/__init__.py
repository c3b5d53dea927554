from __future__ import annotations

from reviews.views.my_week import my_week
from reviews.views.shared import shared_status
from reviews.views.status import report_create, report_detail, report_list, status

__all__ = [
    "my_week",
    "report_create",
    "report_detail",
    "report_list",
    "shared_status",
    "status",
]
