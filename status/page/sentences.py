"""People's texts as parts of a sentence: on one line, with or without a full stop."""

from __future__ import annotations


def clause(text: str) -> str:
    """Return the text on one line without its full stop, to continue with ", by 16 Mar"."""
    return " ".join(text.split()).rstrip(".")


def sentence(text: str) -> str:
    """Return the text on one line with a full stop, unless it ends with another mark."""
    said = " ".join(text.split())
    return said if not said or said.endswith((".", "!", "?", "…")) else f"{said}."
