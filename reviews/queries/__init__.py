from __future__ import annotations

from reviews.queries.reports import live_page, page_on, published, report, report_list

__all__ = ["live_page", "page_on", "published", "report", "report_list"]
