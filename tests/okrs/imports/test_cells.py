"""One bad cell is one problem, with its line, its column and the fix."""

from __future__ import annotations

import pytest

from tests.okrs.imports.files import faults, file_of, plan, problems

BAD_CELLS = [
    ("cycle", ""),
    ("cycle", "Spring"),
    ("cycle", "2026-Q5"),
    ("cycle", "2026-Q1" * 10),
    ("level", "division"),
    ("objective", " "),
    ("objective", "x" * 241),
    ("key_result", "x" * 100_000),
    ("key_result", "NUL \x00"),
    ("metric", ""),
    ("unit", "x" * 41),
    ("direction", ""),
    ("direction", "up"),
    ("baseline", "18 percent"),
    ("baseline", "1,234"),
    ("baseline", "NaN"),
    ("target", "18"),
    ("target", "12,5k"),
    ("target", "1" + "0" * 14),
    ("target", "0.1234567"),
    ("due_on", "31.03.2026"),
    ("due_on", "2026-02-30"),
    ("due_on", "2026-01-01"),
    ("valid_low", "none"),
    ("valid_high", "0"),
    ("owner", ""),
    ("owner_email", ""),
    ("owner_email", "dana at harbor"),
    ("owner_email", "x" * 250 + "@harbor.test"),
    ("refresh", "sometimes"),
    ("method", "curve"),
    ("ladder", "4:1.0"),
    ("weight", "0"),
    ("weight", "-1"),
    ("weight", "0.005"),
    ("weight", "10000"),
    ("indicator", "trailing"),
    ("commitment", "promised"),
    ("contributes_to", "Nothing in this file"),
    ("contributes_to", "Metric 2"),  # its own
]
BAD_LADDERS = ["", "4", "4:", "four:1", "4:2", "4:0", "4:0.5;6:0.7", "6:1.0;4:0.7", "4:1;;6:0.7"]


@pytest.mark.parametrize(("column", "text"), BAD_CELLS, ids=lambda value: value[:20] or "blank")
def test_a_bad_cell_is_reported_with_line_and_column(column: str, text: str) -> None:
    assert faults(file_of({}, {column: text}, {})) == [(3, column)]


@pytest.mark.parametrize("ladder", BAD_LADDERS)
def test_a_ladder_must_be_one(ladder: str) -> None:
    line = {"method": "ladder", "direction": "lower", "ladder": ladder}

    assert faults(file_of(line)) == [(2, "ladder")]


def test_a_team_goes_with_the_level() -> None:
    teamless = {"level": "team"}
    teamed = {"objective": "Another one", "team": "Sales", "level": "company"}

    assert faults(file_of(teamless, teamed)) == [(2, "team"), (3, "team")]


def test_every_problem_says_how_to_fix_it() -> None:
    content = file_of(*({column: text} for column, text in BAD_CELLS))

    found = problems(content)

    assert len(found) >= len(BAD_CELLS)
    assert all(problem.fix.endswith(".") for problem in found)
    assert all(len(str(problem)) < 250 for problem in found)


def test_a_problem_reads_as_a_sentence() -> None:
    (problem,) = problems(file_of({"target": "12,5k"}))

    assert str(problem) == "line 2, target: “12,5k” is not a number. Enter 12500."


def test_optional_cells_may_be_blank() -> None:
    blank = dict.fromkeys(
        [
            "level", "definition", "unit", "baseline", "target", "due_on", "valid_low",
            "valid_high", "source", "refresh", "method", "weight", "indicator", "commitment",
        ],
        "",
    )  # fmt: skip

    assert plan(file_of(blank)).made.key_results == 1


def test_figures_may_have_a_comma_or_a_point() -> None:
    line = {"baseline": "12,5", "target": "1.234,5", "valid_high": "9 999"}

    assert plan(file_of(line)).made.key_results == 1
