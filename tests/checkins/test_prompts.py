from __future__ import annotations

import datetime as dt

import pytest

from checkins.prompts import Prompt, prompt
from scoring import Rag

CHECKED_IN = dt.datetime(2026, 3, 10, 8, 36, tzinfo=dt.UTC)


def ask(rag: Rag, *, behind: bool = True, hours: int = 0, **waits: int) -> Prompt | None:
    now = CHECKED_IN + dt.timedelta(hours=hours)
    return prompt(rag=rag, behind=behind, checked_in_at=CHECKED_IN, now=now, **waits)


@pytest.mark.parametrize(("rag", "hours"), [(Rag.RED, 48), (Rag.AMBER, 7 * 24)])
def test_red_asks_within_48_hours_and_amber_within_a_week(rag: Rag, hours: int) -> None:
    in_time, too_late = ask(rag, hours=hours), ask(rag, hours=hours + 1)

    assert in_time is not None
    assert (in_time.due_at, in_time.overdue) == (CHECKED_IN + dt.timedelta(hours=hours), False)
    assert too_late is not None
    assert too_late.overdue


@pytest.mark.parametrize("rag", [Rag.RED, Rag.AMBER])
def test_they_ask_nothing_while_the_forecast_holds(rag: Rag) -> None:
    assert ask(rag, behind=False) is None


@pytest.mark.parametrize("rag", [Rag.GREEN, Rag.STRETCH])
@pytest.mark.parametrize("behind", [True, False])
def test_green_and_stretch_ask_without_a_date(rag: Rag, *, behind: bool) -> None:
    found = ask(rag, behind=behind, hours=10_000)

    assert found is not None
    assert (found.due_at, found.overdue) == (None, False)


def test_each_band_asks_for_something_else() -> None:
    texts = {found.text for rag in Rag if (found := ask(rag)) is not None}

    assert len(texts) == 4


def test_no_data_asks_nothing() -> None:
    assert ask(Rag.NO_DATA) is None
    assert prompt(rag=Rag.RED, behind=True, checked_in_at=None, now=CHECKED_IN) is None


def test_the_waits_can_be_set() -> None:
    found = ask(Rag.RED, hours=25, red_hours=24)

    assert found is not None
    assert found.overdue
