"""Which escalation fires when (M7.1, M7.2, M7.3, M7.4, M7.8): each row of the table in the docs."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

import pytest
from django.conf import settings

from tests.checkins.playing import History, Play, history_of

DOCS = Path(settings.BASE_DIR) / "docs/domain.md"
HEAD = "| history | what happens | what fires |\n| --- | --- | --- |\n"
TABLE = DOCS.read_text().partition(HEAD)[2].splitlines()
HISTORIES = [history_of(row) for row in takewhile(bool, TABLE)]


@pytest.mark.django_db
@pytest.mark.parametrize("history", HISTORIES, ids=lambda one: one.name)
def test_it_fires_as_its_history_says(history: History) -> None:
    fired = Play(history).run()

    assert ("; ".join(fired) or "nothing") == history.fires


def test_each_history_has_a_name_of_its_own() -> None:
    assert len({history.name for history in HISTORIES}) == len(HISTORIES) >= 55
