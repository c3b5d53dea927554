"""The lines of the file as typed rows, each a key result with all that it stands on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from metrics.models import Refresh
from okrs.imports.cells import Cells, Ladder, Problem
from okrs.imports.sheets import Record
from okrs.models import Commitment, Direction, Indicator
from okrs.writing import plain
from scoring import Method

Key = tuple[str, str, str]  # cycle, objective, key result: what tells key results apart


@dataclass(frozen=True)
class Row:
    """One key result as the file says it. What could not be read is empty and in `faulty`."""

    line: int
    faulty: frozenset[str]
    cycle: str
    team: str  # empty: the company's
    objective: str
    key_result: str
    metric: str
    definition: str
    unit: str
    direction: str
    baseline: Decimal | None
    target: Decimal | None
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

    @cached_property
    def key(self) -> Key:
        return self.cycle.casefold(), plain(self.objective), plain(self.key_result)

    @cached_property
    def metric_key(self) -> str:
        return self.metric.casefold()


def read_row(record: Record) -> tuple[Row, list[Problem]]:
    """The row, and a problem for each of its cells that cannot be read."""
    cells = Cells(record.line, record.cells)
    return _row(cells), cells.problems


def _row(cells: Cells) -> Row:
    method = cells.choice("method", list(Method), default=Method.LINEAR.value)
    direction = cells.choice("direction", Direction.values)
    baseline, target = cells.number("baseline"), cells.number("target")
    cells.check_line(method=method, baseline=baseline, target=target)
    return Row(
        line=cells.line,
        cycle=cells.name("cycle", most=60, required=True),
        team=cells.team(),
        objective=cells.name("objective", most=240, required=True),
        key_result=cells.name("key_result", most=240, required=True),
        metric=cells.name("metric", most=120, required=True),
        definition=cells.text("definition", most=5000),
        unit=cells.name("unit", most=40),
        direction=direction,
        baseline=baseline,
        target=target,
        due_on=cells.date("due_on"),
        valid_low=cells.number("valid_low"),
        valid_high=cells.number("valid_high"),
        owner=cells.name("owner", most=120, required=True),
        owner_email=cells.email("owner_email"),
        source=cells.name("source", most=120),
        refresh=cells.choice("refresh", Refresh.values, default=""),
        method=method,
        ladder=cells.ladder(method=method, direction=direction),
        weight=cells.weight(),
        indicator=cells.choice("indicator", Indicator.values, default=""),
        commitment=cells.choice(
            "commitment", Commitment.values, default=Commitment.COMMITTED.value
        ),
        contributes_to=cells.name("contributes_to", most=240),
        faulty=cells.faulty,  # last: by now every cell was read
    )
