"""The plan of an import: its columns and rows, and the problems that prevent it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from imports.cells import Notation
from imports.checking import (
    Fact,
    Targets,
    check_contributions,
    check_known,
    check_together,
    metric_facts,
)
from imports.columns import COLUMNS, DATES, FIGURES, Column, guess_columns
from imports.cycles import CycleNames, read_cycles
from imports.formats import Decided, date_order_of, decimal_sign_of
from imports.known import Known
from imports.problems import Answers, Problem
from imports.records import Record, read_records
from imports.rows import Row, read_row
from imports.sheets import Grid, read_grid
from tenancy.text import comparable

MAX_PROBLEMS = 200  # on a page
MAX_REPORTED = 10_000  # in a file
MAX_PREVIEWED = 100  # rows without a problem
MAX_CLIENTS = 20  # other clients whose lines can be chosen
LONGEST_CLIENT = 120  # characters of a name
NOTHING = Answers()
TWO_NEEDED = ("objective", "key_result")


class Previewed(NamedTuple):
    """A line, with what the engagement knows of it, and its problems."""

    row: Row
    is_new: bool
    objective_is_new: bool
    unit: Fact
    owner: str
    owner_is_new: bool
    problems: Sequence[Problem]
    texts: Mapping[str, str]  # the cells by field, as they are in the sheet or were changed


class Formats(NamedTuple):
    """The notations that were found, each with the cell that settles it, and cycles to choose."""

    decimal: Decided
    dates: Decided
    cycle: str
    cycles: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of an import, or the first problems that prevent it, in line order.

    `made` counts the new rows by their noun. `rows` are the lines that can be imported; those with
    a problem, and those that need one of them, are left out. Of `total` key results that the
    engagement lacks, `ready` can be imported; `already_there` counts the others. `other_clients`
    are the names in a file that does not name this client, so that all lines were taken.
    `questions` concern the whole sheet, `unreadable` whole lines. After an import, `cycle_ids` are
    the cycles that it filled, in the order of the sheet.
    """

    columns: Sequence[Column]
    formats: Formats | None
    made: Mapping[str, int]
    preview: Sequence[Previewed]
    rows: Sequence[Row]
    total: int
    ready: int
    already_there: int
    questions: Sequence[Problem]
    unreadable: Sequence[Problem]
    problems: Sequence[Problem]
    problem_count: int
    of_other_clients: int = 0
    other_clients: Sequence[str] = ()
    cycle_ids: Sequence[int] = ()

    @property
    def key_results(self) -> int:
        return self.made["key result"]

    @property
    def skipped(self) -> int:
        return self.total - self.ready

    @property
    def not_previewed(self) -> int:
        shown = sum(bool(one.row.key_result) for one in self.preview)
        return max(0, self.total + self.already_there - len(self.unreadable) - shown)

    @property
    def problems_left_out(self) -> int:
        return self.problem_count - len(self.problems)

    @property
    def matched(self) -> int:
        return sum(bool(column.field) for column in self.columns)

    @property
    def unmatched(self) -> int:
        return len(self.columns) - self.matched


def plan_content(content: bytes, **options: Any) -> Plan:
    """Plan the import of a file. Raises SheetError."""
    return plan_import(read_grid(content), **options)


def plan_import(
    grid: Grid,
    *,
    known: Known,
    answers: Answers = NOTHING,
    remembered: Mapping[str, str] | None = None,
    max_problems: int = MAX_PROBLEMS,
) -> Plan:
    """Read the lines of a sheet as it is mapped, and plan their import.

    Where it names this client, by name or slug, in its client column, lines of other clients are
    left out unread; where it names it nowhere, all lines are taken, or only those of the client
    that was chosen.
    """
    columns = guess_columns(
        grid.headings,
        [cells for _, cells in grid.lines],
        chosen=answers.columns,
        remembered=remembered or {},
    )
    every = read_records(grid, columns=columns, answers=answers, client_names=known.client_names)
    records, others = _of_client(every, known=known, client=answers.client)
    decimal, dates = _notations(grid, records, known=known)
    notation = Notation(
        locale=known.locale,
        decimal=answers.decimal or decimal.sign,
        dates=answers.dates or dates.sign,
        fractions=answers.fractions,
        columns=frozenset(column.field for column in columns),
    )
    cycles = read_cycles(grid, records, known=known, answers=answers, dates=notation.dates)
    rows, faults = [], [*_missing(columns), *cycles.questions(records), *grid.problems]
    for record in records:
        cycle = cycles.resolve(record.get("cycle"))
        row, problems = read_row(record, cycle=cycle, choices=known.choices, notation=notation)
        rows.append(_with_owner(row, known=known))
        faults += problems
    texts = {record.line: record.cells for record in records}
    plan = plan_rows(
        rows, known=known, faults=faults, torn=grid.torn, max_problems=max_problems, texts=texts
    )
    return replace(
        plan,
        columns=columns,
        formats=_formats(decimal, dates, cycles=cycles, records=records),
        of_other_clients=len(every) - len(records),
        other_clients=others,
    )


def plan_rows(
    rows: Sequence[Row],
    *,
    known: Known,
    faults: Sequence[Problem] = (),
    torn: Collection[str] = (),
    max_problems: int = MAX_PROBLEMS,
    texts: Mapping[int, Mapping[str, str]] | None = None,
) -> Plan:
    """Plan the import of rows; `faults` and `texts` come from reading, if they were just read."""
    new = [row for row in rows if row.key not in known.key_results]
    problems = sorted(
        [*faults, *_check(rows, known=known, torn=torn)], key=lambda problem: problem[:2]
    )
    ready = _ready(rows, known=known, bad={problem.line for problem in problems})
    lines = {row.line for row in rows}
    questions = [problem for problem in problems if not problem.line]
    unreadable = [one for one in problems if one.line and one.line not in lines]
    wanted = [row for row in new if row.key_result]
    return Plan(
        columns=(),
        formats=None,
        made=_count(new, known=known),
        preview=_preview(rows, known=known, problems=problems[:max_problems], texts=texts or {}),
        rows=ready,
        total=len(wanted) + len({problem.line for problem in unreadable}),
        ready=sum(bool(row.key_result) and row.key not in known.key_results for row in ready),
        already_there=sum(row.key in known.key_results for row in rows),
        questions=questions,
        unreadable=unreadable[:max_problems],
        problems=problems[:max_problems],
        problem_count=len(problems),
    )


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _check(rows: Sequence[Row], *, known: Known, torn: Collection[str]) -> Iterator[Problem]:
    new = [row for row in rows if row.key not in known.key_results]
    yield from check_together(rows)
    yield from check_known(new, known=known)
    yield from check_contributions(new, targets=Targets(rows, known=known), torn=torn)


def _ready(rows: Sequence[Row], *, known: Known, bad: set[int]) -> Sequence[Row]:
    """Return the rows without a problem, and without those that need one of the others."""
    while bad:
        rows = [row for row in rows if row.line not in bad and not row.faulty]
        bad = {problem.line for problem in _check(rows, known=known, torn=())}
    return rows


def _missing(columns: Sequence[Column]) -> Iterator[Problem]:
    fields = {column.field for column in columns}
    if missing := [name for name in TWO_NEEDED if not fields & {name, "title"}]:
        names = " and ".join(name.replace("_", " ") for name in missing)
        yield Problem(0, "", f"No column has the {names}.", "Choose it under Columns.")


def _of_client(
    records: Sequence[Record], *, known: Known, client: str
) -> tuple[Sequence[Record], list[str]]:
    """Return the records of this client, and the other clients that are named instead."""
    names = {comparable(client)} if client else known.client_names
    own = [record for record in records if comparable(record.get("engagement")) in names]
    if not own and not client:
        own = list(records)
    others = [
        name
        for name in dict.fromkeys(record.get("engagement") for record in own)
        if 0 < len(name) <= LONGEST_CLIENT and comparable(name) not in known.client_names
    ]
    return own, others[:MAX_CLIENTS]


def _notations(grid: Grid, records: Sequence[Record], *, known: Known) -> tuple[Decided, Decided]:
    """Return decimal sign and order of dates, as the cells settle them or as the country does."""
    figures = (record.get(name) for record in records for name in FIGURES)
    days = (record.get(name) for record in records for name in DATES)
    dates = date_order_of(days)
    decimal = decimal_sign_of(figures, delimiter=grid.delimiter)
    if not decimal.sign and tuple(grid.headings) == COLUMNS:  # an export
        decimal = Decided(".")
    return decimal, dates if dates.sign else Decided(known.date_order)


def _formats(
    decimal: Decided, dates: Decided, *, cycles: CycleNames, records: Iterable[Record]
) -> Formats:
    is_asked = any(not record.get("cycle") for record in records)
    return Formats(
        decimal,
        dates,
        "" if cycles.answers.cycle else cycles.default,
        cycles.choices() if is_asked else (),
    )


def _with_owner(row: Row, *, known: Known) -> Row:
    """Return the row with the address of the only member who has the owner's name."""
    named = [] if row.owner_email or not row.owner else known.people_named(row.owner)
    if len(named) != 1:
        return row
    return replace(row, owner=named[0].name, owner_email=named[0].email)


def _count(rows: Sequence[Row], *, known: Known) -> dict[str, int]:
    return {
        "key result": sum(bool(row.key_result) for row in rows),
        "objective": len({row.key[:2] for row in rows} - known.objectives.keys()),
        "metric": len({row.metric_key for row in rows} - {"", *known.metrics}),
        "cycle": len({row.key[0] for row in rows} - {"", *known.cycles}),
        "team": len({comparable(row.team) for row in rows} - {"", *known.teams}),
        "placeholder": len({row.person for row in rows} - {"", *known.people}),
        "contribution link": sum(bool(row.contributes_to) for row in rows),
    }


def _preview(
    rows: Sequence[Row],
    *,
    known: Known,
    problems: Iterable[Problem],
    texts: Mapping[int, Mapping[str, str]],
) -> list[Previewed]:
    """Return the first rows and all those with a problem, in the order of the sheet."""
    facts = metric_facts(rows)
    faults: dict[int, list[Problem]] = {}
    for problem in problems:
        faults.setdefault(problem.line, []).append(problem)
    shown = []
    for at, row in enumerate(rows):
        if at >= MAX_PREVIEWED and row.line not in faults:
            continue
        metric, owner = known.metrics.get(row.metric_key), known.people.get(row.owner_email)
        previewed = Previewed(
            row=row,
            is_new=row.key not in known.key_results,
            objective_is_new=row.key[:2] not in known.objectives,
            unit=metric.unit if metric else facts.get((row.metric_key, "unit"), ("", row))[0],
            owner=owner.name if owner else row.owner,
            owner_is_new=bool(row.owner) and owner is None,
            problems=faults.get(row.line, ()),
            texts=texts.get(row.line, {}),
        )
        shown.append(previewed)
    return shown
