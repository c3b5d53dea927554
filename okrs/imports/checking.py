"""What only shows when the rows are read together, and beside what the engagement has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from engagements.models import Role
from okrs.imports.cells import Problem, shown
from okrs.imports.existing import Existing
from okrs.imports.rows import Row
from okrs.quarters import quarter

METRIC_FACTS = ("definition", "unit", "source", "refresh", "valid_low", "valid_high")

Fact = str | Decimal
Span = tuple[dt.date, dt.date]


def check_together(rows: Sequence[Row]) -> Iterator[Problem]:
    """Rows of one file may not contradict each other."""
    yield from _said_twice(rows)
    yield from _disagreeing(
        rows,
        about=lambda row: row.key[:2],
        column="team",
        said=lambda row: row.team.casefold(),
        mend="Give the objective one team, or word the two apart.",
        skip=frozenset({"cycle", "objective", "team", "level"}),
    )
    yield from _disagreeing(
        rows,
        about=lambda row: row.owner_email,
        column="owner",
        said=lambda row: row.owner.casefold(),
        mend="Give each address one name.",
        skip=frozenset({"owner", "owner_email"}),
    )
    yield from _metrics(rows)


def metric_facts(rows: Iterable[Row]) -> dict[tuple[str, str], tuple[Fact, Row]]:
    """What is said of each metric, by its key and the fact, and which row says it first.

    An empty cell says nothing: a metric is told once and named as often as you like.
    """
    facts: dict[tuple[str, str], tuple[Fact, Row]] = {}
    for row in rows:
        for fact in METRIC_FACTS:
            value = getattr(row, fact)
            if value not in ("", None):
                facts.setdefault((row.metric_key, fact), (value, row))
    return facts


def check_beside(rows: Iterable[Row], *, existing: Existing) -> Iterator[Problem]:
    """New rows must fit what the engagement has."""
    for row in rows:
        yield from _dates(row, existing)
        yield from _team(row, existing)
        yield from _metric(row, existing)
        yield from _owner(row, existing)


def cycle_span(name: str, *, existing: Existing) -> Span | None:
    cycle = existing.cycles.get(name.casefold())
    span = cycle or quarter(name)
    return (span.starts_on, span.ends_on) if span else None


def _said_twice(rows: Iterable[Row]) -> Iterator[Problem]:
    first: dict[tuple[str, str, str], int] = {}
    for row in rows:
        line = first.setdefault(row.key, row.line)
        if all(row.key) and line != row.line:
            mend = "Take one out, or tell them apart by title."
            yield Problem(row.line, "key_result", f"It stands in line {line} too.", mend)


def _disagreeing(
    rows: Iterable[Row],
    *,
    about: Callable[[Row], object],
    column: str,
    said: Callable[[Row], str],
    mend: str,
    skip: frozenset[str],
) -> Iterator[Problem]:
    firsts: dict[object, Row] = {}
    for row in rows:
        if row.faulty & skip:
            continue
        first = firsts.setdefault(about(row), row)
        if said(first) != said(row):
            text = getattr(first, column)
            message = f"Line {first.line} says {shown(text) if text else 'nothing'} here."
            yield Problem(row.line, column, message, mend)


def _metrics(rows: Sequence[Row]) -> Iterator[Problem]:
    facts = metric_facts(row for row in rows if row.metric)
    for row in rows:
        for fact in METRIC_FACTS:
            value = getattr(row, fact)
            said, first = facts.get((row.metric_key, fact), (value, row))
            if value not in ("", None) and value != said:
                message = f"{shown(row.metric)} has {shown(str(said))} in line {first.line}."
                mend = "A metric has one meaning: make both alike, or name two metrics."
                yield Problem(row.line, fact, message, mend)
    for (metric, fact), (high, row) in facts.items():
        low, _ = facts.get((metric, "valid_low"), (None, row))
        if fact == "valid_high" and low is not None and low >= high:  # type: ignore[operator]
            message = f"{high} is not above the lowest valid value, {low}."
            yield Problem(row.line, "valid_high", message, "Write the lowest first.")


def _dates(row: Row, existing: Existing) -> Iterator[Problem]:
    span = cycle_span(row.cycle, existing=existing)
    if span is None and row.cycle:
        mend = "Create it first, or name a calendar quarter as 2026-Q1."
        yield Problem(row.line, "cycle", f"There is no cycle {shown(row.cycle)}.", mend)
    elif span and row.due_on and row.due_on <= span[0]:
        message = f"{row.due_on} is not after the start of {row.cycle}."
        yield Problem(row.line, "due_on", message, f"Write a day after {span[0]}.")


def _team(row: Row, existing: Existing) -> Iterator[Problem]:
    objective = existing.objectives.get(row.key[:2])
    if objective is None or row.faulty & {"team", "level"}:
        return
    team = objective.team.name if objective.team else ""
    if team.casefold() != row.team.casefold():
        message = f"The objective is there already, {f'of {team}' if team else 'of the company'}."
        yield Problem(row.line, "team", message, "Name that team, or word the two apart.")


def _metric(row: Row, existing: Existing) -> Iterator[Problem]:
    metric = existing.metrics.get(row.metric_key)
    if metric is None:
        return
    if metric.archived_at:
        message = f"The metric {shown(metric.name)} is archived."
        yield Problem(row.line, "metric", message, "Name one in use.")
    if row.unit and metric.unit and row.unit.casefold() != metric.unit.casefold():
        message = f"The dictionary has {shown(metric.name)} in {shown(metric.unit)}."
        yield Problem(row.line, "unit", message, "Write that unit, or name another metric.")


def _owner(row: Row, existing: Existing) -> Iterator[Problem]:
    person = existing.people.get(row.owner_email)
    if person is not None and person.removed_at:
        yield Problem(row.line, "owner_email", f"{person.name} has left.", "Name somebody else.")
    elif person is not None and person.role == Role.VIEWER:
        message = f"{person.name} only reads status pages."
        yield Problem(row.line, "owner_email", message, "Name a member.")
