"""The sentence at the head of a status page: forecasts first, then what is red (M12)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engagements.models import Engagement
from okrs.formatting import in_words
from scoring import Rag
from status.page.facts import KeyResultFacts
from status.page.rows import holds, is_early

LONGEST_NAME = 90
EVERY = {1: "", 2: "both "}


def status_headline(
    rows: Sequence[KeyResultFacts], *, engagement: Engagement, today: dt.date
) -> str:
    """ "Five of six forecasts hold. One key result is red." """
    if not rows:
        return "No committed objective runs now."
    said = [holds(row, engagement=engagement, today=today) for row in rows]
    known = [one for one in said if one is not None]
    if not known:
        return "The work has begun. No key result has a value yet."
    red = [row for row in rows if row.rag == Rag.RED]
    # What is escalated is more than early, whatever its forecast (M7.2).
    unescalated = [row for row in red if row.escalated_since is None]
    early = sum(is_early(row, engagement=engagement, today=today) for row in unescalated)
    name = red[0].title if len(red) == 1 and len(red[0].title) <= LONGEST_NAME else ""
    return f"{say_forecasts(known.count(True), len(known))} {say_reds(len(red), early=early, name=name)}"


def say_forecasts(held: int, total: int) -> str:
    """ "Five of six forecasts hold." """
    if total == 1:
        return "The one forecast holds." if held else "The one forecast does not hold."
    if held == total == 2:
        return "Both forecasts hold."
    if held == total:
        return f"All {in_words(total)} forecasts hold."
    if not held:
        return f"None of the {in_words(total)} forecasts holds."
    verb = "holds" if held == 1 else "hold"
    return f"{in_words(held).capitalize()} of {in_words(total)} forecasts {verb}."


def say_reds(red: int, *, early: int, name: str) -> str:
    """ "One key result is red: its name." """
    if not red:
        return "Nothing is red."
    are = "key result is" if red == 1 else "key results are"
    said = f"{in_words(red).capitalize()} {are} red"
    if early == red:
        return f"{said}, {EVERY.get(red, 'all ')}merely early."
    if early:
        return f"{said}, {in_words(early)} of them merely early."
    return f"{said}: {name}." if name else f"{said}."
