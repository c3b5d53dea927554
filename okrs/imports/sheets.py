"""The file as lines of named cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from okrs.imports.cells import Problem, shown
from okrs.imports.formulas import unguarded
from okrs.writing import plain

COLUMNS = (
    "engagement", "cycle", "level", "team", "objective", "key_result", "metric", "definition",
    "unit", "direction", "baseline", "target", "due_on", "valid_low", "valid_high", "owner",
    "owner_email", "source", "refresh", "method", "ladder", "weight", "indicator", "commitment",
    "contributes_to",
)  # fmt: skip
NEEDED = ("cycle", "objective", "key_result", "metric", "direction", "owner", "owner_email")
# What people call them in their own sheets; spaces and hyphens count as underscores.
SYNONYMS = {
    "start": "baseline",
    "goal": "target",
    "kr": "key_result",
    "quarter": "cycle",
    "due": "due_on",
    "due_date": "due_on",
    "email": "owner_email",
}
LOST = "\ufffd"  # what programs put where they cannot read a letter
BLANK = tuple(name for name in COLUMNS if name not in NEEDED)
THE_COLUMNS = f"{', '.join(NEEDED)}; and where you have them {', '.join(BLANK)}."


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one key result by column; `line` is where it starts, from 1, header included."""

    line: int
    cells: dict[str, str]


@dataclass
class Sheet:
    """What could be read of the file, and what could not.

    `torn` holds the texts of lines whose cells cannot be told apart: what is named there is in the
    file, though nobody knows as what.
    """

    records: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    torn: set[str] = field(default_factory=set)


def read_sheet(content: bytes) -> Sheet:
    """UTF-8, with or without byte order mark; cells parted by comma, semicolon or tab.

    Cells that an export guarded against being run as formulas are opened again. Columns come in
    any order, and those whose cells may be blank may be missing: they are blank in every line. With
    a wrong first line nothing else is looked at.
    """
    sheet = Sheet()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        sheet.problems.append(
            Problem(line, "", "The file is not UTF-8.", "Save it as “CSV UTF-8”.")
        )
        return sheet
    lines = _lines(text)
    _, first = next(lines, (1, list[str]()))
    if isinstance(first, Problem):
        sheet.problems.append(first)
        return sheet
    header = [_column(name) for name in first]
    while header and not header[-1]:
        header.pop()
    sheet.problems += _header_problems(header)
    if not sheet.problems:
        for line, cells in lines:
            _take(sheet, line=line, cells=cells, header=header)
    return sheet


def _column(heading: str) -> str:
    name = re.sub(r"[\s_-]+", "_", heading.strip().lower())
    name = SYNONYMS.get(name, name)
    return name if name in COLUMNS else heading.strip()


def _lines(text: str) -> Iterator[tuple[int, list[str] | Problem]]:
    """Each line that says something, with its number: its cells, or why they cannot be read."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _unreadable(line, error)
            continue
        if any(cell.strip() for cell in cells):
            yield line, [unguarded(cell) for cell in cells]


def _unreadable(line: int, error: csv.Error) -> Problem:
    if "limit" in str(error):
        most = csv.field_size_limit()
        return Problem(line, "", f"A cell has more than {most} characters.", "Shorten it.")
    message = "A quoted cell does not end where it should."
    return Problem(line, "", message, "Close its quotes; write a quote inside it twice.")


def _lost(line: int, column: str) -> Problem:
    mend = "Save the file as “CSV UTF-8” and choose it again."
    return Problem(line, column, f"A letter was lost ({LOST}).", mend)


def _header_problems(header: list[str]) -> Iterator[Problem]:
    if not header:
        yield Problem(1, "", "The file is empty.", f"Name the columns here: {THE_COLUMNS}")
        return
    if any(LOST in name for name in header):
        yield _lost(1, "")
        return
    if missing := [name for name in NEEDED if name not in header]:
        message = f"Missing: {', '.join(missing)}."
        yield Problem(1, "", message, "Add them; columns that are not needed may stay away.")
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            message = "The column is not known here." if name else "A column has no name."
            yield Problem(1, shown(name), message, "Take it out, or give it a name of the list.")
        elif header.count(name) > 1:
            yield Problem(1, name, "The column stands here twice.", "Take one out.")


def _take(sheet: Sheet, *, line: int, cells: list[str] | Problem, header: list[str]) -> None:
    if isinstance(cells, Problem):
        sheet.problems.append(cells)
        return
    width = len(header)
    beyond = any(cell.strip() for cell in cells[width:])
    if len(cells) < width or beyond:
        sheet.torn |= {plain(cell) for cell in cells}
        column = header[-1] if beyond else header[len(cells)]
        message = f"The line has {len(cells)} cells, the first line {width}."
        mend = "Put a cell with a comma in quotes." if beyond else "Keep the empty cells too."
        sheet.problems.append(Problem(line, column, message, mend))
        return
    lost = [name for name, cell in zip(header, cells, strict=False) if LOST in cell]
    if lost:
        sheet.torn |= {plain(cell) for cell in cells}
        sheet.problems += [_lost(line, column) for column in lost]
        return
    sheet.records.append(Record(line, dict(zip(header, cells, strict=False))))
