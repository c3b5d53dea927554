"""Rows checked against each other, and against the data that the engagement has. Pure."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from imports.known import Known
from imports.problems import Offer, Problem, cell_offer, quote
from imports.rows import Key, Row
from okrs.contradictions import check_numbers
from okrs.formatting import write_unit
from okrs.writing import plain
from tenancy.text import comparable

METRIC_FACTS = ("definition", "unit", "source", "refresh", "valid_low", "valid_high")

Fact = str | Decimal


class Targets:
    """The key results of the file and of the engagement, by the names a contribution can use."""

    def __init__(self, rows: Iterable[Row], *, known: Known) -> None:
        self.titles: dict[tuple[str, str], dict[Key, None]] = {}
        self.metrics: dict[tuple[str, str], dict[Key, None]] = {}
        for row in rows:
            if row.key_result:
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
        about=lambda row: row.owner_email or row.line,
        column="owner",
        fact=lambda row: comparable(row.owner),
        fix="Give each address one name.",
        skip=frozenset({"owner", "owner_email"}),
    )
    yield from _metrics(rows)


def check_known(rows: Sequence[Row], *, known: Known) -> Iterator[Problem]:
    """Yield the problems of new rows that do not fit the data of the engagement."""
    teams = {key: comparable(objective.team) for key, objective in known.objectives.items()}
    parents = teams | {row.key[:2]: comparable(row.team) for row in rows}
    facts = metric_facts(rows)
    for row in rows:
        yield from _dates(row, known)
        yield from _numbers(row, known, facts=facts)
        yield from _team(row, known)
        yield from _parent(row, parents)
        yield from _metric(row, known)
        yield from _owner(row, known)


def check_contributions(
    rows: Sequence[Row], *, targets: Targets, torn: Collection[str]
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
        if not row.metric_key:
            continue
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
        cycles = [*known.cycles.values()][-3:]
        name = comparable(row.cycle)
        offers = tuple(Offer(cycle.name, f"named:{name}:{cycle.name}") for cycle in cycles)
        fix = "Choose one, create it first, or name a quarter such as 2026-Q1."
        message = f"There is no cycle {quote(row.cycle)}."
        yield Problem(row.line, "cycle", message, fix, row.cycle, offers)
    if span is None:
        return
    due_on = row.due_on or span[1]
    if row.due_on and not span[0] < row.due_on <= span[1]:
        fix = f"Choose a day from {span[0]} to {span[1]}."
        yield _outside(row, "due_on", span[1], fix)
    elif row.starts_on and not span[0] <= row.starts_on < due_on:
        yield _outside(row, "starts_on", span[0], f"Choose a day of {row.cycle} before {due_on}.")


def _outside(row: Row, column: str, nearest: dt.date, fix: str) -> Problem:
    """Return the problem of a day outside the cycle, or of a start that is not before the due date."""
    day = getattr(row, column)
    offer = cell_offer(row.line, column, f"{nearest}", label=f"{nearest.day} {nearest:%b %Y}")
    return Problem(row.line, column, f"{day} does not fit {row.cycle}.", fix, f"{day}", (offer,))


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
    if "direction" in row.faulty or (low is not None and high is not None and low >= high):
        return
    is_higher = row.direction == "higher"
    for found in check_numbers(
        higher_is_better=is_higher, baseline=row.baseline, target=row.target, low=low, high=high
    ):
        message, _, fix = found.message.rpartition(". ")
        text, offers = f"{getattr(row, found.code)}", tuple[Offer, ...]()
        if found.code == "direction":
            offers = (cell_offer(row.line, "direction", "lower" if is_higher else "higher"),)
        yield Problem(row.line, found.code, f"{message}.", fix, text, offers)


def _parent(row: Row, teams: Mapping[tuple[str, str], str]) -> Iterator[Problem]:
    """Check that a team objective names a company objective of its cycle (M2.1)."""
    if not row.parent or not row.cycle:
        return
    offer = cell_offer(row.line, "parent", "", label="No parent")
    team = teams.get((row.key[0], plain(row.parent)))
    if team is None:
        message = f"There is no objective {quote(row.parent)} in {row.cycle}."
        yield Problem(row.line, "parent", message, "Change its name.", row.parent, (offer,))
    elif team or not row.team:
        message = "Only a team objective has a parent, and that is a company objective."
        fix = "Change the parent or the teams."
        yield Problem(row.line, "parent", message, fix, row.parent, (offer,))


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
    named = [] if row.owner_email else known.people_named(row.owner)
    if person is not None and person.has_left:
        yield Problem(row.line, "owner_email", f"{person.name} has left.", "Choose someone else.")
    elif person is not None and person.is_viewer:
        message = f"{person.name} only reads status pages."
        yield Problem(row.line, "owner_email", message, "Choose a member.")
    elif len(named) > 1:
        message = f"{len(named)} members are called {quote(row.owner)}."
        offers = tuple(cell_offer(row.line, "owner_email", one.email) for one in named)
        yield Problem(row.line, "owner_email", message, "Which one is it?", "", offers)


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
