from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import ProgrammingError, connections
from django.utils import timezone

from mail import heartbeats
from mail.models import Heartbeat

NOON = dt.datetime(2030, 3, 11, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("using", ["default", "sweep"])
def test_what_ran_last_is_read_by_pages_and_sweeps(committed: str, using: str) -> None:
    with time_machine.travel(NOON, tick=False):
        heartbeats.record("sweep")

    found = heartbeats.last(using=using)

    assert (found["sweep"], set(found)) == (NOON, {"installation", "sweep"})


def test_a_later_run_takes_the_place_of_the_earlier(committed: str) -> None:
    for minutes in (0, 2, 1):  # the one that wrote last had ended before
        with time_machine.travel(NOON + dt.timedelta(minutes=minutes), tick=False):
            heartbeats.record("sweep")

    assert heartbeats.last()["sweep"] == NOON + dt.timedelta(minutes=2)


def test_a_fresh_installation_knows_since_when_it_stands(committed: str) -> None:
    assert set(heartbeats.last()) == {"installation"}
    assert heartbeats.last()["installation"] <= timezone.now()


@pytest.mark.django_db
def test_pages_write_no_heartbeat() -> None:
    with pytest.raises(ProgrammingError, match="denied"):
        Heartbeat.objects.create(name="sweep", ran_at=NOON)


def test_the_sweeps_remove_none(committed: str) -> None:
    with connections["sweep"].cursor() as cursor, pytest.raises(ProgrammingError, match="denied"):
        cursor.execute("DELETE FROM mail_heartbeat")
