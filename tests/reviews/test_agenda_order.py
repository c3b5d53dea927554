from __future__ import annotations

import pytest

from reviews.agenda import Place, fit, merge


def place(name: str, rank: int, *, moved: bool = False) -> Place:
    return Place(name=name, rank=(rank, 0), is_moved=moved)


@pytest.mark.parametrize(
    ("there", "fresh", "expected"),
    [
        ([], [("a", 1), ("b", 2)], "ab"),
        ([("b", 2), ("z", 9)], [("a", 1), ("c", 3)], "abcz"),
        ([("b", 2), ("a", 1)], [], "ab"),
        ([("a", 1), ("z", 9)], [("c", 3), ("b", 2)], "abcz"),
        ([("b", 2), ("c", 2)], [("a", 2)], "bca"),
    ],
)
def test_what_is_new_comes_at_its_place(
    there: list[tuple[str, int]], fresh: list[tuple[str, int]], expected: str
) -> None:
    order = merge([place(*one) for one in there], [place(*one) for one in fresh])

    assert "".join(order) == expected


def test_the_order_that_people_made_stays() -> None:
    there = [place("c", 3, moved=True), place("a", 1), place("z", 9)]

    assert merge(there, [place("b", 2), place("d", 4)]) == ["b", "c", "a", "d", "z"]


@pytest.mark.parametrize(
    ("minutes", "into", "expected"),
    [
        ([10, 8, 2], 45, [10, 8, 2]),
        ([10, 8, 2], 20, [10, 8, 2]),
        ([10, 10, 10], 15, [5, 5, 5]),
        ([10, 8, 6, 4, 2], 20, [6, 5, 4, 2, 2]),
        ([8] * 10, 12, [2] * 10),
        ([4, 4], 0, [2, 2]),
        ([], 45, []),
    ],
)
def test_minutes_are_shortened_until_they_fit(
    minutes: list[int], into: int, expected: list[int]
) -> None:
    assert fit(minutes, into=into) == expected
