"""The status page: facts in, finished words and figures out. Pure.

What comes out is plain text, numbers and lists, so that a published page can be kept word by word
and read for ever as the client saw it.
"""

from __future__ import annotations

from reviews.status.drafts import draft_words
from reviews.status.facts import Facts, KeyResultFacts, LastReport, Since
from reviews.status.pages import status_page
from reviews.status.terms import Page, Words

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
