"""The sweeps tell exactly what an independent reading of the rules tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from django.db import transaction

from checkins.jobs.notices import Clock
from checkins.jobs.reminders import escalate_missed, remind_at, send_overdue, send_reminders
from engagements.models import Membership, Role
from tenancy.scoping import unscoped
from tests.checkins.crowds import crowd
from tests.checkins.reminder_oracle import Oracle, spans_of
from tests.databases import ROLES, copy_of, switch
from tests.escalations.notices import Told, told

pytestmark = pytest.mark.slow

SECOND = dt.timedelta(seconds=1)
FIRST, DAYS = dt.datetime(2025, 12, 20, tzinfo=dt.UTC), 190


@pytest.fixture(scope="module")
def crowded(django_db_setup: str, django_db_blocker: Any) -> Iterator[str]:
    """A database with 384 key results of 24 clients, to be copied."""
    with django_db_blocker.unblock(), copy_of(django_db_setup) as name:
        crowd(clients=24, seed=20_260_309)
        yield name


@pytest.fixture
def oracle(crowded: str) -> Iterator[Oracle]:
    switch(role=ROLES["default"])  # a database with sessions is not copied
    with copy_of(crowded):
        yield Oracle()


def swept(now: dt.datetime) -> set[Told]:
    """What the sweeps tell where nothing was told yet; it is forgotten at once."""
    with transaction.atomic(using="sweep"):
        counts = [
            sweep(now=now, using="sweep")
            for sweep in (send_reminders, send_overdue, escalate_missed)
        ]
        found = told(using="sweep")
        assert len(found) == sum(counts)
        transaction.set_rollback(True, using="sweep")
    return set(found)


def instants(oracle: Oracle) -> list[dt.datetime]:
    """By chance, and at the very edges of periods."""
    random = Random(7)  # noqa: S311 - chance, not secrecy
    by_chance = [FIRST + dt.timedelta(minutes=random.randrange(DAYS * 24 * 60)) for _ in range(25)]
    some = random.sample(oracle.key_results, k=12)
    spans = [random.choice(spans_of(one.engagement, one.objective.cycle)) for one in some]
    edges = [at for span in spans for at in span[1:]]
    return [*by_chance, *edges, *(at + SECOND for at in edges), *(at - SECOND for at in edges)]


def test_the_sweeps_equal_the_oracle(oracle: Oracle) -> None:
    rules: set[str] = set()
    for now in instants(oracle):
        found = swept(now)

        assert found == oracle.told(now), now
        rules |= {one.rule for one in found}

    assert rules == {"reminder", "overdue", "missed", "missed_twice"}
    assert len(oracle.key_results) == 384


def test_lived_through_they_tell_what_the_oracle_tells_of_what_it_knows(oracle: Oracle) -> None:
    """With silences of weeks in between, and people who start to lead."""
    known: set[Told] = set()
    for now in sorted(instants(oracle)):
        for sweep in (send_reminders, send_overdue, escalate_missed):
            sweep(now=now, using="sweep")
        found = set(told(using="sweep"))

        assert found - known == oracle.told(now, known), now
        known = found
        somebody_starts_to_lead(oracle)

    assert {one.rule for one in known} == {"reminder", "overdue", "missed", "missed_twice"}


def somebody_starts_to_lead(oracle: Oracle) -> None:
    """The next who contributes, at a client with a streak or without."""
    with unscoped():
        rows = Membership.objects.using("owner").filter(role=Role.CONTRIBUTOR)
        one = rows.select_related("user").order_by("-id").first()
        if one is not None:
            rows.filter(pk=one.pk).update(role=Role.LEAD)
            one.role = Role.LEAD
            oracle.leads[one.engagement_id] = [*oracle.leads[one.engagement_id], one]


right = Clock.on


def in_utc(clock: Clock, day: dt.date) -> dt.datetime:
    """Wrong: whole days added to the first one, in UTC."""
    first = dt.date(2026, 1, 5)
    return right(clock, first) + (day - first)


def by_the_clients_zone(clock: Clock, day: dt.date) -> dt.datetime:
    """Wrong: everybody's clock is that of Berlin."""
    return right(Clock("Europe/Berlin", clock.message_at), day)


@pytest.mark.parametrize("wrong", [in_utc, by_the_clients_zone])
def test_a_wrong_clock_does_not_equal_the_oracle(
    oracle: Oracle, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Clock, dt.date], dt.datetime]
) -> None:
    remind_at.cache_clear()
    monkeypatch.setattr(Clock, "on", wrong)
    differs = any(swept(now) != oracle.told(now) for now in instants(oracle))
    remind_at.cache_clear()

    assert differs
