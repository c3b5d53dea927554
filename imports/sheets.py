"""The cells of a sheet from a CSV file, an Excel file or pasted cells. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Any

from imports.columns import heading_score
from imports.formats import decimal_sign_of
from imports.problems import Problem
from okrs.writing import plain

LOST = "\ufffd"  # the character that programs put in place of one they cannot read
MAX_CELLS = 100_000
MAX_COLUMNS = 60
MAX_ROWS = 10_000  # down to the last one with a cell; a megabyte of CSV has fewer with content
LONGEST_CELL = 20_000  # characters
SPLIT = "Split it, for example by cycle or by team."
TITLE_LINES = 10  # headings are looked for in this many lines
# Letters of German, French and Spanish that Windows stores as one byte; two of them in a row at
# most, because Chinese and Russian files have longer runs.
WESTERN = frozenset("äöüÄÖÜßéèêëàâîïôùûçœÉÈÊÀÇáíóúñÁÍÓÚÑ¿¡€–—‘’“”„…°§²½«»\xa0")
UNCLOSED = (
    "A quoted cell has no closing quote.",
    "Close its quotes; write a quote inside it twice.",
)
NOT_UTF8 = "Save it as “CSV UTF-8” or as an Excel workbook."
ZIP = b"PK\x03\x04"

# Also in the wide form of East Asian keyboards, and behind spaces that a spreadsheet drops.
_FORMULA = re.compile(r"\A'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")
_FORMULA_STARTS = frozenset("=+-@＝＋－＠'\t\r\n \xa0")  # most cells begin otherwise

Line = tuple[int, Sequence[str]]


@dataclass(frozen=True)
class Grid:
    """The cells below the headings, each line with its number in the file, from 1.

    `title` is the text above the headings. `torn` holds the texts of lines that could not be read:
    a name in there is in the file, though its column is unknown.
    """

    headings: Sequence[str] = ()
    lines: Sequence[Line] = ()
    title: str = ""
    tab: str = ""  # the name of the sheet in a workbook
    delimiter: str = ""
    problems: Sequence[Problem] = ()
    torn: Sequence[str] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Grid:
        """Return the grid that `asdict` turned into JSON."""
        return cls(**{**stored, "problems": [Problem(*each[:4]) for each in stored["problems"]]})


@dataclass
class Reading:
    """The lines of a file before its headings are found."""

    lines: list[tuple[int, list[str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    delimiter: str = ""
    tab: str = ""


class SheetError(Exception):
    """A file without cells that can be read; carries the reason and the fix."""

    def __init__(self, message: str, fix: str, line: int = 0) -> None:
        self.message, self.fix, self.line = message, fix, line
        super().__init__(message, fix, line)

    def __str__(self) -> str:
        place = f"Line {self.line}: " if self.line else ""
        return f"{place}{self.message} {self.fix}"


def read_grid(content: bytes, *, max_rows: int | None = None) -> Grid:
    """Read a workbook's first visible sheet that is not empty, or text in cells.

    Cells of text are separated by comma, semicolon or tab. The guard of cells that an export
    protected from running as formulas is removed. Raises SheetError.
    """
    reading = _workbook(content) if content.startswith(ZIP) else _text(_decoded(content))
    lines = [(number, cells) for number, cells in reading.lines if any(map(str.strip, cells))]
    if not lines:
        problem = next(iter(reading.problems), None)
        if problem:
            raise SheetError(problem.message, problem.fix, line=problem.line)
        raise SheetError("The sheet is empty.", "Add a line of headings, and the rows below it.")
    if max_rows and len(lines) > max_rows:
        message = f"The sheet has {len(lines):,} rows, at most {max_rows:,} are possible."
        raise SheetError(message, SPLIT)
    first = max(range(len(lines[:TITLE_LINES])), key=lambda at: (_is_heading(lines[at][1]), -at))
    headings = [" ".join(cell.split()) for cell in lines[first][1]]
    while headings and not headings[-1]:
        headings.pop()
    if any(LOST in heading for heading in headings):
        raise SheetError(*_lost(LOST), line=lines[first][0])
    return _grid(reading, lines=lines, first=first, headings=headings)


def guard_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    A text that begins like a guarded one gets another, so that reading it gives the text back. For
    words, not for figures.
    """
    return f"'{text}" if text[:1] in _FORMULA_STARTS and _FORMULA.match(text) else text


def unguard_formula(text: str) -> str:
    """Return the text as it was before `guard_formula`."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def _is_heading(cells: Sequence[str]) -> tuple[int, bool]:
    return heading_score(cells), sum(bool(cell.strip()) for cell in cells) > 1


def _grid(
    reading: Reading, *, lines: list[tuple[int, list[str]]], first: int, headings: list[str]
) -> Grid:
    """Take the lines below the headings that fit them."""
    width = len(headings)
    problems, torn = list(reading.problems), set[str]()
    fitting = []
    for number, cells in lines[first + 1 :]:
        beyond = any(map(str.strip, cells[width:]))
        if len(cells) < width or beyond:
            message = f"The line has {len(cells)} cells, the headings {width}."
            fix = "Put a cell with a comma in quotes." if beyond else "Keep the empty cells too."
            problems.append(Problem(number, "", message, fix))
        elif bad := [at for at in range(width) if LOST in cells[at] or "\x00" in cells[at]]:
            problems += [Problem(number, headings[at], *_lost(cells[at])) for at in bad]
        else:
            fitting.append((number, [unguard_formula(cell) for cell in cells[:width]]))
            continue
        torn |= {plain(cell) for cell in cells}
    used = [at for at in range(width) if headings[at] or any(row[at].strip() for _, row in fitting)]
    if len(used) > MAX_COLUMNS:
        raise SheetError(f"The sheet has {len(used)} columns.", f"Keep it to {MAX_COLUMNS}.")
    return Grid(
        headings=[headings[at] for at in used],
        lines=[(number, [row[at] for at in used]) for number, row in fitting],
        title=" ".join(cell for _, cells in lines[:first] for cell in cells if cell.strip()),
        tab=reading.tab,
        delimiter=reading.delimiter,
        problems=problems,
        torn=sorted(torn),
    )


def _lost(text: str) -> tuple[str, str]:
    if LOST not in text:
        return "The cell holds a NUL character.", "Remove it."
    return f"A letter was lost ({LOST}).", "Save the file as “CSV UTF-8” and choose it again."


def _decoded(content: bytes) -> str:
    """Decode UTF-8, UTF-16 with its mark, or the one-byte letters of Western European Windows."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = content.decode("cp1252", errors="replace")
        others = re.findall(r"[^\x00-\x7f]+", text)
        if all(len(run) <= 2 and WESTERN.issuperset(run) for run in others):
            return text
        line = content.count(b"\n", 0, error.start) + 1
        raise SheetError("The file is not UTF-8.", NOT_UTF8, line=line) from None


def _text(text: str) -> Reading:
    """Read CSV; the first line can name the sign between cells, as `sep=;`."""
    named = re.match(r'\A"?sep=(.)"?\r?\n', text, re.IGNORECASE)
    delimiter = named[1] if named else _delimiter(text)
    reading = Reading(delimiter=delimiter)
    rest = text[named.end() :] if named else text
    _add(reading, _lines(rest, delimiter=delimiter, before=int(bool(named))))
    return _unwrapped(reading)


def _delimiter(text: str) -> str:
    """Return the sign that the first lines have most often; a long text in one doesn't count."""
    lines = [line for line in text.split("\n", TITLE_LINES + 1)[:TITLE_LINES] if line.strip()]
    return max(",;\t", key=lambda sign: median([line.count(sign) for line in lines] or [0]))


def _unwrapped(reading: Reading) -> Reading:
    """Read once more lines that a program wrapped in quotes as a whole."""
    cells = [[cell for cell in line if cell.strip()] for _, line in reading.lines]
    if not cells or any(len(line) > 1 for line in cells):
        return reading
    delimiter = _delimiter("\n".join(line[0] for line in cells if line))
    if not any(delimiter in line[0] for line in cells if line):
        return reading
    unwrapped = Reading(delimiter=delimiter, problems=reading.problems)
    for number, line in reading.lines:
        _add(unwrapped, _lines(line[0], delimiter=delimiter, before=number - 1))
    return unwrapped


def _add(reading: Reading, lines: Iterable[tuple[int, list[str] | Problem]]) -> None:
    for number, line in lines:
        if isinstance(line, Problem):
            reading.problems.append(line)
        else:
            reading.lines.append((number, line))


def _lines(text: str, *, delimiter: str, before: int) -> Iterator[tuple[int, list[str] | Problem]]:
    """Yield each line with its number in the file: its cells, or why they are unreadable."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            most = csv.field_size_limit()
            is_long = "limit" in str(error)
            long = f"A cell has more than {most} characters.", "Shorten it."
            yield line, Problem(line, "", *(long if is_long else UNCLOSED))
            continue
        yield line, cells


def _workbook(content: bytes) -> Reading:
    """Read an Excel file; figures are written with the decimal sign that its texts use."""
    from python_calamine import CalamineError, CalamineWorkbook  # only where it is needed

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [one.name for one in book.sheets_metadata if "Visible" in str(one.visible)]
        sheets = (book.get_sheet_by_name(name) for name in visible)
        sheet = next((one for one in sheets if one.height), None)
    except (CalamineError, ValueError) as error:
        raise SheetError("This Excel file can’t be read.", "Save it as .xlsx or CSV.") from error
    if sheet is None:
        return Reading()
    if sheet.total_height > MAX_ROWS or sheet.width * sheet.height > MAX_CELLS:
        message = f"The sheet has {sheet.height} rows and {sheet.width} columns."
        raise SheetError(message, f"Keep it to {MAX_ROWS} rows and {MAX_CELLS} cells.")
    start = (sheet.start or (0, 0))[0] + 1
    rows = [list(row) for row in sheet.to_python(skip_empty_area=True)]
    texts = (cell for row in rows for cell in row if isinstance(cell, str))
    sign = decimal_sign_of(texts).sign or "."
    lines = [(start + at, [_cell(cell, sign=sign) for cell in row]) for at, row in enumerate(rows)]
    return Reading(lines=lines, tab=sheet.name, delimiter="")


def _cell(value: object, *, sign: str) -> str:
    """Write a cell of a workbook as its text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # A spreadsheet has fifteen digits; 0.1 + 0.2 has more.
        whole, _, places = f"{Decimal(f'{value:.15g}').normalize():f}".partition(".")
        # Three places could be thousands.
        places += "0" if len(places) == 3 else ""
        return f"{whole}{sign}{places}" if places else whole
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value)[:LONGEST_CELL]
