from __future__ import annotations

from reviews.queries.reports import (
    last_number,
    live_page,
    page_on,
    published,
    report,
    report_list,
    words_of_now,
)

__all__ = [
    "last_number",
    "live_page",
    "page_on",
    "published",
    "report",
    "report_list",
    "words_of_now",
]
