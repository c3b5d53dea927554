"""Cells that a spreadsheet would run as formulas, guarded on the way out, opened on the way in.

The guard is an apostrophe in front. A text that begins like a guarded one gets another, so that
what is read back is what was written.
"""

from __future__ import annotations

import re

# Also in the wide form of East Asian keyboards, and behind spaces that a spreadsheet drops.
_RUNS = re.compile(r"\A'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")
_FIRST = frozenset("=+-@＝＋－＠'\t\r\n \xa0")  # what most cells do not start with


def guarded(text: str) -> str:
    """The text as no spreadsheet takes it for a formula. For words, not for figures."""
    return f"'{text}" if text[:1] in _FIRST and _RUNS.match(text) else text


def unguarded(text: str) -> str:
    """The text as it was before it was guarded."""
    return text[1:] if text[:1] == "'" and _RUNS.match(text) else text
