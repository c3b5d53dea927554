"""Files as programs write them, and files that are torn."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagements.models import Membership
from imports.sheets import SheetError, guard_formula, unguard_formula
from metrics.models import Metric
from okrs.models import KeyResult
from tests.imports.files import faults, file_of, load, plan, problems

FAULT = {"baseline": "many"}
RUN = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "＠SUM(A1)"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_sign_between_cells_is_found(lead: Membership, delimiter: str) -> None:
    line = {"definition": "a, b; c", "method": "ladder", "ladder": "80:1;60:0,5"}

    assert load(file_of(line, delimiter=delimiter), by=lead).key_results == 1
    assert KeyResult.objects.get().ladder == [["80", "1.00"], ["60", "0.50"]]


def reversed_columns() -> bytes:
    header, line = file_of({}).decode().splitlines()
    (cells,) = csv.reader([line])
    return (
        f"{','.join(reversed(header.upper().split(',')))}\n{','.join(reversed(cells))}\n".encode()
    )


def with_blank_lines() -> bytes:
    lines = file_of({}, FAULT).splitlines(keepends=True)
    return b"".join([lines[0], b"\n", lines[1], b"," * 24 + b"\n", lines[2], b"\n\n"])


def long_and_short_lines() -> bytes:
    header, long, short = file_of({}, {}).splitlines()
    return b"\n".join([header, long + b",more", short.rsplit(b",", 2)[0]])


def contribution_to_torn_line() -> bytes:
    header, first, second = file_of({}, {"contributes_to": "Metric 1"}).splitlines()
    return b"\n".join([header, first + b",more", second])


def with_columns(header: bytes, cells: bytes) -> bytes:
    first, line = file_of({}).splitlines()
    return first + header + b"\n" + line + cells + b"\n"


MANY_LINES = file_of({"definition": "one\ntwo\n\nthree"}, {**FAULT, "definition": "a\nb"}, FAULT)
FILES = {
    "byte order mark": (b"\xef\xbb\xbf" + file_of({}, FAULT), [(3, "baseline")]),
    "Windows line ends": (file_of({}, FAULT).replace(b"\n", b"\r\n"), [(3, "baseline")]),
    "columns in any order and case": (reversed_columns(), []),
    "headings with invisible characters": (
        file_of({}).replace(b"key_result", "Key\u00a0res\u00adult\u200b".encode()),
        [],
    ),
    "a cell of many lines counts from its first": (MANY_LINES, [(6, "baseline"), (8, "baseline")]),
    "blank lines are counted": (with_blank_lines(), [(5, "baseline")]),
    "blank cells at the end": (file_of({}).replace(b"\n", b",,\n"), []),
    "too many cells and too few": (long_and_short_lines(), [(2, ""), (3, "")]),
    "a link to a torn line is no second fault": (contribution_to_torn_line(), [(2, "")]),
    "an open quote": (file_of({}, {}, {}).replace(b"Metric 2", b'"Metric 2'), [(3, "")]),
    "reading goes on after a torn line": (
        file_of({}, {}, FAULT).replace(b"Metric 2", b'"Metric" 2'),
        [(3, ""), (4, "baseline")],
    ),
    "a very long cell": (
        file_of({}, {"definition": "x" * 200_000}, FAULT),
        [(3, ""), (4, "baseline")],
    ),
    "two names of one column": (with_columns(b",start", b",19"), []),
    "unknown and doubled columns": (with_columns(b", Mood today,unit,", b",good,days,"), []),
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_all_programs_are_read(name: str) -> None:
    content, expected = FILES[name]

    assert faults(content) == expected


def test_a_name_is_one_line_and_a_definition_keeps_its_lines(lead: Membership) -> None:
    load(file_of({"key_result": "Two\n words ", "definition": "one\ntwo"}), by=lead)

    assert KeyResult.objects.get().title == "Two words"
    assert Metric.objects.get().definition == "one\ntwo"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_files_of_western_spreadsheets_are_read_in_their_encoding(encoding: str) -> None:
    content = file_of({"owner": "Zoë Großmann"}).decode().encode(encoding)

    assert plan(content).rows[0].owner == "Zoë Großmann"


@pytest.mark.parametrize(("owner", "encoding"), [("王芳", "gbk"), ("Łukasz", "cp1250")])
def test_a_file_in_another_encoding_names_the_line(owner: str, encoding: str) -> None:
    content = file_of({}, {"owner": owner}).decode().encode(encoding)

    with pytest.raises(SheetError, match=r"^Line 3: The file is not UTF"):
        problems(content)


def test_letters_that_were_lost_before_are_refused_by_line() -> None:
    in_cells = file_of({}, {"owner": "Zo\ufffd"}, {}, {"unit": "\ufffd"})
    in_names = file_of({}).replace(b"cycle", "c\ufffd".encode())

    assert faults(in_cells) == [(3, "owner"), (5, "unit")]
    with pytest.raises(SheetError, match=r"^Line 1: A letter was lost"):
        problems(in_names)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b",,,\n"])
def test_an_empty_file_says_what_belongs_there(content: bytes) -> None:
    with pytest.raises(SheetError, match=r"^The sheet is empty"):
        problems(content)


def with_columns_named(names: Callable[[str], str | None]) -> bytes:
    """Return a sheet of one line with its columns renamed, those named None left out."""
    columns = zip(*csv.reader(file_of({}).decode().splitlines()), strict=True)
    left = [(named, cell) for name, cell in columns if (named := names(name))]
    return "\n".join(",".join(line) for line in zip(*left, strict=True)).encode()


@pytest.mark.parametrize("missing", [("objective",), ("key_result", "metric")])
def test_a_sheet_without_objectives_or_key_results_asks_for_their_column(
    missing: tuple[str, ...],
) -> None:
    found = problems(with_columns_named(lambda name: None if name in missing else name))

    assert found[0].line == 0
    assert str(found[0].message) == f"No column has the {missing[0].replace('_', ' ')}."


NEEDED = ("cycle", "objective", "key_result")


def test_columns_whose_cells_may_be_blank_may_be_missing(lead: Membership) -> None:
    content = with_columns_named(lambda name: name if name in NEEDED else None)

    assert load(content, by=lead).key_results == 1
    key_result = KeyResult.objects.select_related("metric").get()
    assert [key_result.baseline, key_result.target, key_result.weight] == [None, None, 1]
    assert (key_result.objective.team, key_result.owner) == (None, None)
    assert str(key_result.metric) == key_result.title
    assert load(content, by=lead).already_there == 1


@pytest.mark.parametrize(
    "headings",
    [
        {"baseline": "Start", "target": " GOAL ", "key_result": "KR", "cycle": "Quarter"},
        {"key_result": "Key  result", "due_on": "Due date", "owner_email": "Email"},
        {"key_result": "key-result", "engagement": None, "contributes_to": None},
    ],
    ids=["plain", "spaced", "fewer"],
)
def test_columns_may_have_other_names(lead: Membership, headings: dict[str, str | None]) -> None:
    load(with_columns_named(lambda name: headings.get(name, name)), by=lead)

    key_result = KeyResult.objects.get()
    assert [key_result.title, key_result.baseline, key_result.target] == ["Result 1", 18, 28]


@pytest.mark.parametrize(
    ("texts", "guard"),
    [
        pytest.param(RUN, "'", id="a spreadsheet would run it"),
        pytest.param(
            ["", "1+1", "a=b", "'tis", "’=1", " two words", "#1", "12:00"], "", id="words"
        ),
    ],
)
def test_only_what_a_spreadsheet_would_run_gets_an_apostrophe(texts: list[str], guard: str) -> None:
    assert [guard_formula(text) for text in texts] == [guard + text for text in texts]
    assert guard or [unguard_formula(text) for text in texts] == texts


@given(st.text(alphabet="'=+-@＝\t\r\n a1") | st.text())
def test_what_was_guarded_comes_back_and_runs_nowhere(text: str) -> None:
    assert unguard_formula(guard_formula(text)) == text
    assert guard_formula(text)[:1] not in set("=+-@\t\r\n")


def test_the_importer_takes_the_guard_off(lead: Membership) -> None:
    line = {
        "key_result": "'=HYPERLINK(A1)",
        "objective": "''+1",
        "baseline": "'-5",
        "valid_low": "",
    }
    load(file_of(line), by=lead)

    made = KeyResult.objects.get()
    assert [made.title, made.objective.title, made.baseline] == ["=HYPERLINK(A1)", "'+1", -5]
