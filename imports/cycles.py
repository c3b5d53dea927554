"""The cycle of each line: named, in the title, from the dates, or asked for once. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imports.formats import NoDate, fiscal_quarter, quarter_in, quarter_name, read_date
from imports.formats import span_of_fiscal as span_of
from imports.known import Known
from imports.problems import Answers, Offer, Problem, quote
from imports.records import Record
from imports.sheets import Grid
from okrs.weeks import quarter, quarters_from
from tenancy.text import comparable

FISCAL_STARTS = (1, 4, 7, 10)  # the months in which fiscal years usually begin
MAX_CHOICES = 12


@dataclass(frozen=True)
class CycleNames:
    """The cycles that the names in a sheet mean, and the one of lines that name none."""

    known: Known
    answers: Answers
    default: str
    suggested: str

    def resolve(self, text: str) -> str:
        """Return the name of a cycle; "" if it must be asked for."""
        if not text:
            return self.default
        key = comparable(text)
        name = self.answers.cycles.get(key) or text
        if (cycle := self.known.cycles.get(comparable(name))) is not None:
            return cycle.name
        if found := quarter_name(name):
            return found
        is_open = fiscal_quarter(name) and not self.known.fiscal_month
        return "" if is_open else " ".join(name.split())

    def questions(self, records: Sequence[Record]) -> Iterator[Problem]:
        """Yield the questions that are asked once for the whole sheet."""
        names = dict.fromkeys(record.get("cycle") for record in records)
        if "" in names and not self.default:
            offers = [Offer(label, f"cycle:{name}") for name, label in self.choices()]
            fix = "Which cycle is it for?"
            yield Problem(0, "cycle", "The sheet names no cycle.", fix, "", tuple(offers[:3]))
        fiscal = next((name for name in names if name and not self.resolve(name)), None)
        if fiscal is not None:
            spans = {month: span_of(fiscal, first_month=month) for month in FISCAL_STARTS}
            today = self.known.today
            dated = [(month, span) for month, span in spans.items() if span]
            dated.sort(key=lambda pair: not pair[1][0] <= today <= pair[1][1])
            answers = tuple(Offer(_days(*span), f"fiscal:{month}") for month, span in dated)
            message = f"{quote(fiscal)} is a fiscal quarter."
            yield Problem(0, "cycle", message, "Which dates does it have?", fiscal, answers)

    def choices(self) -> list[tuple[str, str]]:
        """Return the cycles to choose from with their days: the suggested one, then all others."""
        spans = {
            cycle.name: (cycle.starts_on, cycle.ends_on)
            for cycle in sorted(self.known.cycles.values(), key=lambda one: one.ends_on)[::-1]
        }
        for coming in quarters_from(self.known.today):
            spans.setdefault(coming.name, (coming.starts_on, coming.ends_on))
        names = [self.suggested, *spans] if self.suggested else [*spans]
        return [
            (name, f"{name}, {_days(*days)}")
            for name in list(dict.fromkeys(names))[:MAX_CHOICES]
            if (days := spans.get(name) or self.known.span(name))
        ]


def read_cycles(
    grid: Grid, records: Sequence[Record], *, known: Known, answers: Answers, dates: str
) -> CycleNames:
    """Find the cycle of lines that name none: in the title, or by start and due date."""
    ends = [day for record in records if (day := _date(record, "due_on", dates=dates))]
    starts = [day for record in records if (day := _date(record, "starts_on", dates=dates))]
    latest = Counter(ends).most_common(1)[0][0] if ends else None
    within = quarter(f"{latest.year}-Q{(latest.month + 2) // 3}") if latest else None
    default = answers.cycle or quarter_in(f"{grid.title} {grid.tab}")
    if not default and within and set(starts) == {within.starts_on}:
        default = within.name if set(ends) == {within.ends_on} else ""
    running = [
        cycle.name
        for cycle in known.cycles.values()
        if latest and cycle.starts_on <= latest <= cycle.ends_on
    ]
    suggested = running[0] if running else within.name if within else ""
    return CycleNames(known=known, answers=answers, default=default, suggested=suggested)


def _date(record: Record, column: str, *, dates: str) -> dt.date | None:
    try:
        return read_date(record.get(column), order=dates)
    except NoDate:
        return None


def _days(starts_on: dt.date, ends_on: dt.date) -> str:
    """Write "1 Oct to 31 Dec 2026"."""
    year = "" if starts_on.year == ends_on.year else f" {starts_on.year}"
    return f"{starts_on.day} {starts_on:%b}{year} to {ends_on.day} {ends_on:%b} {ends_on.year}"
