"""The texts of a report, drafted in full sentences from its page (M8.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

from okrs.formatting import write_day
from okrs.models import Forecast
from status.schema import KeyResultRow, Page, ReportText

LONGEST = 300  # characters of a quoted text
MOST_STEPS = 6


def draft_text(
    page: Page, *, decided: Sequence[tuple[str, dt.date]] = (), next_review: dt.date | None = None
) -> ReportText:
    """Draft counts, changes, causes, decisions and next steps (M8.4).

    `decided` lists text and due date. All of it is on the page or given, so that nothing internal
    is published. The lead edits the draft.
    """
    today = dt.date.fromisoformat(page["on"])
    rows = {
        row["id"]: row
        for cycle in page["cycles"]
        for block in cycle["blocks"]
        for row in block["key_results"]
    }
    return {
        "headline": page["headline"],
        "moved": "\n".join(_changes(page)),
        "red": "\n".join(_causes(page, rows)),
        "decided": "\n".join(_decisions(decided, today=today)),
        "next_steps": "\n".join(_next_steps(rows.values(), next_review=next_review, today=today)),
    }


def _changes(page: Page) -> Iterator[str]:
    changes = page["moves"]
    if not changes:
        return
    count = len(changes) + page["more_moves"]
    yield f"{_count(count, 'value has', 'values have')} changed {page['since']}."
    for change in changes:
        moved = f"went from {change['then']} to {change['now']}"
        yield f"{change['title']} {moved} and {_state(Forecast(change['forecast']).label)}."


def _causes(page: Page, rows: Mapping[str, KeyResultRow]) -> Iterator[str]:
    """Write of each one that is behind or red how long, why, and the action on it."""
    for item in page["reds"]:
        why = rows[item["id"]]["insight"]
        since = _state(
            item["since"].replace(", on", " and on").replace(", red", " and has been red")
        )
        action = item["answered"]
        texts = [f"{item['title']} {since}", _shortened(why), action[:1].upper() + action[1:]]
        yield " ".join(_sentence(text) for text in texts if text)


def _decisions(decided: Sequence[tuple[str, dt.date]], *, today: dt.date) -> Iterator[str]:
    if decided:
        yield f"We made {_count(len(decided), 'decision', 'decisions')}."
    for text, due_on in sorted(decided, key=itemgetter(1)):
        by = write_day(due_on, today=today, weekday=False)
        yield f"{_sentence(_shortened(text))} It is due by {by}."


def _next_steps(
    rows: Iterable[KeyResultRow], *, next_review: dt.date | None, today: dt.date
) -> Iterator[str]:
    """List the actions still to come, the earliest first, and name the next review."""
    due = sorted(_steps(rows, today=today))
    yield from (f"For {title}: {step}." for _, title, step in due[:MOST_STEPS])
    if len(due) > MOST_STEPS:
        yield f"{_count(len(due) - MOST_STEPS, 'more step is', 'more steps are')} planned."
    if next_review is not None:
        yield f"The next review is on {write_day(next_review, today=today)}."


def _steps(rows: Iterable[KeyResultRow], *, today: dt.date) -> Iterator[tuple[str, str, str]]:
    """List day, key result and step; an active plan's checkpoint replaces the next action."""
    for row in rows:
        if row["checkpoint_on"]:
            yield row["checkpoint_on"], row["title"], row["answered"]
        elif row["next_action"] and row["next_on"] >= today.isoformat():
            step = f"{_shortened(row['next_action'])}, by {row['next_due']}"
            yield row["next_on"], row["title"], step


def _state(forecast: str) -> str:
    """Continue a sentence: "is behind pace", "has no recent update"."""
    verb = "has" if forecast.startswith(Forecast.NO_RECENT_UPDATE.label) else "is"
    return f"{verb} {forecast[0].lower()}{forecast[1:]}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
