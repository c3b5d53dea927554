"""Who alone may do something: one at a time, and nobody for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import ProgrammingError, connections
from django.utils import timezone

from mail import leases
from mail.leases import turn
from mail.models import Turn
from tests.escalations.racing import at_once


@pytest.fixture
def database(committed: str) -> Iterator[None]:
    yield
    connections["sweep"].close()


pytestmark = pytest.mark.usefixtures("database")


def left() -> float:
    return (Turn.objects.using("sweep").get().until - timezone.now()).total_seconds()


def test_it_is_ours_and_nobody_elses_until_we_are_done() -> None:
    with turn("tick") as ours, turn("tick") as theirs, turn("another") as other:
        assert (ours, theirs, other) == (True, False, True)

    with turn("tick") as again:
        assert again


def test_who_has_it_not_gives_none_back() -> None:
    with turn("tick"):
        with turn("tick"):
            pass

        with turn("tick") as theirs:
            assert not theirs


def test_it_is_given_back_where_the_work_fails() -> None:
    with pytest.raises(ValueError, match="went out"), turn("tick"):
        raise ValueError("the lights went out")

    with turn("tick") as ours:
        assert ours


def test_it_outlasts_every_task_and_no_more() -> None:
    with turn("tick"):
        assert settings.CELERY_TASK_TIME_LIMIT - 60 < left() <= settings.CELERY_TASK_TIME_LIMIT


def test_one_that_ran_out_is_the_next_ones_whatever_the_late_one_does() -> None:
    late, theirs = turn("tick"), turn("tick")
    assert late.__enter__()
    Turn.objects.using("sweep").update(until=timezone.now())
    assert theirs.__enter__()

    late.__exit__(None, None, None)

    assert left() > 0


def test_of_many_at_once_one_has_it() -> None:
    takers = [turn("tick") for _ in range(4)]

    assert sorted(at_once(*[taker.__enter__ for taker in takers])) == [False, False, False, True]


def test_a_database_that_is_away_takes_none_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with turn("tick"):
        monkeypatch.setattr(leases, "GIVE_BACK", "SELECT 1 / 0, %s, %s")

    assert left() > 0


def test_pages_take_none() -> None:
    with pytest.raises(ProgrammingError, match="denied"), connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM mail_turn")
