"""Which update says too little (M6.4). Pure."""

from __future__ import annotations

FEW_WORDS = 4  # an insight or a next action with fewer is thin


def thin_parts(*, insight: str, next_action: str) -> list[str]:
    """Which of the two is under four words, by its name on screen."""
    words = {"insight": insight, "next action": next_action}
    return [name for name, text in words.items() if len(text.split()) < FEW_WORDS]


def is_thin(*, insight: str, next_action: str) -> bool:
    """Whether either is. Missing evidence is a fact of its own, on the key result."""
    return bool(thin_parts(insight=insight, next_action=next_action))
