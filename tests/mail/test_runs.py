"""The leases of jobs, and their heartbeats."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.conf import settings
from django.db import ProgrammingError, connections
from django.utils import timezone

from mail import runs
from mail.models import Heartbeat, Lease
from mail.runs import lease
from tests.escalations.racing import at_once

pytestmark = pytest.mark.usefixtures("database")

NOON = dt.datetime(2030, 3, 11, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("using", ["default", "sweep"])
def test_what_ran_last_is_read_by_pages_and_sweeps(committed: str, using: str) -> None:
    with time_machine.travel(NOON, tick=False):
        runs.record("sweep")

    found = runs.last(using=using)

    assert (found["sweep"], set(found)) == (NOON, {"installation", "sweep"})


def test_a_later_run_takes_the_place_of_the_earlier(committed: str) -> None:
    for minutes in (0, 2, 1):  # the one that wrote last had ended before
        with time_machine.travel(NOON + dt.timedelta(minutes=minutes), tick=False):
            runs.record("sweep")

    assert runs.last()["sweep"] == NOON + dt.timedelta(minutes=2)


def test_a_fresh_installation_knows_since_when_it_stands(committed: str) -> None:
    assert set(runs.last()) == {"installation"}
    assert runs.last()["installation"] <= timezone.now()


def test_pages_write_no_heartbeat(committed: str) -> None:
    with pytest.raises(ProgrammingError, match="denied"):
        Heartbeat.objects.create(name="sweep", ran_at=NOON)


def test_the_sweeps_remove_none(committed: str) -> None:
    with connections["sweep"].cursor() as cursor, pytest.raises(ProgrammingError, match="denied"):
        cursor.execute("DELETE FROM mail_heartbeat")


@pytest.fixture
def database(committed: str) -> Iterator[None]:
    yield
    connections["sweep"].close()


def left() -> float:
    return (Lease.objects.using("sweep").get().until - timezone.now()).total_seconds()


def test_it_is_ours_and_nobody_elses_until_we_are_done() -> None:
    with lease("tick") as ours, lease("tick") as theirs, lease("another") as other:
        assert (ours, theirs, other) == (True, False, True)

    with lease("tick") as again:
        assert again


def test_who_has_it_not_gives_none_back() -> None:
    with lease("tick"):
        with lease("tick"):
            pass

        with lease("tick") as theirs:
            assert not theirs


def test_it_is_given_back_where_the_work_fails() -> None:
    with pytest.raises(ValueError, match="went out"), lease("tick"):
        raise ValueError("the lights went out")

    with lease("tick") as ours:
        assert ours


def test_it_outlasts_every_task_and_no_more() -> None:
    with lease("tick"):
        assert settings.CELERY_TASK_TIME_LIMIT - 60 < left() <= settings.CELERY_TASK_TIME_LIMIT


def test_one_that_ran_out_is_the_next_ones_whatever_the_late_one_does() -> None:
    late, theirs = lease("tick"), lease("tick")
    assert late.__enter__()
    Lease.objects.using("sweep").update(until=timezone.now())
    assert theirs.__enter__()

    late.__exit__(None, None, None)

    assert left() > 0


def test_of_many_at_once_one_has_it() -> None:
    takers = [lease("tick") for _ in range(4)]

    assert sorted(at_once(*[taker.__enter__ for taker in takers])) == [False, False, False, True]


def test_a_database_that_is_away_takes_none_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with lease("tick"):
        monkeypatch.setattr(runs, "GIVE_BACK", "SELECT 1 / 0, %s, %s")

    assert left() > 0


def test_pages_take_none() -> None:
    with pytest.raises(ProgrammingError, match="denied"), connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM mail_lease")
