"""The clock of a review, in whole minutes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Its minutes and their label; `state` is empty while the review is in time."""

    minutes: int
    words: str
    state: str = ""


def clock_of(
    *,
    minutes: int,
    started_at: dt.datetime | None,
    closed_at: dt.datetime | None,
    now: dt.datetime,
) -> Clock:
    """Return for example "31 min of 45 left", "5 min over 45" or "38 min of 45 taken"."""
    if started_at is None:
        return Clock(minutes=minutes, words="planned", state="idle")
    passed = max(0, int(((closed_at or now) - started_at).total_seconds()) // 60)
    if closed_at is not None:
        return Clock(minutes=passed, words=f"of {minutes} taken", state="idle")
    if passed > minutes:
        return Clock(minutes=passed - minutes, words=f"over {minutes}", state="over")
    return Clock(minutes=minutes - passed, words=f"of {minutes} left")
