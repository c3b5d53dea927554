"""The words of a report as they are drafted, from what its page will say; the lead edits them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from operator import itemgetter

from okrs.formatting import write_day
from status.page.facts import Facts, KeyResultFacts
from status.page.headlines import status_headline
from status.page.moves import moves, reds
from status.page.rows import being_answered
from status.page.schema import Red, Words
from status.page.sentences import clause, sentence

MOST_LINES = 12
LONGEST = 300  # of what one of them is told in


def draft_words(
    facts: Facts,
    *,
    decided: Iterable[tuple[str, dt.date]] = (),
    next_review: dt.date | None = None,
) -> Words:
    """Headline, what moved, what is red, what was decided, what comes next (M8.4).

    `decided`: words and due dates. All of it is on the page already or is given, so nothing internal
    can get in.
    """
    headline = status_headline(facts.key_results, engagement=facts.engagement, today=facts.today)
    return {
        "headline": headline,
        "moved": _lines(
            f"{one['title']}: {one['then']} → {one['now']}, {one['words']}." for one in moves(facts)
        ),
        "red": _lines(_red(one) for one in reds(facts)) or "Nothing is red.",
        "decided": _lines(
            f"{_in_short(sentence(text))} By {write_day(by, today=facts.today, weekday=False)}."
            for text, by in decided
        ),
        "next_steps": _lines(_next(facts, next_review=next_review)),
    }


def _red(one: Red) -> str:
    lasted = one["since"] if one["early"] else f"red for {one['since']}"
    answered = one.get("answered", "")
    parts = [
        f"{one['title']}, {lasted}{f', {answered}' if answered else ''}.",
        _in_short(sentence(one["insight"])),
    ]
    if one["next"]:
        parts.append(f"Next: {_in_short(one['next'])}.")
    return " ".join(part for part in parts if part)


def _next(facts: Facts, *, next_review: dt.date | None) -> Iterable[str]:
    """Next actions whose day is still to come, the first one first; then the next review.

    Where a plan runs its checkpoint comes next, in the words of the page.
    """
    due = [one for row in facts.key_results if (one := _due(row, facts=facts))]
    for _, title, said in sorted(due, key=itemgetter(0)):
        yield f"{title}: {said}."
    if next_review is not None:
        yield f"Next review on {write_day(next_review, today=facts.today)}."


def _due(row: KeyResultFacts, *, facts: Facts) -> tuple[dt.date, str, str] | None:
    """The day, the key result, and what is to come of it."""
    answered = being_answered(row, engagement=facts.engagement, today=facts.today)
    if answered and row.checkpoint_on is not None and row.checkpoint_on >= facts.today:
        return row.checkpoint_on, row.title, answered
    day = row.next_action_due
    if not row.next_action or day is None or day < facts.today:
        return None
    by = write_day(day, today=facts.today, weekday=False)
    return day, row.title, f"{_in_short(clause(row.next_action))}, by {by}"


def _in_short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _lines(found: Iterable[str]) -> str:
    lines = list(found)
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"And {len(lines) - MOST_LINES} more."]
    return "\n".join(lines)
