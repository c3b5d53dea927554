"""What a band asks for (M5.9): pure, standard library and the names of the bands only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from scoring import Rag

TEXTS = {
    Rag.RED: "Name the root cause, revise the bet, ask for help.",
    Rag.AMBER: "Adjust the initiatives or try a micro-OKR, and set the next checkpoint.",
    Rag.GREEN: "Carry on, invest more in the bet that works, write down why.",
    Rag.STRETCH: "Bank the lesson, and consider a harder target.",
}


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What is asked now; `due_at` is None where no date hangs on it."""

    text: str
    due_at: dt.datetime | None = None
    overdue: bool = False


def prompt(
    *,
    rag: Rag,
    behind: bool,
    checked_in_at: dt.datetime | None,
    now: dt.datetime,
    red_hours: int = 48,
    amber_days: int = 7,
) -> Prompt | None:
    """What the band asks of the card (M5.9).

    Red and amber ask by a date that counts from the check-in, and only once the key result is
    behind; green and stretch ask without a date; no data asks for nothing.
    """
    if checked_in_at is None or rag is Rag.NO_DATA:
        return None
    waits = {Rag.RED: dt.timedelta(hours=red_hours), Rag.AMBER: dt.timedelta(days=amber_days)}
    if rag not in waits:
        return Prompt(text=TEXTS[rag])
    if not behind:
        return None
    due_at = checked_in_at + waits[rag]
    return Prompt(text=TEXTS[rag], due_at=due_at, overdue=now > due_at)
