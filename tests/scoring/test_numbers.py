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
from scoring import Scale, ScoringError, format_number, format_score, linear, parse_number
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
    ("text", "value"),
    [
        ("12", "12"),
        (" 12 ", "12"),
        ("12,5", "12.5"),
        ("12.5", "12.5"),
        (".5", "0.5"),
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1 234", "1234"),
        ("1\u00a0234\u202f567,8", "1234567.8"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567,89", "1234567.89"),
        ("−3", "-3"),
        ("-3", "-3"),
        ("+3", "3"),
        ("−1 234,5", "-1234.5"),
        ("0,125", "0.125"),
        ("007", "7"),
        ("−0", "0"),
        ("1.234", "1.234"),
        ("1,23", "1.23"),
        ("1,2345", "1.2345"),
        ("0,123", "0.123"),
    ],
)
def test_numbers_are_read_as_people_type_them(text: str, value: str) -> None:
    assert str(parse_number(text)) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("12,5k", "“12,5k” is not a number. Enter 12500."),
        ("12 K", "“12 K” is not a number. Enter 12000."),
        ("1.2M", "“1.2M” is not a number. Enter 1200000."),
        ("−12,5%", "“−12,5%” is not a number. Enter -12.5."),
        ("1e5", "“1e5” is not a number. Enter digits, for example 1250 or 12.5."),
        ("NaN", "“NaN” is not a number. Enter digits, for example 1250 or 12.5."),
        ("", "Enter a number, for example 12.5."),
        ("  ", "Enter a number, for example 12.5."),
        ("1,420", "can mean two numbers. Enter 1420 or 1.420."),
        ("−12,500", "can mean two numbers. Enter −12500 or −12.500."),
    ],
)
def test_the_error_suggests_a_number(text: str, message: str) -> None:
    with pytest.raises(ScoringError) as refused:
        parse_number(text)

    assert str(refused.value).endswith(message)


NOT_NUMBERS = [
    *("Infinity", "-inf", "12 days", "€12", "k", "0x10", "١٢", 12),
    *("1_000", "1,23,456", "1234,567.8", "1,234.567,8", "0,123.5", "1,234,567,8"),  # groups
    *("12 34", "1 234 56", "1\n2", "5.", ",", "--3", "3-", "9" * 41, "9" * 50 + "k"),
]
TOO_LONG = [unit * 50_000 for unit in ("1", "1,", "1 000 ", ".", "a")]


@pytest.mark.parametrize("text", [*NOT_NUMBERS, *TOO_LONG])
def test_anything_else_is_not_a_number(text: Any) -> None:
    with pytest.raises(ScoringError) as refused:
        parse_number(text)

    assert ("is too long for a number" in str(refused.value)) is (text in TOO_LONG)


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
