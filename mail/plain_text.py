"""Make user input safe for a line of an email."""

from __future__ import annotations

import re
from unicodedata import bidirectional, category

from django.utils.text import Truncator

SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # but those that do not break
# They would turn the words around them: overrides, embeddings and isolates.
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def one_line(text: str, *, most: int = 0) -> str:
    """Return the text on one line without control characters, cut after `most` characters.

    So user input can't imitate a line of the message or reverse its direction.
    """
    line = "".join(c for c in SPACES.sub(" ", str(text)).strip() if not _is_control(c))
    return Truncator(line).chars(most) if most else line


def _is_control(character: str) -> bool:
    return category(character) == "Cc" or bidirectional(character) in TURNING
