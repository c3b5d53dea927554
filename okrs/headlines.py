"""The sentence at the head of status page, home, board and cycle: pace before RAG (M12)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from okrs.formatting import EARLY, write_weeks
from okrs.models import CycleKind, Forecast, KeyResult
from okrs.states import is_early
from scoring import Rag

OTHERS = {
    Forecast.BEHIND: "behind",
    Forecast.NO_RECENT_UPDATE: "no recent update",
    Forecast.NOT_MEASURED: "not measured yet",
}
LONGEST_NAME = 90
CYCLE_NAMES = {CycleKind.ANNUAL: "year", CycleKind.QUARTERLY: "quarter"}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A committed key result with its forecast and pace of the day."""

    key_result: KeyResult
    forecast: Forecast  # M9.2
    pace: Decimal | None  # M5.11
    is_escalated: bool = False  # needs action even if it is on pace (M7.2)

    @property
    def is_red(self) -> bool:
        return self.key_result.rag == Rag.RED

    @property
    def is_early(self) -> bool:
        return is_early(self.key_result.rag, forecast=self.forecast, pace=self.pace)

    @property
    def forecast_label(self) -> str:
        return EARLY if self.is_early else self.forecast.label


def describe_progress(rows: Sequence[Progress], *, today: dt.date) -> str:
    """Return the counts, and a sentence on red ones that are on pace."""
    counts = describe_counts(rows)
    return " ".join(filter(None, [counts, _describe_reds(rows, today=today)]))


def describe_counts(rows: Sequence[Progress]) -> str:
    """Return for example "5 of 7 key results are on pace. 1 is behind: Margin. 1 has no recent
    update.": all that are committed and not withdrawn (M9.2).
    """
    counts, total = Counter(row.forecast for row in rows), len(rows)
    if counts[Forecast.NOT_MEASURED] == total:
        return "No key result is measured yet."
    behind = _describe_behind([row for row in rows if row.forecast is Forecast.BEHIND])
    if len(counts) == 1:
        (only,) = counts
        return f"{_all(total)} {_verb(only, total)} {only.label.lower()}{behind}."
    on_pace = counts[Forecast.ON_PACE]
    first = (
        f"{on_pace or 'None'} of {total} key results {_verb(Forecast.ON_PACE, on_pace)} on pace."
    )
    others = (
        f"{counts[forecast]} {_verb(forecast, counts[forecast])} {label}"
        f"{behind if forecast is Forecast.BEHIND else ''}."
        for forecast, label in OTHERS.items()
        if counts[forecast]
    )
    return " ".join([first, *others])


def count_forecasts(forecasts: Iterable[str]) -> list[str]:
    """Describe an objective: ["2 of 4 on pace", "1 of 4 not measured yet"] (M12)."""
    counts = Counter(map(Forecast, forecasts))
    total, unmeasured = counts.total(), counts[Forecast.NOT_MEASURED]
    unknown = [
        f"{counts[forecast]} of {total} {forecast.label.lower()}"
        for forecast in (Forecast.NO_RECENT_UPDATE, Forecast.NOT_MEASURED)
        if counts[forecast]
    ]
    if total == 1 or counts[Forecast.NO_RECENT_UPDATE] == total:
        return [forecast.label for forecast in counts]
    lines = [
        f"{'Both' if total == 2 else f'All {total}'} {forecast.label.lower()}"
        for forecast in (Forecast.ON_PACE, Forecast.BEHIND)
        if counts[forecast] == total
    ]
    if not lines and unmeasured < total:
        lines = [f"{counts[Forecast.ON_PACE]} of {total} on pace"]
    return [*lines, *unknown]


def _all(count: int) -> str:
    if count == 1:
        return "The only key result"
    return f"{'Both' if count == 2 else f'All {count}'} key results"


def _verb(forecast: Forecast, count: int) -> str:
    one, more = ("has", "have") if forecast is Forecast.NO_RECENT_UPDATE else ("is", "are")
    return one if count == 1 else more


def _describe_behind(behind: Sequence[Progress]) -> str:
    """Return which are red, and the name if it is one: " and red: Margin", ", 2 of them red"."""
    red = [row for row in behind if row.is_red]
    if len(behind) == 1:
        return f"{' and red' if red else ''}{_name(behind)}"
    if not red:
        return ""
    if len(red) == len(behind):
        return ", both of them red" if len(red) == 2 else ", all of them red"
    return f", {len(red)} of them red{_name(red)}"


def _describe_reds(rows: Sequence[Progress], *, today: dt.date) -> str:
    """Return a sentence on red ones that are on pace: escalated, or merely early."""
    red = [row for row in rows if row.is_red]
    pressing = [row for row in red if row.is_escalated and row.forecast is Forecast.ON_PACE]
    if pressing:
        verb = "is" if len(pressing) == 1 else "are"
        return f"{len(pressing)} {verb} red and escalated{_name(pressing)}."
    if red and all(row.is_early for row in red):
        return f"Scores are still low: {_describe_age(red[0].key_result, today=today)}."
    return ""


def _name(rows: Sequence[Progress]) -> str:
    """Return ": its title" of a single one, unless it is too long for a headline."""
    title = rows[0].key_result.title
    return f": {title}" if len(rows) == 1 and len(title) <= LONGEST_NAME else ""


def _describe_age(key_result: KeyResult, *, today: dt.date) -> str:
    """Return for example "the quarter is three weeks old"."""
    cycle = key_result.objective.cycle
    name = CYCLE_NAMES.get(CycleKind(cycle.kind), "cycle")
    weeks = (today - cycle.starts_on).days // 7
    return f"the {name} has just begun" if weeks < 1 else f"the {name} is {write_weeks(weeks)} old"
