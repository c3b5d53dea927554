"""Every pattern of the product takes time that grows with the length of a text, not faster."""

from __future__ import annotations

import ast
import importlib
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from types import FrameType

import pytest

from tests.test_house import ROOT, modules

pytestmark = pytest.mark.slow

LENGTH = 60_000
CPU_SECONDS = 2.0  # a linear pattern takes a third of a second at most, a quadratic one ten
BEGINNINGS = ("", "from 1")
REPEATED = [
    *("1", "1,", "1 ", "1.", "1k ", "12 ab ", "1 million ", "from 1 ", "€1"),  # numbers
    *("one ", "a", "a ", "A.", "per ", "v1.", "a’"),  # words
    *(" ", "\n", ".", "-", "_", "'", '"a'),  # what is between words
    *("<", "< ", "<a", "%2F", "a@", "/s/"),  # markup and addresses
]


def literals(path: Path) -> Iterator[str]:
    """The patterns written where they are used, as in `re.sub("[.,]", …)`."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(ast.Attribute(ast.Name("re")), [ast.Constant(text), *_]):
                yield str(text)


def named(path: Path) -> Iterator[re.Pattern[str]]:
    """The patterns that the module compiles and names, alone or in a tuple."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for value in vars(importlib.import_module(name)).values():
        for pattern in value if isinstance(value, tuple) else (value,):
            if isinstance(pattern, re.Pattern):
                yield pattern


def patterns() -> list[re.Pattern[str]]:
    using = [path for path in modules() if re.search(r"^import re$", path.read_text(), re.M)]
    found = {pattern for path in using for pattern in named(path)}
    written = {re.compile(text) for path in using for text in literals(path)}
    known = {pattern.pattern for pattern in found}
    return sorted(
        [*found, *(one for one in written if one.pattern not in known)],
        key=lambda pattern: str(pattern.pattern),
    )


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes longer, counted in this process's own time."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def slow_texts(pattern: re.Pattern[str]) -> list[str]:
    """What the pattern takes longer on than the limit."""
    slow = []
    for beginning, unit in product(BEGINNINGS, REPEATED):
        text = beginning + unit * (LENGTH // len(unit)) + "!"
        try:
            with cpu_limit(CPU_SECONDS):
                for _ in pattern.finditer(text):
                    pass
                pattern.fullmatch(text)
        except TimeoutError:
            slow.append(f"{beginning!r} + {unit!r} repeated")
            break
    return slow


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.pattern[:40])
def test_a_pattern_takes_linear_time(pattern: re.Pattern[str]) -> None:
    assert slow_texts(pattern) == []


def test_a_pattern_that_takes_quadratic_time_is_noticed() -> None:
    assert slow_texts(re.compile(r"\d+(?:,\d+)*%"))


def test_every_pattern_of_the_product_is_among_them() -> None:
    written = {pattern.pattern for pattern in patterns()}

    assert r"([0-9]{4})-Q([1-4])" in written  # compiled and named
    assert r"[\s:,;()]+" in written  # where it is used
    assert len(written) > 30
