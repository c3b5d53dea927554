"""Rows checked against each other, and against the data that the engagement has. Pure."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from imports.rows import Choices, Key, Row
from imports.sheets import Problem, quote
from okrs.contradictions import check_numbers
from okrs.formatting import write_unit
from okrs.weeks import quarter
from okrs.writing import plain
from tenancy.text import comparable

METRIC_FACTS = ("definition", "unit", "source", "refresh", "valid_low", "valid_high")

Fact = str | Decimal


class KnownCycle(NamedTuple):
    id: int
    starts_on: dt.date
    ends_on: dt.date


class KnownPerson(NamedTuple):
    id: int
    name: str
    is_viewer: bool
    has_left: bool


class KnownMetric(NamedTuple):
    id: int
    name: str
    unit: str
    is_archived: bool
    valid_low: Decimal | None
    valid_high: Decimal | None


class KnownObjective(NamedTuple):
    id: int
    cycle_id: int
    team_id: int | None
    team: str  # empty: the company's


class KnownKeyResult(NamedTuple):
    id: int
    metric: str


@dataclass(frozen=True)
class Known:
    """The data of the engagement that a sheet can name, as plain values by the key of a row."""

    client_names: frozenset[str]  # as they are compared
    choices: Choices
    cycles: Mapping[str, KnownCycle]
    teams: Mapping[str, int]
    people: Mapping[str, KnownPerson]
    metrics: Mapping[str, KnownMetric]
    objectives: Mapping[tuple[str, str], KnownObjective]
    key_results: Mapping[Key, KnownKeyResult]

    def span(self, cycle: str) -> tuple[dt.date, dt.date] | None:
        """Return the first and last day of a cycle, or of the quarter with that name."""
        span = self.cycles.get(comparable(cycle)) or quarter(cycle)
        return (span.starts_on, span.ends_on) if span else None


class Targets:
    """The key results of the file and of the engagement, by the names a contribution can use."""

    def __init__(self, rows: Iterable[Row], *, known: Known) -> None:
        self.titles: dict[tuple[str, str], dict[Key, None]] = {}
        self.metrics: dict[tuple[str, str], dict[Key, None]] = {}
        for row in rows:
            self._add(row.key, metric=row.metric)
        for key, key_result in known.key_results.items():
            self._add(key, metric=key_result.metric)

    def named_by(self, row: Row) -> list[Key]:
        """Return none, one, or two where several are meant; a title goes before a metric."""
        place = row.key[0], plain(row.contributes_to)
        for names in (self.titles, self.metrics):
            others = (key for key in names.get(place, ()) if key != row.key)
            if targets := list(islice(others, 2)):
                return targets
        return []

    def _add(self, key: Key, *, metric: str) -> None:
        self.titles.setdefault((key[0], key[2]), {})[key] = None
        self.metrics.setdefault((key[0], plain(metric)), {})[key] = None


def check_together(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield the problems of rows that contradict each other."""
    yield from _duplicates(rows)
    yield from _disagreeing(
        rows,
        about=lambda row: row.key[:2],
        column="team",
        fact=lambda row: comparable(row.team),
        fix="Use one team, or give the two objectives different titles.",
        skip=frozenset({"cycle", "objective", "team", "level"}),
    )
    yield from _disagreeing(
        rows,
        about=lambda row: row.owner_email,
        column="owner",
        fact=lambda row: comparable(row.owner),
        fix="Give each address one name.",
        skip=frozenset({"owner", "owner_email"}),
    )
    yield from _metrics(rows)


def check_known(rows: Iterable[Row], *, known: Known) -> Iterator[Problem]:
    """Yield the problems of new rows that do not fit the data of the engagement."""
    rows = list(rows)
    facts = metric_facts(rows)
    for row in rows:
        yield from _dates(row, known)
        yield from _numbers(row, known, facts=facts)
        yield from _team(row, known)
        yield from _metric(row, known)
        yield from _owner(row, known)


def check_contributions(
    rows: Sequence[Row], *, targets: Targets, torn: set[str]
) -> Iterator[Problem]:
    """Each contribution must name one other key result, and none may lead back to itself (M2.4)."""
    links: dict[Key, Key] = {}
    for row in rows:
        if not row.contributes_to or not row.cycle:
            continue
        named = targets.named_by(row)
        if len(named) == 1:
            links[row.key] = named[0]
        elif named:
            message = f"Several key results of {row.cycle} match {quote(row.contributes_to)}."
            fix = "Enter the full title of one."
            yield Problem(row.line, "contributes_to", message, fix)
        elif plain(row.contributes_to) not in torn:
            message = f"No other key result of {row.cycle} matches {quote(row.contributes_to)}."
            fix = "Enter its title or its metric as in the file."
            yield Problem(row.line, "contributes_to", message, fix)
    yield from _loops(rows, links=links)


def metric_facts(rows: Iterable[Row]) -> dict[tuple[str, str], tuple[Fact, Row]]:
    """Return the facts of each metric by its key and column, with the row that has them first.

    Empty cells are skipped: a metric is described once and can be named again without details.
    """
    facts: dict[tuple[str, str], tuple[Fact, Row]] = {}
    for row in rows:
        for fact in METRIC_FACTS:
            value = getattr(row, fact)
            if value not in ("", None):
                facts.setdefault((row.metric_key, fact), (value, row))
    return facts


def _duplicates(rows: Iterable[Row]) -> Iterator[Problem]:
    first: dict[Key, int] = {}
    for row in rows:
        line = first.setdefault(row.key, row.line)
        if all(row.key) and line != row.line:
            fix = "Remove one, or give them different titles."
            yield Problem(row.line, "key_result", f"It is also in line {line}.", fix)


def _disagreeing(
    rows: Iterable[Row],
    *,
    about: Callable[[Row], object],
    column: str,
    fact: Callable[[Row], str],
    fix: str,
    skip: frozenset[str],
) -> Iterator[Problem]:
    firsts: dict[object, Row] = {}
    for row in rows:
        if row.faulty & skip:
            continue
        first = firsts.setdefault(about(row), row)
        if fact(first) != fact(row):
            text = getattr(first, column)
            message = f"Line {first.line} says {quote(text) if text else 'nothing'} here."
            yield Problem(row.line, column, message, fix)


def _metrics(rows: Sequence[Row]) -> Iterator[Problem]:
    facts = metric_facts(row for row in rows if row.metric)
    for row in rows:
        for fact in METRIC_FACTS:
            value = getattr(row, fact)
            expected, first = facts.get((row.metric_key, fact), (value, row))
            same = same_unit if fact == "unit" else operator.eq
            if value not in ("", None) and not same(value, expected):
                message = f"{quote(row.metric)} has {quote(str(expected))} in line {first.line}."
                fix = "Make both the same, or use two metrics."
                yield Problem(row.line, fact, message, fix)
    for (metric, fact), (high, row) in facts.items():
        low, _ = facts.get((metric, "valid_low"), (None, row))
        if fact == "valid_high" and low is not None and low >= high:  # type: ignore[operator]
            message = f"{high} is not above the lowest valid value, {low}."
            yield Problem(row.line, "valid_high", message, "Swap the two values or change one.")


def same_unit(one: object, other: object) -> bool:
    """Return whether two units are one: "Percent" and "%", "Days" and "days"."""
    return write_unit(comparable(str(one))) == write_unit(comparable(str(other)))


def _dates(row: Row, known: Known) -> Iterator[Problem]:
    span = known.span(row.cycle)
    if span is None and row.cycle:
        fix = "Create it first, or use a quarter such as 2026-Q1."
        yield Problem(row.line, "cycle", f"There is no cycle {quote(row.cycle)}.", fix)
    elif span and row.due_on and row.due_on <= span[0]:
        message = f"{row.due_on} is not after the start of {row.cycle}."
        yield Problem(row.line, "due_on", message, f"Write a day after {span[0]}.")
    elif span and row.due_on and row.due_on > span[1]:
        message = f"{row.due_on} is after the end of {row.cycle}."
        yield Problem(row.line, "due_on", message, f"Write {span[1]} or a day before it.")
    elif span and row.starts_on and not span[0] <= row.starts_on < (row.due_on or span[1]):
        message = f"{row.starts_on} is not between the start of {row.cycle} and the due date."
        fix = f"Write {span[0]} or a day after it, before the due date."
        yield Problem(row.line, "starts_on", message, fix)


def _numbers(
    row: Row, known: Known, *, facts: Mapping[tuple[str, str], tuple[Fact, Row]]
) -> Iterator[Problem]:
    def end_of_range(end: str) -> Decimal | None:
        if metric := known.metrics.get(row.metric_key):
            value: object = getattr(metric, end)
        else:
            value, _ = facts.get((row.metric_key, end), (None, row))
        return value if isinstance(value, Decimal) else None

    low, high = end_of_range("valid_low"), end_of_range("valid_high")
    if not row.direction or (low is not None and high is not None and low >= high):
        return
    for found in check_numbers(
        higher_is_better=row.direction == "higher",
        baseline=row.baseline,
        target=row.target,
        low=low,
        high=high,
    ):
        message, _, fix = found.message.rpartition(". ")
        yield Problem(row.line, found.code, f"{message}.", fix)


def _team(row: Row, known: Known) -> Iterator[Problem]:
    objective = known.objectives.get(row.key[:2])
    if objective is None or row.faulty & {"team", "level"}:
        return
    team = objective.team
    if comparable(team) != comparable(row.team):
        message = f"The objective already exists, {f'of {team}' if team else 'of the company'}."
        yield Problem(row.line, "team", message, "Use that team, or change the title.")


def _metric(row: Row, known: Known) -> Iterator[Problem]:
    metric = known.metrics.get(row.metric_key)
    if metric is None:
        return
    if metric.is_archived:
        message = f"The metric {quote(metric.name)} is archived."
        yield Problem(row.line, "metric", message, "Use another metric.")
    if row.unit and metric.unit and not same_unit(row.unit, metric.unit):
        message = f"The dictionary has {quote(metric.name)} in {quote(metric.unit)}."
        yield Problem(row.line, "unit", message, "Use that unit, or another metric.")


def _owner(row: Row, known: Known) -> Iterator[Problem]:
    person = known.people.get(row.owner_email)
    if person is not None and person.has_left:
        yield Problem(row.line, "owner_email", f"{person.name} has left.", "Choose someone else.")
    elif person is not None and person.is_viewer:
        message = f"{person.name} only reads status pages."
        yield Problem(row.line, "owner_email", message, "Choose a member.")


def _loops(rows: Sequence[Row], *, links: dict[Key, Key]) -> Iterator[Problem]:
    """Yield one problem per loop. Only new rows have a link, one each: no loop runs through others."""
    lines = {row.key: row for row in rows}
    walked: dict[Key, Key] = {}  # to the start of the walk that came here first
    for row in rows:
        key = row.key
        if key in walked:
            continue
        while key in links and key not in walked:
            walked[key] = row.key
            key = links[key]
        if key in links and walked[key] == row.key:
            message = f"Its contribution to {quote(lines[key].contributes_to)} leads back to it."
            fix = "Remove one of these links."
            yield Problem(lines[key].line, "contributes_to", message, fix)
