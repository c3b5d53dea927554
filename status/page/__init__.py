"""The status page as plain texts, numbers and lists, built from facts without queries.

A published page is stored as it is, so clients can always read it as it was published.
"""

from __future__ import annotations

from status.page.drafts import draft_words
from status.page.facts import Facts, KeyResultFacts, LastReport, Since
from status.page.pages import status_page
from status.page.schema import Page, Words

__all__ = [
    "Facts",
    "KeyResultFacts",
    "LastReport",
    "Page",
    "Since",
    "Words",
    "draft_words",
    "status_page",
]
