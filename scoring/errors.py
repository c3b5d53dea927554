"""The one error of this room."""

from __future__ import annotations


class ScoringError(ValueError):
    """Bad input. The message says what is wrong and how to mend it."""
