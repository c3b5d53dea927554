"""The leases of jobs, and their heartbeats."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress

import pytest
import time_machine
from django.conf import settings
from django.db import connections
from django.utils import timezone

from mail import runs
from mail.models import Lease
from mail.runs import lease
from tests.escalations.racing import at_once

pytestmark = pytest.mark.usefixtures("database")

NOON = dt.datetime(2030, 3, 11, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("using", ["default", "sweep"])
def test_what_ran_last_is_read_by_pages_and_sweeps(using: str) -> None:
    assert set(runs.last(using=using)) == {"installation"}
    assert runs.last(using=using)["installation"] <= timezone.now()
    with time_machine.travel(NOON, tick=False):
        runs.record("sweep")

    found = runs.last(using=using)

    assert (found["sweep"], set(found)) == (NOON, {"installation", "sweep"})


def test_a_later_run_takes_the_place_of_the_earlier() -> None:
    for minutes in (0, 2, 1):  # the one that wrote last had ended before
        with time_machine.travel(NOON + dt.timedelta(minutes=minutes), tick=False):
            runs.record("sweep")

    assert runs.last()["sweep"] == NOON + dt.timedelta(minutes=2)


@pytest.fixture
def database(committed: str) -> Iterator[None]:
    yield
    connections["sweep"].close()


def left() -> float:
    held = Lease.objects.using("sweep").get(name="tick")
    return (held.until - timezone.now()).total_seconds()


def test_it_is_ours_and_no_one_elses_until_we_are_done() -> None:
    limit = settings.CELERY_TASK_TIME_LIMIT
    with lease("tick") as ours, lease("another") as other:
        for _ in range(2):  # who does not have it gives none back
            with lease("tick") as theirs:
                assert (ours, theirs, other) == (True, False, True)
        Lease.objects.using("sweep").exclude(name="tick").update(until=timezone.now())
        assert limit - 60 < left() <= limit  # it outlasts every task

    for _ in range(2):  # given back where the work fails, too
        with suppress(ValueError), lease("tick") as again:
            assert again
            raise ValueError("the lights went out")


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
