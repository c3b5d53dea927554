"""Which escalation fires when, history by history; the same table stands in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from tests.checkins.histories import HISTORIES
from tests.checkins.playing import History, Play

DOCS = Path(settings.BASE_DIR) / "docs/domain.md"


@pytest.mark.django_db
@pytest.mark.parametrize("history", HISTORIES, ids=lambda one: one.name)
def test_it_fires_as_its_history_says(history: History) -> None:
    fired = Play(history).run()

    assert [str(one) for one in fired] == [str(one) for one in history.expected]
    assert fired == history.expected


def test_the_docs_hold_the_same_table() -> None:
    lines = DOCS.read_text().splitlines()
    head = lines.index("| history | what happens | what fires |")

    assert lines[head + 2 : head + 2 + len(HISTORIES)] == [history.row for history in HISTORIES]
    assert not lines[head + 2 + len(HISTORIES)].startswith("|")


def test_each_history_has_a_name_of_its_own() -> None:
    assert len({history.name for history in HISTORIES}) == len(HISTORIES) >= 25
