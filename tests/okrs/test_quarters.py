from __future__ import annotations

import datetime as dt

import pytest

from okrs.weeks import quarter, quarters_from


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-Q1", dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
        ("2026-q2", dt.date(2026, 4, 1), dt.date(2026, 6, 30)),
        ("2026-Q3", dt.date(2026, 7, 1), dt.date(2026, 9, 30)),
        ("2026-Q4", dt.date(2026, 10, 1), dt.date(2026, 12, 31)),
    ],
)
def test_a_quarter_is_read_from_its_name(name: str, first: dt.date, last: dt.date) -> None:
    found = quarter(name)

    assert found is not None
    assert (found.name, found.starts_on, found.ends_on) == (name.upper(), first, last)


@pytest.mark.parametrize("name", ["Q1 2026", "2026-Q0", "2026-Q5", "0000-Q1", "٢٠٢٦-Q1", ""])
def test_no_other_name_is_a_quarter(name: str) -> None:
    assert quarter(name) is None


@pytest.mark.parametrize(
    ("day", "first", "second"),
    [
        (dt.date(2026, 1, 1), "2026-Q1", "2026-Q2"),
        (dt.date(2026, 9, 9), "2026-Q3", "2026-Q4"),
        (dt.date(2026, 9, 10), "2026-Q4", "2026-Q3"),
        (dt.date(2026, 9, 30), "2026-Q4", "2026-Q3"),
        (dt.date(2026, 10, 1), "2026-Q4", "2027-Q1"),
        (dt.date(2026, 12, 31), "2027-Q1", "2026-Q4"),
    ],
)
def test_the_running_quarter_comes_first_until_three_weeks_before_its_end(
    day: dt.date, first: str, second: str
) -> None:
    assert [found.name for found in quarters_from(day)] == [first, second]


@pytest.mark.parametrize(
    ("day", "left"),
    [
        (dt.date(2026, 10, 1), [13, None]),
        (dt.date(2026, 11, 26), [5, None]),
        (dt.date(2026, 12, 25), [None, 1]),
        (dt.date(2026, 12, 26), [None, 0]),
    ],
)
def test_the_running_quarter_says_how_many_full_weeks_are_left(
    day: dt.date, left: list[int | None]
) -> None:
    assert [found.weeks_left for found in quarters_from(day)] == left
