"""The problems of a sheet with the answers on offer, and the answers that someone gave. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import NamedTuple

SKIPPED = "-"  # a column that is not imported
QUOTED = 40  # characters of a cell that a problem repeats


class Offer(NamedTuple):
    """A likely answer: the text of its button, and the value that `Answers.with_answer` takes."""

    label: str
    value: str


class Problem(NamedTuple):
    """A fault in one cell or line, and how to fix it; line 0 concerns the whole sheet."""

    line: int
    column: str
    message: str
    fix: str
    text: str = ""
    offers: tuple[Offer, ...] = ()

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "sheet"
        return f"{place}{f', {self.column}' if self.column else ''}: {self.message} {self.fix}"


def quote(text: str) -> str:
    """Return the text in quotes, cut to a length that fits a sentence."""
    return f"“{text if len(text) <= QUOTED else text[: QUOTED - 1] + '…'}”"


def cell_offer(line: int, column: str, text: str, *, label: str = "") -> Offer:
    """Offer another text for a cell."""
    return Offer(label or text, f"cell:{line}:{column}:{text}")


@dataclass(frozen=True)
class Answers:
    """How a sheet is to be read, as someone chose it; empty where the guess counts.

    `columns` maps the index of a heading to a field of `FIELDS`, or to SKIPPED. `cells` has the new text of cells by "line:column", `cycles` the cycle that a name in
    the sheet means.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    cycles: Mapping[str, str] = field(default_factory=dict)
    cycle: str = ""  # of lines that name none
    decimal: str = ""  # "," or "."
    dates: str = ""  # "day" or "month" comes first
    fiscal: str = ""  # the number of the month in which the client's fiscal year begins
    fractions: str = ""  # "percent" reads 0.62 as 62%, "number" as 0.62%
    client: str = ""  # take only the lines that name this client

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> Answers:
        """Return stored answers; those that no longer exist are left out."""
        names = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in names})  # type: ignore[arg-type]

    def changed(self, line: int) -> dict[str, str]:
        """Return the new text of cells in a line, by field."""
        return self._changed.get(f"{line}", {})

    @cached_property
    def _changed(self) -> dict[str, dict[str, str]]:
        lines: dict[str, dict[str, str]] = {}
        for place, text in self.cells.items():
            line, _, name = place.partition(":")
            lines.setdefault(line, {})[name] = text.strip()
        return lines

    def with_answer(self, value: str) -> Answers:
        """Return the answers with the one of an offer, such as "cell:4:baseline:1180"."""
        kind, _, rest = value.partition(":")
        if kind == "cell":
            place, text = ":".join(rest.split(":")[:2]), rest.split(":", 2)[-1]
            return replace(self, cells={**self.cells, place: text})
        if kind == "named":
            name, _, cycle = rest.rpartition(":")
            return replace(self, cycles={**self.cycles, name: cycle})
        if kind in {"cycle", "decimal", "dates", "fiscal", "fractions", "client"}:
            return replace(self, **{kind: rest})  # type: ignore[arg-type]
        return self

    def to_remember(self) -> dict[str, object]:
        """Return the answers that also hold for the next sheet with these headings."""
        return asdict(replace(self, cells={}, client="", cycle=""))
