"""Scoring (M5) needs the standard library only: no framework, no clock, no I/O."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scoring

FILES = sorted(Path(scoring.__file__).parent.rglob("*.py"))
ALLOWED = (sys.stdlib_module_names | {"scoring"}) - {"os", "io", "pathlib", "socket", "time"}
CLOCKS_AND_IO = {"now", "utcnow", "today", "open", "print", "input"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module or ""


def called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", ""))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_imports_the_standard_library_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert {name.split(".")[0] for name in imported(tree)} <= ALLOWED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_reads_no_clock_and_does_no_io(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert not CLOCKS_AND_IO & set(called(tree))


def test_all_it_promises_can_be_imported() -> None:
    assert len(FILES) > 1
    assert all(hasattr(scoring, name) for name in scoring.__all__)
