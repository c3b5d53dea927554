"""A table of an export: its columns, and lines that are fetched as they are written."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import Case, Combinable, When

from imports.sheets import guard_formula

CHUNK = 2000  # rows that are held at a time
Line = Sequence[object]


@dataclass(frozen=True)
class Column:
    """A name, what it selects, and how a value that is there is shown."""

    name: str
    source: str | Combinable
    shown: Callable[[Any], object] | None = None


@dataclass(frozen=True)
class Table:
    """One file of the export; `about` is its sentence in the read-me. Its lines are read once."""

    name: str
    about: str
    header: Sequence[str]
    lines: Iterable[Line]

    def write(self, to: IO[str]) -> None:
        writer = csv.writer(to)
        writer.writerow(self.header)
        writer.writerows(self.lines)


def table(name: str, about: str, rows: models.QuerySet[Any], columns: Sequence[Column]) -> Table:
    return Table(name, about, names(columns), selected(rows, columns))


def facts(*names: str, **sources: str) -> list[Column]:
    """Return values as they are stored: days, ids, words of the product.

    `sources` are those of columns with another name; so they are below.
    """
    return [Column(name, source) for name, source in _sources(names, sources)]


def texts(*names: str, **sources: str) -> list[Column]:
    """Return typed texts so that no spreadsheet reads them as a formula."""
    return [Column(name, source, guard_formula) for name, source in _sources(names, sources)]


def named(*names: str) -> list[Column]:
    """Return the names of related rows, of people for example."""
    return texts(**{name: f"{name}__name" for name in names})


def figures(*names: str, **sources: str) -> list[Column]:
    """Return numbers without trailing zeros; a negative one stays a number."""
    template = "trim_scale(%(expressions)s)::text"
    return [Column(name, _text(source, template)) for name, source in _sources(names, sources)]


def moments(*names: str, **sources: str) -> list[Column]:
    """Return instants in UTC, as spreadsheets read them."""
    template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    return [Column(name, _text(source, template)) for name, source in _sources(names, sources)]


def _sources(names: Sequence[str], sources: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return [*((name, name) for name in names), *sources.items()]


def _text(source: str, template: str) -> Func:
    return Func(F(source), template=template, output_field=TEXT)


def state(name: str, *cases: tuple[Q, str], otherwise: str) -> Column:
    """Return the word of the first case that holds."""
    whens = [When(condition, then=Value(word)) for condition, word in cases]
    return Column(name, Case(*whens, default=Value(otherwise), output_field=TEXT))


def yes(name: str) -> Column:
    return state(name, (Q(**{name: True}), "yes"), otherwise="")


def names(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns]


def selected(rows: models.QuerySet[Any], columns: Sequence[Column]) -> Iterator[Line]:
    """Yield the columns of these rows, one chunk at a time in memory. One query.

    Needs the scope's transaction: the cursor stays with it.
    """
    asked = rows.values_list(*(column.source for column in columns))
    shown = [(place, one.shown) for place, one in enumerate(columns) if one.shown is not None]
    # `iterator` fetches all at once here: the settings switch cursors off, for poolers that do not
    # keep a connection between transactions. This one ends with its transaction.
    compiler = asked.query.get_compiler(asked.db)
    found = compiler.results_iter(tuple_expected=True, chunked_fetch=True, chunk_size=CHUNK)
    for row in cast("Iterator[tuple[Any, ...]]", found):
        line = list(row)
        for place, show in shown:
            if line[place] is not None:
                line[place] = show(line[place])
        yield line


TEXT: models.TextField[str, str] = models.TextField()
