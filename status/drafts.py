"""The texts of a report, drafted as short introductions to the columns of its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from operator import itemgetter

from okrs.formatting import write_day
from status.schema import Page, RedItem, ReportText

LONGEST = 300  # characters of a quoted text


def draft_text(
    page: Page, *, decided: Sequence[tuple[str, dt.date]] = (), next_review: dt.date | None = None
) -> ReportText:
    """Draft one or two sentences for each heading: how many, and the most important one (M8.4).

    `decided` lists text and due date. All of it is on the page or given, so that nothing internal
    is published. The lead edits the draft.
    """
    today = dt.date.fromisoformat(page["on"])
    return {
        "headline": page["headline"],
        "moved": _moved(page),
        "red": _red(page["reds"]),
        "decided": _decided(decided, today=today),
        "next_steps": _next_steps(page, next_review=next_review, today=today),
    }


def _moved(page: Page) -> str:
    changes = page["moves"]
    if not changes:
        return ""
    count = len(changes) + page["more_moves"]
    counted = f"{_count(count, 'value has', 'values have')} changed {page['since']}"
    first = f"{changes[0]['title']} ({changes[0]['words']})."
    return f"{counted}: {first}" if count == 1 else f"{counted}. Most notable: {first}"


def _red(red: Sequence[RedItem]) -> str:
    if not red:
        return "Nothing is red."
    first, early = red[0], sum(item["early"] for item in red)
    counted = _count(len(red), "key result is", "key results are")
    if first["early"]:
        return f"{counted} red, but still on pace."
    also = f", {early} of them still on pace" if early else ""
    action = f", {first['answered']}" if first.get("answered") else ""
    lasting = f"{first['since']}{action}."
    if len(red) == 1:
        return f"{counted} red: {first['title']}. It has been {lasting}"
    return f"{counted} red{also}. The longest: {first['title']}, {lasting}"


def _decided(decided: Sequence[tuple[str, dt.date]], *, today: dt.date) -> str:
    if not decided:
        return ""
    text, due_on = min(decided, key=itemgetter(1))
    text = " ".join(text.split())
    stop = "" if text.endswith((".", "!", "?", "…")) else "."
    first = "It is" if len(decided) == 1 else "The first one is"
    by = write_day(due_on, today=today, weekday=False)
    counted = f"We made {_count(len(decided), 'decision', 'decisions')}."
    return f"{counted} {first} due by {by}: {_shortened(f'{text}{stop}')}"


def _next_steps(page: Page, *, next_review: dt.date | None, today: dt.date) -> str:
    """Count the next actions still to come, with the earliest, and name the next review."""
    sentences = []
    due = list(_steps(page, today=today))
    if due:
        _, title, step = min(due, key=itemgetter(0))
        sentences.append(f"{_count(len(due), 'next step is', 'next steps are')} planned.")
        first = "It" if len(due) == 1 else "The first"
        sentences.append(f"{first} is for {title}: {step}.")
    if next_review is not None:
        sentences.append(f"The next review is on {write_day(next_review, today=today)}.")
    return " ".join(sentences)


def _steps(page: Page, *, today: dt.date) -> Iterator[tuple[str, str, str]]:
    """List day, key result and step; an active plan's checkpoint replaces the next action."""
    for cycle in page["cycles"]:
        for block in cycle["blocks"]:
            for row in block["key_results"]:
                if row["checkpoint_on"]:
                    yield row["checkpoint_on"], row["title"], row["answered"]
                elif row["next_action"] and row["next_on"] >= today.isoformat():
                    step = f"{_shortened(row['next_action'])}, by {row['next_due']}"
                    yield row["next_on"], row["title"], step


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
