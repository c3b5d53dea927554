"""The benchmark fails where a figure is over its limit, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from bench import Figure, print_figures, print_growth, verdict

pytestmark = pytest.mark.slow


def figure(name: str = "Home", **fields: Any) -> Figure:
    values = {"queries": 5, "size": 1_000, "wall": 0.01, "ratio": 20.0, "cpu_ratio": 15.0}
    return Figure(name=name, **{**values, "limit": None, **fields})


@pytest.mark.parametrize(
    ("limit", "slack", "met"),
    [(None, 1.0, True), (20.0, 1.0, True), (19.0, 1.0, False), (19.0, 2.0, True)],
    ids=["no limit", "at the limit", "over it", "over it within the slack"],
)
def test_a_page_costs_no_more_than_its_limit(limit: float | None, slack: float, met: bool) -> None:
    assert print_figures([figure(), figure("Board", limit=limit)], slack=slack) is met


def test_a_page_that_costs_more_over_more_clients_shows(capsys: pytest.CaptureFixture[str]) -> None:
    small = [figure("Home"), figure("My week", size=200)]
    large = [figure("Home", ratio=30.0), figure("My week", ratio=90.0)]

    assert not print_growth(small, large, limit=1.4)
    assert print_growth(small, large, limit=1.5)
    assert "My week" not in capsys.readouterr().out  # it shows more than with few clients


@pytest.mark.parametrize(("seconds", "met"), [(2.0, True), (2.01, False)])
def test_a_job_must_not_take_longer_than_its_limit(
    seconds: float, met: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict("import", seconds, 2.0, unit=" s") is met
    assert capsys.readouterr().out.startswith("met" if met else "MISSED")
