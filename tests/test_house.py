"""The house keeps its own rules."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.loader import get_template

from tests.planted_faults import FAULTS

ROOT = Path(__file__).resolve().parent.parent
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
ROOMS = tuple(LINTER["root_packages"])
DRAWERS = {"utils", "util", "helpers", "common", "core", "services", "misc"}


def modules(*rooms: str) -> Iterator[Path]:
    for room in rooms or ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def variables_of_the_code() -> set[str]:
    """Names that the code reads from the environment, as settings or directly."""
    pattern = re.compile(r"""(?:env(?:\.\w+)?|environ\.get|database)\(\s*["']([A-Z][A-Z_]+)["']""")
    named = {name for path in modules("config") for name in pattern.findall(path.read_text())}
    return named - {"DJANGO_SETTINGS_MODULE", "PYTHONPATH"}


def test_each_planted_fault_can_still_be_planted() -> None:
    for fault in FAULTS:
        text = (ROOT / fault.path).read_text()
        assert text.count(fault.old) == 1, fault.name
        if fault.path.endswith(".py"):
            ast.parse(text.replace(fault.old, fault.new))


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.M))

    assert variables_of_the_code() - documented == set()


def test_documents_name_files_and_tests_that_exist() -> None:
    """Such as `tests/test_house.py::test_no_file_is_a_drawer`."""
    named = re.compile(rf"`((?:tests|{'|'.join(ROOMS)})/[\w/]+\.py)(?:::(\w+))?`")
    texts = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    found = {match for text in texts for match in named.findall(text.read_text())}
    missing = [
        (path, test)
        for path, test in found
        if not (ROOT / path).exists() or (test and f"def {test}(" not in (ROOT / path).read_text())
    ]

    assert found
    assert missing == []


def test_no_file_is_a_drawer() -> None:
    assert [path for path in modules() if DRAWERS & set(path.with_suffix("").parts)] == []


def test_files_stay_under_350_lines() -> None:
    assert [path for path in modules() if len(path.read_text().splitlines()) > 350] == []


@pytest.mark.parametrize("banned", ["TemplateResponse", "StreamingHttpResponse"])
def test_no_view_renders_after_its_scope(banned: str) -> None:
    def names(path: Path) -> set[str]:
        tree = ast.parse(path.read_text())
        return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    assert [path for path in modules() if banned in names(path)] == []


def test_every_fragment_that_a_view_names_exists() -> None:
    pattern = re.compile(r"""["']([\w/]+\.html#[\w-]+)["']""")
    views = [path for path in modules() if "views" in str(path)]
    named = {name for path in views for name in pattern.findall(path.read_text())}

    assert named
    for name in named:
        get_template(name)


def test_templates_hold_no_inline_style_or_script() -> None:
    pattern = re.compile(r"""<style|\sstyle=|\son\w+=["']|<script(?![^>]*\bsrc=)""")
    pages = [path for path in (ROOT / "templates").rglob("*.html") if "email" not in path.parts]

    assert pages
    assert [path for path in pages if pattern.search(path.read_text())] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_carry_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "--hash=sha256:" in text
    assert not re.search(r"index-url|find-links|https?://|file://", text)


def test_no_statement_passes_by_the_walls() -> None:
    """They are told with each statement of a Django cursor (ADR 26)."""
    passes_by = re.compile(r"\.connection\.(?:cursor|execute)\(|\.callproc\(|cursor\.copy\(")

    assert [path.name for path in modules() if passes_by.search(path.read_text())] == []


def test_no_template_puts_a_space_before_a_comma() -> None:
    """A line break before `{% if … %},` is a space on the screen."""
    spaced = re.compile(r"\S\n[ \t]*\{% if [^%]*%\}[,;]")
    templates = (ROOT / "templates").rglob("*.html")

    assert [path.name for path in templates if spaced.search(path.read_text())] == []


def test_each_recorded_query_count_belongs_to_a_test() -> None:
    for counts in (ROOT / "tests").glob("*/query_counts.json"):
        tests = "\n".join(path.read_text() for path in counts.parent.rglob("test_*.py"))

        assert [name for name in json.loads(counts.read_text()) if name not in tests] == []
