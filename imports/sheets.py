"""A CSV file as lines of named cells. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from okrs.writing import plain
from tenancy.text import comparable

COLUMNS = (
    "engagement", "cycle", "level", "team", "objective", "key_result", "metric", "definition",
    "unit", "direction", "baseline", "target", "starts_on", "due_on", "valid_low", "valid_high",
    "owner", "owner_email", "source", "refresh", "method", "ladder", "weight", "indicator",
    "commitment", "contributes_to",
)  # fmt: skip
NEEDED = ("cycle", "objective", "key_result", "metric", "direction", "owner", "owner_email")
# Names that people use in their own sheets; spaces and hyphens count as underscores.
SYNONYMS = {
    "start": "baseline",
    "goal": "target",
    "kr": "key_result",
    "quarter": "cycle",
    "start_date": "starts_on",
    "due": "due_on",
    "due_date": "due_on",
    "email": "owner_email",
}
LOST = "\ufffd"  # the character that programs put in place of one they cannot read
BLANK = tuple(name for name in COLUMNS if name not in NEEDED)
THE_COLUMNS = f"{', '.join(NEEDED)}; and where you have them {', '.join(BLANK)}."
UNCLOSED = (
    "A quoted cell has no closing quote.",
    "Close its quotes; write a quote inside it twice.",
)
QUOTED = 40  # characters of a cell that a problem repeats

# Also in the wide form of East Asian keyboards, and behind spaces that a spreadsheet drops.
_FORMULA = re.compile(r"\A'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")
_FORMULA_STARTS = frozenset("=+-@＝＋－＠'\t\r\n \xa0")  # most cells begin otherwise


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in one cell, and how to fix it; without a column it concerns the whole line."""

    line: int
    column: str
    message: str
    fix: str

    def __str__(self) -> str:
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {self.message} {self.fix}"


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one key result by column; `line` is where it starts, from 1, header included."""

    line: int
    cells: dict[str, str]


@dataclass
class Sheet:
    """The records of a file, and the problems of the lines that are none.

    `torn` holds the texts of lines with too many or too few cells: a name in there is in the file,
    though its column is unknown.
    """

    records: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    torn: set[str] = field(default_factory=set)


def read_sheet(content: bytes) -> Sheet:
    """Read UTF-8, with or without byte order mark, cells parted by comma, semicolon or tab.

    The guard of cells that an export protected from running as formulas is removed. Columns come
    in any order, and those whose cells may be blank may be missing: they are blank in every line.
    With a wrong first line nothing else is read.
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
            _add_line(sheet, line=line, cells=cells, header=header)
    return sheet


def quote(text: str) -> str:
    """Return the text in quotes, cut to a length that fits a sentence."""
    return f"“{text if len(text) <= QUOTED else text[: QUOTED - 1] + '…'}”"


def guard_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    A text that begins like a guarded one gets another, so that reading it gives the text back. For
    words, not for figures.
    """
    return f"'{text}" if text[:1] in _FORMULA_STARTS and _FORMULA.match(text) else text


def unguard_formula(text: str) -> str:
    """Return the text as it was before `guard_formula`."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def _column(heading: str) -> str:
    name = re.sub(r"[\s_-]+", "_", comparable(heading))
    name = SYNONYMS.get(name, name)
    return name if name in COLUMNS else heading.strip()


def _lines(text: str) -> Iterator[tuple[int, list[str] | Problem]]:
    """Yield each line that is not blank, with its number: its cells, or why they are unreadable."""
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
            most = csv.field_size_limit()
            yield (
                line,
                (
                    Problem(line, "", f"A cell has more than {most} characters.", "Shorten it.")
                    if "limit" in str(error)
                    else Problem(line, "", *UNCLOSED)
                ),
            )
            continue
        if any(cell.strip() for cell in cells):
            yield line, [unguard_formula(cell) for cell in cells]


def _lost(line: int, column: str) -> Problem:
    fix = "Save the file as “CSV UTF-8” and choose it again."
    return Problem(line, column, f"A letter was lost ({LOST}).", fix)


def _header_problems(header: list[str]) -> Iterator[Problem]:
    if not header:
        yield Problem(1, "", "The file is empty.", f"Name the columns here: {THE_COLUMNS}")
        return
    if any(LOST in name for name in header):
        yield _lost(1, "")
        return
    if missing := [name for name in NEEDED if name not in header]:
        message = f"Missing: {', '.join(missing)}."
        yield Problem(1, "", message, "Add these columns.")
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            message = "There is no such column." if name else "A column has no name."
            yield Problem(1, quote(name), message, "Remove it, or use a name from the list.")
        elif header.count(name) > 1:
            yield Problem(1, name, "The column appears twice.", "Remove one.")


def _add_line(sheet: Sheet, *, line: int, cells: list[str] | Problem, header: list[str]) -> None:
    if isinstance(cells, Problem):
        sheet.problems.append(cells)
        return
    width = len(header)
    beyond = any(cell.strip() for cell in cells[width:])
    if len(cells) < width or beyond:
        sheet.torn |= {plain(cell) for cell in cells}
        message = f"The line has {len(cells)} cells, the first line {width}."
        fix = "Put a cell with a comma in quotes." if beyond else "Keep the empty cells too."
        sheet.problems.append(Problem(line, "", message, fix))
        return
    lost = [name for name, cell in zip(header, cells, strict=False) if LOST in cell]
    if lost:
        sheet.torn |= {plain(cell) for cell in cells}
        sheet.problems += [_lost(line, column) for column in lost]
        return
    sheet.records.append(Record(line, dict(zip(header, cells, strict=False))))
