"""Scoring (M5) needs the standard library only; numbers in and out (M5.1, M5.7)."""

from __future__ import annotations

import ast
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import scoring
from scoring import Scale, ScoringError, format_number, format_score, linear
from tests.scoring.strategies import values

FILES = sorted(Path(scoring.__file__).parent.rglob("*.py"))
ALLOWED = (sys.stdlib_module_names | {"scoring"}) - {"os", "io", "pathlib", "socket", "time"}
CLOCKS_AND_IO = {"now", "utcnow", "today", "open", "print", "input"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_scoring_uses_the_standard_library_without_clock_and_io(path: Path) -> None:
    imported, called = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module or "")
        if isinstance(node, ast.Call):
            called.add(getattr(node.func, "attr", getattr(node.func, "id", "")))

    assert {name.split(".")[0] for name in imported} <= ALLOWED
    assert not CLOCKS_AND_IO & called


@pytest.mark.parametrize(
    "wrong",
    [0.5, True, None, "", "x", "NaN", "Infinity", Decimal("NaN"), Decimal("-Infinity"), b"1"],
)
def test_only_exact_finite_numbers_are_taken(wrong: Any) -> None:
    with pytest.raises(ScoringError):
        linear(wrong, baseline=0, target=1)
    with pytest.raises(ScoringError):
        linear(1, baseline=wrong, target=1)


@pytest.mark.parametrize("wrong", [10**40, "1e41", Decimal("1e-41"), "9" * 50])
def test_too_many_digits_are_an_error(wrong: Any) -> None:
    with pytest.raises(ScoringError, match="too many digits"):
        linear(wrong, baseline=0, target=1)
    with pytest.raises(ScoringError, match="too many digits"):  # too long to print
        linear(10**5000, baseline=0, target=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1420", "1,420"),
        ("12.50", "12.5"),
        ("12.00", "12"),
        ("1E+3", "1,000"),
        ("1E-7", "0.0000001"),
        ("-3", "−3"),
        ("-1234567.5", "−1,234,567.5"),
        ("0.00", "0"),
        ("-0", "0"),
    ],
)
def test_numbers_are_shown_plainly(value: str, text: str) -> None:
    assert format_number(Decimal(value)) == text


@given(values)
def test_a_shown_number_loses_nothing(value: Decimal) -> None:
    assert Decimal(format_number(value).replace("−", "-").replace(",", "")) == value


@pytest.mark.parametrize(
    ("score", "unit", "hundred"),
    [
        ("0.6", "0.60", "60"),
        ("0.605", "0.61", "61"),
        (0, "0.00", "0"),
        (1, "1.00", "100"),
        (None, "–", "–"),
    ],
)
def test_scores_follow_the_scale(score: Any, unit: str, hundred: str) -> None:
    assert format_score(score) == unit
    assert format_score(score, scale=Scale.HUNDRED) == hundred
