"""The status page: facts in, finished words and figures out. Pure.

What comes out is plain text, numbers and lists, so that a published page can be kept word by word
and read for ever as the client saw it.
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
