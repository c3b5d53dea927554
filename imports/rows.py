"""The lines of a sheet as typed rows: an objective or a key result, with all that it names. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from imports.cells import GOAL, Cells, Ladder, Notation
from imports.problems import Problem
from imports.records import Record
from okrs.formatting import YES_NO
from okrs.writing import plain
from scoring import Commitment, Method
from tenancy.text import comparable

Key = tuple[str, str, str]  # cycle, objective, key result: unique for a key result
Choices = Mapping[str, Sequence[str]]  # the words of a column that the models define


@dataclass(frozen=True, slots=True)
class Row:
    """One key result of the file, or an objective, which has an empty `key_result`.

    A cell that could not be read is empty and in `faulty`.
    """

    line: int
    key: Key
    metric_key: str
    faulty: frozenset[str]
    cycle: str
    team: str  # empty: the company's
    objective: str
    key_result: str
    parent: str  # of an objective: the one it is aligned with
    metric: str
    definition: str
    unit: str
    direction: str
    baseline: Decimal | None
    target: Decimal | None
    current: Decimal | None
    starts_on: dt.date | None
    due_on: dt.date | None
    valid_low: Decimal | None
    valid_high: Decimal | None
    owner: str
    owner_email: str
    source: str
    refresh: str
    method: str
    ladder: Ladder
    weight: Decimal
    indicator: str
    commitment: str
    contributes_to: str

    @property
    def person(self) -> str:
        """The key of the owner: the address, or else the name."""
        return self.owner_email or f"name:{comparable(self.owner)}" if self.owner else ""


def read_row(
    record: Record, *, cycle: str, choices: Choices, notation: Notation
) -> tuple[Row, list[Problem]]:
    """Return the row, and a problem for each of its cells that cannot be read."""
    cells = Cells(record, notation)
    is_key_result = not record.is_objective
    unit, figures = cells.goal()
    baseline, target, current = (figures[name] for name in GOAL)
    default = Method.LADDER if unit == YES_NO else Method.LINEAR
    method = cells.choice("method", list(Method), default=default.value)
    direction = cells.direction(choices["direction"], baseline=baseline, target=target)
    if is_key_result:
        cells.check_goal(method=method, baseline=baseline, target=target)
    objective = cells.name("objective", most=240, required=True)
    key_result = cells.name("key_result", most=240, required=is_key_result)
    metric = cells.name("metric", most=120) or (key_result[:120] if is_key_result else "")
    row = Row(
        line=cells.line,
        key=(comparable(cycle), plain(objective), plain(key_result)),
        metric_key=comparable(metric),
        cycle=cycle,
        team=cells.team(),
        objective=objective,
        key_result=key_result,
        parent=cells.name("parent", most=240),
        metric=metric,
        definition=cells.text("definition", most=5000),
        unit=unit,
        direction=direction,
        baseline=baseline,
        target=target,
        current=current,
        starts_on=cells.date("starts_on"),
        due_on=cells.date("due_on"),
        valid_low=cells.number("valid_low", unit=unit),
        valid_high=cells.number("valid_high", unit=unit),
        owner=cells.name("owner", most=120, required="owner" in notation.columns),
        owner_email=cells.email("owner_email"),
        source=cells.name("source", most=120),
        refresh=cells.choice("refresh", choices["refresh"], default=""),
        method=method,
        ladder=cells.ladder(method=method, direction=direction, unit=unit),
        weight=cells.weight(),
        indicator=cells.choice("indicator", choices["indicator"], default=""),
        commitment=cells.choice("commitment", list(Commitment), default=Commitment.COMMITTED.value),
        contributes_to=cells.name("contributes_to", most=240),
        faulty=frozenset(),
    )
    faulty = frozenset(cells.problems) | ({"cycle"} if not cycle else frozenset())
    return replace(row, faulty=faulty), list(cells.problems.values())
