"""What the fault tests broke on purpose, and what it cost: lines at the end of the run.

They travel with the test's report, so that they show under xdist and with captured output too.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

PROPERTY = "fault"

_reported: list[str] = []


def report(kind: str, *, injected: int, lost: int, dup: int) -> None:
    """Say how many faults of `kind` were injected, and how much was lost and doubled by them."""
    _reported.append(f"FAULT kind={kind} injected={injected} lost={lost} dup={dup}")


def hand_over(item: pytest.Item) -> None:
    """Put what the test reported into its report, before that is made."""
    item.user_properties.extend((PROPERTY, line) for line in _reported)
    _reported.clear()


def lines(reports: Iterable[object]) -> list[str]:
    """What the reports of a whole run say, sorted."""
    return sorted(
        str(line)
        for each in reports
        if getattr(each, "when", "") == "call"
        for name, line in getattr(each, "user_properties", ())
        if name == PROPERTY
    )
