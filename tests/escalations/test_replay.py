"""A quarter of the demo, lived through twice from the same start."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connections

from accounts.models import User
from checkins.jobs.notices import Clock
from config import schedule
from demo.loader import load_demo
from escalations.models import Escalation
from mail.models import OutboxMessage
from notifications.models import Notice
from tenancy.scoping import unscoped
from tests.checkins.reminder_oracle import Oracle, spans_of
from tests.databases import copy_of

pytestmark = pytest.mark.slow

START = dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC)
DAY, HOUR, SECOND = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(seconds=1)
QUARTER = 91 * DAY

Rows = list[tuple[Any, ...]]


@pytest.fixture
def demo(committed: str) -> str:
    """A database with the demo as it stood at the start, to be copied."""
    load_demo(now=START)
    connections.close_all()
    return committed


def instants() -> list[dt.datetime]:
    """When periods open, are due and close, days begin, and messages are made."""
    spans = [
        at
        for one in Oracle().key_results
        for span in spans_of(one.engagement, one.objective.cycle)
        for at in span[1:]
    ]
    zones = User.objects.using("owner").values_list("time_zone", "message_at").distinct()
    days = [START.date() + index * DAY for index in range(QUARTER.days + 1)]
    hours = [Clock(*clock).on(day) for clock in zones for day in days]
    moments = {*(at + SECOND for at in spans), *hours}
    return sorted(at for at in moments if START <= at <= START + QUARTER)


def replayed(template: str, *, is_hasty: bool = False) -> dict[str, Rows]:
    """What stands after the quarter, without ids; hasty: each instant is ticked twice."""
    with copy_of(template):
        for now in instants():
            schedule.tick(now=now)
            if is_hasty:
                assert sum(schedule.tick(now=now).values()) == 0
        found = {"escalations": escalations(), "notices": notices(), "messages": messages()}
        connections.close_all()
    return found


def escalations() -> Rows:
    ids = {"id", "public_id", "version"}
    names = [field.attname for field in Escalation._meta.fields if field.attname not in ids]
    with unscoped():
        return sorted(Escalation.objects.using("owner").values_list(*names), key=str)


def notices() -> Rows:
    """With what they are about, and the message that carries them."""
    with unscoped():
        streaks = {
            one.pk: ("escalation", one.key_result_id, one.streak)
            for one in Escalation.objects.using("owner")
        }
        carried = {one.pk: (one.kind, one.created_at) for one in _outbox()}
        return sorted(
            (
                (
                    one.engagement_id,
                    one.person_id,
                    one.rule,
                    streaks[one.subject] if one.rule.startswith("escalation_") else one.subject,
                    one.period,
                    one.created_at,
                    one.due_at,
                    carried.get(one.envelope) if one.envelope else None,
                )
                for one in Notice.objects.using("owner")
            ),
            key=str,
        )


def messages() -> Rows:
    return sorted(
        (
            (one.kind, one.recipient, one.created_at, one.due_at, one.payload.get("engagements"))
            for one in _outbox()
        ),
        key=str,
    )


def _outbox() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.using("sweep").all())


def test_a_quarter_of_the_demo_lived_through_twice_gives_the_same_rows(demo: str) -> None:
    once, again = replayed(demo), replayed(demo, is_hasty=True)

    assert once == again
    rules = {row[2] for row in once["notices"]}
    assert rules >= {"reminder", "overdue", "missed", "missed_twice"}
    assert rules >= {"friday_at_risk", "friday_late", "escalation_active", "escalation_raised"}
    daily = [(row[1], row[2].date()) for row in once["messages"] if row[0] == "daily"]
    assert len(daily) == len(set(daily))
    assert len(daily) > 50
