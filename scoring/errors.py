"""The error of this package."""

from __future__ import annotations


class ScoringError(ValueError):
    """Bad input. The message names the problem and how to fix it."""
