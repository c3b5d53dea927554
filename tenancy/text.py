"""The one comparison of names and addresses, and the characters that no text is stored with.

Pure: the child process that reads sheets imports this.
"""

from __future__ import annotations

import re
from unicodedata import normalize

# Unicode's Default_Ignorable_Code_Point without those of `_SELECTORS`, controls other than white
# space (NUL is refused by forms), line annotations, and the blank pattern of Braille.
_INVISIBLE = (
    "\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
# They choose the form of the character before them: emoji, Mongolian, variants of ideographs.
_SELECTORS = "\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # of England, Scotland, Wales
# Persian, Indic scripts and emoji need joiners; between Latin letters they change nothing.
_JOINER = "(?<=[^\x00-\u02af])[\u200c\u200d](?=[^\x00-\u02af])"
_REMOVED = re.compile(f"({_FLAG}|{_JOINER})|[{_INVISIBLE}]")
_NOT_COMPARED = re.compile(f"[{_INVISIBLE}{_SELECTORS}]")
DOT_ABOVE = "\u0307"  # left over where İ becomes i


def comparable(text: str) -> str:
    """Return the key by which names are the same, however they were typed.

    Case, spaces, invisible characters and the form of a letter (composed, full width, ligature)
    don't count. Two names with one key are one name, in Python and in each unique constraint.
    """
    folded = normalize("NFKC", _NOT_COMPARED.sub("", text)).casefold()
    return " ".join(normalize("NFKC", normalize("NFKC", folded).replace(DOT_ABOVE, "")).split())


def address_key(text: str) -> str:
    """Return an email address as it is stored and compared, or a heading's or sign-in's key."""
    return comparable(text).replace(" ", "")


def clean_text(text: str) -> str:
    """Remove invisible characters, apart from those that change how other characters look.

    Returns "" for a text of nothing else.
    """
    cleaned = _REMOVED.sub(r"\1", text)
    return cleaned if comparable(cleaned) or "\0" in cleaned else ""


def one_line(text: str) -> str:
    """Return a name or title as it is stored: cleaned, with every run of spaces as one space."""
    return " ".join(clean_text(text).split())
