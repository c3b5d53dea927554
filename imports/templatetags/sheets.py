"""The choices and cells of the page that matches a sheet's columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django import template

from imports.columns import FIELDS, Column
from imports.formats import Decided
from imports.plans import Formats, Previewed
from imports.problems import SKIPPED, Answers, Problem

register = template.Library()

Option = tuple[str, str, bool]  # value, label, whether it is selected
SHOWN = {
    "key_result": "",
    "baseline": "n",
    "target": "n",
    "unit": "wide",
    "owner": "wide",
    "due_on": "num",
}
DECIMALS = {",": "1.240.000,50", ".": "1,240,000.50"}
ORDERS = {"day": "31.12.2026, day first", "month": "12/31/2026, month first"}


class Cell(NamedTuple):
    """A cell of the preview, as text or to be typed in."""

    column: str
    label: str
    text: str
    is_bad: bool
    is_input: bool
    classes: str

    @property
    def tag(self) -> str:
        return "th" if self.column == "key_result" else "td"

    @property
    def is_number(self) -> bool:
        return self.classes == "n"


@register.filter
def field_options(column: Column, answers: Answers) -> list[Option]:
    """Return what a column can be imported as; the guess has an empty value."""
    chosen = answers.columns.get(str(column.at))
    guess = None if chosen else column.field or SKIPPED
    fields = {**FIELDS, SKIPPED: "Do not import"}
    selected = chosen or guess
    return [
        ("" if name == guess else name, label, name == selected) for name, label in fields.items()
    ]


@register.filter
def decimal_options(found: Decided, answers: Answers) -> list[Option]:
    return _options(DECIMALS, found=found.sign, chosen=answers.decimal, otherwise="Each by itself")


@register.filter
def date_options(found: Decided, answers: Answers) -> list[Option]:
    return _options(ORDERS, found=found.sign, chosen=answers.dates, otherwise="")


@register.filter
def cycle_options(formats: Formats, answers: Answers) -> list[Option]:
    """Return the cycles for rows that name none."""
    names = dict(formats.cycles)
    options = _options(names, found=formats.cycle, chosen=answers.cycle, otherwise="Choose a cycle")
    if answers.cycle and answers.cycle not in names:
        options.append((answers.cycle, answers.cycle, True))
    return options


@register.filter
def preview_cells(one: Previewed, edited: str | None) -> Iterator[Cell]:
    """Return the cells of a row; bad ones, and those of the edited row, are to be typed in."""
    bad = {problem.column: problem for problem in one.problems}
    for column, classes in SHOWN.items():
        problem = bad.get(column)
        text = problem.text if problem else one.texts.get(column, "")
        is_input = problem is not None or edited == str(one.row.line)
        yield Cell(column, FIELDS[column], text, problem is not None, is_input, classes)


@register.filter
def needs_input(problem: Problem) -> bool:
    """Return whether the cell of a problem is not among those of the preview."""
    return problem.column in FIELDS and problem.column not in SHOWN


@register.filter
def field_label(column: str) -> str:
    return FIELDS[column]


def _options(labels: dict[str, str], *, found: str, chosen: str, otherwise: str) -> list[Option]:
    """Return the options; the one that was found has an empty value."""
    none = [] if found in labels else [("", otherwise, not chosen)]
    return none + [
        ("" if value == found else value, label, value == (chosen or found))
        for value, label in labels.items()
    ]
