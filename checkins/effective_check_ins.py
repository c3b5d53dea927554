"""The rows of one key result and period, as they came, and what of them was not taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checkins.models import CheckIn


def kept_posts(chain: Sequence[CheckIn]) -> Sequence[CheckIn]:
    """The posts that nobody took back, oldest first; none where the period is empty again.

    `chain` is the whole chain, oldest first. An undo leads back to where its period was before the
    row that it takes back, so that undoing an undo keeps what that one had taken.
    """
    states: list[Sequence[CheckIn]] = [()]
    for row in chain:
        states.append(states[-2] if row.undone_by_id else (*states[-1], row))
    return states[-1]


def is_kept(later: Iterable[bool]) -> bool:
    """Whether a post was not taken back; `later`: for each row after it, whether it is an undo."""
    before, now = False, True
    for is_undo in later:
        before, now = now, before if is_undo else now
    return now
