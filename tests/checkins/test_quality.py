from __future__ import annotations

import pytest

from checkins.quality import is_thin, thin_parts

ENOUGH = "The form did it."


@pytest.mark.parametrize(
    ("insight", "next_action", "expected"),
    [
        (ENOUGH, ENOUGH, []),
        ("As last week.", ENOUGH, ["insight"]),
        (ENOUGH, "Wait  and\nsee", ["next action"]),
        ("", " ", ["insight", "next action"]),
        ("Three\u00a0words only", ENOUGH, ["insight"]),
        (ENOUGH, "Roll it out\nnow", []),
    ],
)
def test_under_four_words_is_thin(insight: str, next_action: str, expected: list[str]) -> None:
    words = {"insight": insight, "next_action": next_action}

    assert thin_parts(**words) == expected
    assert is_thin(**words) == bool(expected)
