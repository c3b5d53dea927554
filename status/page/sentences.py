"""People's words as parts of a sentence: in one line, with one full stop or without."""

from __future__ import annotations


def clause(text: str) -> str:
    """ "Call the vendor", to be gone on with: ", by 16 Mar"."""
    return " ".join(text.split()).rstrip(".")


def sentence(text: str) -> str:
    """ "Call the vendor."; a question keeps its mark; nothing stays nothing."""
    said = " ".join(text.split())
    return said if not said or said.endswith((".", "!", "?", "…")) else f"{said}."
