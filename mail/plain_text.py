"""What people typed, made fit for a line of a mail."""

from __future__ import annotations

import re
from unicodedata import bidirectional, category

from django.utils.text import Truncator

SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # but those that do not break
# They would turn the words around them: overrides, embeddings and isolates.
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def one_line(text: str, *, most: int = 0) -> str:
    """The words on one line, without control characters, cut after `most` characters if given.

    So nothing that was typed can look like a line of the message, or turn it around.
    """
    line = "".join(c for c in SPACES.sub(" ", str(text)).strip() if not _is_control(c))
    return Truncator(line).chars(most) if most else line


def _is_control(character: str) -> bool:
    return category(character) == "Cc" or bidirectional(character) in TURNING
