from __future__ import annotations

import pytest

from checkins.effective_check_ins import kept_posts
from checkins.models import CheckIn


def chain(script: str) -> list[CheckIn]:
    """A chain by its rows: "p" is a post, "u" undoes the row before it."""
    return [
        CheckIn(id=index, undone_by_id=1 if step == "u" else None)
        for index, step in enumerate(script, start=1)
    ]


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        ("", []),
        ("p", [1]),
        ("pp", [1, 2]),
        ("pu", []),
        ("pup", [3]),
        ("pupu", []),
        ("ppu", [1]),
        ("ppup", [1, 4]),
        ("ppuu", [1, 2]),
        ("ppuuu", [1]),
    ],
)
def test_an_undo_leads_back_to_before_what_it_takes_back(script: str, kept: list[int]) -> None:
    assert [post.pk for post in kept_posts(chain(script))] == kept
