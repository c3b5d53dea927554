"""The ten checks of STYLE.md. Each limit is the present count: lower it as the count falls."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {
    "admin", "api", "apps", "commands", "forms", "jobs", "messages", "migrations", "models",
    "queries", "tasks", "templatetags", "urls", "views",
}  # fmt: skip
DJANGO_NAMES = "lint.flake8-self.ignore-names=['_meta','_state','_default_manager']"
FACES = {"__init__", "__main__", "apps", "urls", "tasks", "admin"}
HOUSE_WORDS = re.compile(
    r"\b(what|whatever|whoever|whichever|somebody|anybody|nobody|everybody|stands?|stood|told|tells"
    r"|says|said|kept|anew|beside|mends?|rides)\b",
    re.IGNORECASE,
)
RULE = re.compile(r"\bM\d{1,2}(?:\.\d{1,2})?\b")


@cache
def tracked(pattern: str) -> list[Path]:
    """List the files under version control, with those not added yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file()]


@cache
def product() -> list[Path]:
    """List the modules of the product, without migrations, tests and `bench`."""
    outside = {"tests", "bench", "migrations"}
    relative = [(path, path.relative_to(ROOT).parts) for path in tracked("*.py")]
    return [path for path, parts in relative if not outside & set(parts)]


def docstrings(tree: ast.Module) -> Iterator[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and (text := ast.get_docstring(node)):
            yield text


def comments(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def ruff(rule: str, *paths: str, config: str = "") -> list[str]:
    command = [sys.executable, "-m", "ruff", "check", "--select", rule, "--output-format=concise"]
    if config:
        command += ["--config", config]
    found = subprocess.run(
        [*command, *paths], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return [line for line in found.stdout.splitlines() if f" {rule} " in line]


def apps() -> list[str]:
    return sorted({path.relative_to(ROOT).parts[0] for path in product()} - {"manage.py"})


def count_imperative_docstrings() -> float:
    return len(ruff("D401", *apps()))


def count_house_words() -> float:
    words = odd = 0
    for path in product():
        source = path.read_text()
        for text in (*docstrings(ast.parse(source)), *comments(source)):
            words += len(text.split())
            odd += len(HOUSE_WORDS.findall(text))
    return round(1000 * odd / words, 1)


def count_module_sizes() -> float:
    """Count modules under 40 or over 350 lines; faces and Django's entry points may be short."""
    count = 0
    for path in product():
        lines = len(path.read_text().splitlines())
        may_be_short = path.stem in FACES or "management" in path.parts
        count += lines > 350 or (lines < 40 and not may_be_short)
    return count


def count_basenames() -> float:
    """Count basenames used over three times, but for layers and the modules inside them."""
    names = Counter(
        path.stem
        for path in product()
        if path.stem not in LAYERS | FACES and not LAYERS & set(path.relative_to(ROOT).parts[:-1])
    )
    return sum(count > 3 for count in names.values())


def count_private_names() -> float:
    return len(ruff("SLF001", *apps(), config=DJANGO_NAMES))


def count_long_template_lines() -> float:
    templates = [path for path in tracked("*.html") if "templates" in path.parts]
    return sum(len(line) > 120 for path in templates for line in path.read_text().splitlines())


def count_repeated_sentences() -> float:
    """Count sentences of three words or more that two modules hold."""
    holders: defaultdict[str, set[Path]] = defaultdict(set)
    for path in product():
        tree = ast.parse(path.read_text())
        prose = set(docstrings(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.strip()
                if text.endswith((".", "?", "!")) and len(text.split()) >= 3 and text not in prose:
                    holders[text].add(path)
    return sum(len(paths) > 1 for paths in holders.values())


def count_locks() -> float:
    """Count row locks outside `locks.py`, where the order is written (docs/adr/0021)."""
    return sum(
        path.read_text().count("select_for_update(") for path in product() if path.stem != "locks"
    )


def count_untested_rules() -> float:
    cited = {rule for path in product() for rule in RULE.findall(path.read_text())}
    return len(
        cited - {rule for path in tracked("tests/*.py") for rule in RULE.findall(path.read_text())}
    )


def count_private_names_in_tests() -> float:
    patched = re.compile(r"""(?:setattr|patch)\([^)]*["'.]_[a-z]\w*["']""")
    patches = sum(len(patched.findall(path.read_text())) for path in tracked("tests/*.py"))
    return len(ruff("SLF001", "tests", config=DJANGO_NAMES)) + patches


# Each count with its limit
CHECKS = {
    "imperative docstrings": (count_imperative_docstrings, 0),
    "house words per 1,000": (count_house_words, 2),
    "module size": (count_module_sizes, 4),
    "repeated basenames": (count_basenames, 0),
    "private names": (count_private_names, 0),
    "long template lines": (count_long_template_lines, 0),
    "repeated sentences": (count_repeated_sentences, 9),
    "locks outside locks.py": (count_locks, 0),
    "rules without a test": (count_untested_rules, 0),
    "private names in tests": (count_private_names_in_tests, 7),
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_style_gets_no_worse(check: str) -> None:
    """`python -m tests.test_style` prints all counts with their limits."""
    count, limit = CHECKS[check]

    assert count() <= limit


if __name__ == "__main__":
    for name, (count, limit) in CHECKS.items():
        print(f"{name}: {count():g} (limit {limit})")  # noqa: T201 - the report
