"""The texts of a report, drafted as short introductions to the columns of its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from operator import itemgetter

from okrs.formatting import write_day
from status.page.facts import Facts, KeyResultFacts
from status.page.headlines import status_headline
from status.page.moves import moves, reds
from status.page.pages import describe_since
from status.page.rows import being_answered
from status.page.schema import Move, Red, Words
from status.page.sentences import clause, sentence

LONGEST = 300  # characters of a quoted text


def draft_words(
    facts: Facts,
    *,
    decided: Sequence[tuple[str, dt.date]] = (),
    next_review: dt.date | None = None,
) -> Words:
    """Draft one or two sentences for each heading: how many, and the most important one (M8.4).

    `decided` lists text and due date. All of it is on the page or given, so that nothing internal
    is published. The lead edits the draft.
    """
    return {
        "headline": status_headline(
            facts.key_results, engagement=facts.engagement, today=facts.today
        ),
        "moved": _moved(moves(facts), since=describe_since(facts)),
        "red": _red(reds(facts)),
        "decided": _decided(decided, today=facts.today),
        "next_steps": _next_steps(facts, next_review=next_review),
    }


def _moved(changes: Sequence[Move], *, since: str) -> str:
    if not changes:
        return ""
    counted = f"{_count(len(changes), 'value has', 'values have')} changed {since}"
    first = f"{changes[0]['title']} ({changes[0]['words']})."
    return f"{counted}: {first}" if len(changes) == 1 else f"{counted}. Most notable: {first}"


def _red(red: Sequence[Red]) -> str:
    if not red:
        return "Nothing is red."
    first, early = red[0], sum(one["early"] for one in red)
    counted = _count(len(red), "key result is", "key results are")
    if first["early"]:
        return f"{counted} red, but still on pace."
    also = f", {early} of them still on pace" if early else ""
    action = f", {first['answered']}" if first.get("answered") else ""
    lasting = f"red for {first['since']}{action}."
    if len(red) == 1:
        return f"{counted} red: {first['title']}. It has been {lasting}"
    return f"{counted} red{also}. The longest: {first['title']}, {lasting}"


def _decided(decided: Sequence[tuple[str, dt.date]], *, today: dt.date) -> str:
    if not decided:
        return ""
    text, due_on = min(decided, key=itemgetter(1))
    first = "It is" if len(decided) == 1 else "The first one is"
    by = write_day(due_on, today=today, weekday=False)
    counted = f"We made {_count(len(decided), 'decision', 'decisions')}."
    return f"{counted} {first} due by {by}: {_shortened(sentence(text))}"


def _next_steps(facts: Facts, *, next_review: dt.date | None) -> str:
    """Count the next actions still to come, with the earliest, and name the next review."""
    sentences = []
    due = [one for row in facts.key_results if (one := _next_step(row, facts=facts))]
    if due:
        _, title, step = min(due, key=itemgetter(0))
        sentences.append(f"{_count(len(due), 'next step is', 'next steps are')} planned.")
        sentences.append(f"{'The first' if len(due) > 1 else 'It'} is for {title}: {step}.")
    if next_review is not None:
        sentences.append(f"The next review is on {write_day(next_review, today=facts.today)}.")
    return " ".join(sentences)


def _next_step(row: KeyResultFacts, *, facts: Facts) -> tuple[dt.date, str, str] | None:
    """Return day, key result and step; an active plan's checkpoint replaces the next action."""
    action = being_answered(row, engagement=facts.engagement, today=facts.today)
    if action and row.checkpoint_on is not None and row.checkpoint_on >= facts.today:
        return row.checkpoint_on, row.title, action
    day = row.next_action_due
    if not row.next_action or day is None or day < facts.today:
        return None
    by = write_day(day, today=facts.today, weekday=False)
    return day, row.title, f"{_shortened(clause(row.next_action))}, by {by}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
