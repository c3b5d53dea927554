"""A quarter lived through: the demo twice from one start, and reminders by clocks all over the world."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from accounts.models import User
from checkins.jobs.notices import Clock
from checkins.jobs.reminders import remind_at, send_reminders
from config import schedule
from demo.loader import load_demo
from engagements.models import Role
from escalations.models import Escalation
from mail.models import OutboxMessage
from notifications.models import Notice
from okrs.models import KeyResult
from tenancy.scoping import unscoped
from tests import build
from tests.checkins.crowds import ZONES
from tests.checkins.reminder_oracle import Oracle, spans_of
from tests.checkins.reminder_oracle import remind_at as expected_at
from tests.databases import copy_of
from tests.escalations.notices import told

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


def boundaries() -> list[dt.datetime]:
    """When periods open, are due and close."""
    return [
        at
        for one in Oracle().key_results
        for span in spans_of(one.engagement, one.objective.cycle)
        for at in span[1:]
    ]


def instants() -> list[dt.datetime]:
    """When periods open, are due and close, days begin, and messages are made."""
    zones = User.objects.using("owner").values_list("time_zone", "message_at").distinct()
    days = [START.date() + index * DAY for index in range(QUARTER.days + 1)]
    hours = [Clock(*clock).on(day) for clock in zones for day in days]
    moments = {*(at + SECOND for at in boundaries()), *hours}
    return sorted(at for at in moments if START <= at <= START + QUARTER)


def replayed(template: str, *, is_hasty: bool = False) -> dict[str, Rows]:
    """What stands at the end, without ids; hasty: each instant is ticked twice."""
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
        rows: Rows = []
        for one in Notice.objects.using("owner"):
            about = streaks[one.subject] if one.rule.startswith("escalation_") else one.subject
            dates = (one.period, one.created_at, one.due_at)
            carrier = carried.get(one.envelope) if one.envelope else None
            rows.append((one.engagement_id, one.person_id, one.rule, about, *dates, carrier))
        return sorted(rows, key=str)


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


pytestmark = pytest.mark.slow

FIRST, LAST = dt.date(2026, 9, 21), dt.date(2027, 4, 18)
COMMITTED_AT = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
# Mondays of weeks about which clocks change, or the year does: gone through instant by instant.
CHANGES = {
    dt.date.fromisoformat(text)
    for text in ("2026-10-05", "2026-10-26", "2026-11-02", "2026-12-28", "2027-03-15", "2027-03-29")
}


@pytest.fixture
def world(committed: str) -> list[KeyResult]:
    """A client in each zone; of its two key results one's owner is at home, the other's far away."""
    for place, zone in enumerate(ZONES):
        engagement = build.engagement(f"Client{place}", time_zone=zone, country="XX")
        lead = build.member(engagement, f"Lead {place}", user=None)
        cycle = build.cycle(engagement, "Winter", starts_on=FIRST, ends_on=LAST)
        objective = build.objective(lead, cycle)
        for name, own in (("Home", zone), ("Away", ZONES[place - len(ZONES) // 2])):
            user = build.user(f"{name} {place}", time_zone=own)
            owner = build.member(engagement, name, Role.CONTRIBUTOR, user=user)
            build.live_key_result(objective, owner_id=owner.pk, committed_at=COMMITTED_AT)
    return Oracle().key_results


Reminders = dict[tuple[int, dt.date], dt.datetime]


def due_reminders(world: list[KeyResult]) -> Reminders:
    """By key result and period, when its owner is to be reminded."""
    return {
        (one.pk, span.monday): expected_at(span, engagement=one.engagement, person=one.owner)
        for one in world
        if one.owner
        for span in spans_of(one.engagement, one.objective.cycle)
    }


def reminder_instants(expected: Reminders, *, closely: set[dt.date]) -> list[dt.datetime]:
    """Each reminder's own instant in these weeks, the next full three hours in the others."""
    moments = set()
    for (_, monday), at in expected.items():
        wait = dt.timedelta(seconds=-int(at.timestamp()) % (3 * 3600))
        moments.add(at if monday in closely else at + wait)
    return sorted(moments)


def check_one_each(expected: Reminders, *, closely: set[dt.date]) -> None:
    """Let the time go by, and compare what was told, and when, with what was due."""
    for now in reminder_instants(expected, closely=closely):
        send_reminders(now=now)
    with unscoped():
        rows = list(Notice.objects.using("sweep").all())
    found = {(one.subject, one.period): one.due_at for one in rows}
    assert len(found) == len(rows)
    assert sorted(found.items() ^ expected.items())[:6] == []
    at_once = [one for one in rows if one.period in closely]
    assert [one.created_at for one in at_once] == [one.due_at for one in at_once]


def test_each_person_is_reminded_once_of_each_period_at_their_own_hour(
    world: list[KeyResult],
) -> None:
    expected = due_reminders(world)
    assert len(expected) == 2 * len(ZONES) * 30

    check_one_each(expected, closely=CHANGES)


def a_week_later_in_utc(clock: Clock, day: dt.date) -> dt.datetime:
    """Wrong: as many times seven days after the first message as weeks went by."""
    days = (day - FIRST).days
    return right(clock, FIRST + days % 7 * DAY) + days // 7 * 7 * DAY


right = Clock.on


def test_seven_days_added_in_utc_are_found_out(
    world: list[KeyResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock, "on", a_week_later_in_utc)
    remind_at.cache_clear()

    with pytest.raises(AssertionError):
        check_one_each(due_reminders(world), closely=set())
    remind_at.cache_clear()


def test_the_week_of_the_new_year_is_one_week_everywhere(world: list[KeyResult]) -> None:
    """28 December 2026 names it; 1 January lies in it, whatever week its year says."""
    for hour in range(0, 8 * 24, 6):
        send_reminders(now=dt.datetime(2026, 12, 28, tzinfo=dt.UTC) + hour * HOUR)

    each = Counter((one.subject, one.period) for one in told("reminder", using="sweep"))
    assert {period for _, period in each} <= {dt.date(2026, 12, 28), dt.date(2027, 1, 4)}
    assert set(each.values()) == {1}
    assert {subject for subject, period in each if period == dt.date(2027, 1, 4)} == {
        one.pk for one in world
    }


JUMPS: dict[str, list[dt.timedelta]] = {
    "a day forward": [DAY],
    "an hour back": [-HOUR],
    "a day forward and back again": [DAY, -DAY, HOUR],
    "30 days forward": [30 * DAY],
    "30 days forward and back": [30 * DAY, -30 * DAY, HOUR],
}


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS.keys())
def test_a_clock_that_jumps_makes_no_storm(
    world: list[KeyResult], jump: list[dt.timedelta]
) -> None:
    now = dt.datetime(2026, 10, 23, 9, tzinfo=dt.UTC)  # a Friday
    schedule.tick(now=now)
    for step in jump:
        before = set(told(using="sweep"))
        now += step
        schedule.tick(now=now)

        new = set(told(using="sweep")) - before
        of_rule = Counter((one.rule, one.subject, one.person) for one in new)
        most = {"missed": 2}  # it looks back on the last two closed periods
        assert all(count <= most.get(rule, 1) for (rule, *_), count in of_rule.items())
        assert sum(schedule.tick(now=now).values()) == 0


@pytest.fixture
def zoe(committed: str) -> Clock:
    """Answers for a key result at each of six clients all over the world; nobody checks in."""
    user = build.user("Zoe", time_zone="America/St_Johns", message_at=dt.time(8, 45))
    for place, zone in enumerate(ZONES[::6]):
        engagement = build.engagement(f"Client{place}", time_zone=zone)
        zoe = build.member(engagement, "Zoe", Role.LEAD, user=user)
        cycle = build.cycle(engagement, starts_on=FIRST, ends_on=LAST)
        build.live_key_result(build.objective(zoe, cycle), committed_at=COMMITTED_AT)
    return Clock(user.time_zone, user.message_at)


def test_one_message_a_day_gathers_all_clients(zoe: Clock) -> None:
    days = [dt.date(2026, 10, 26) + index * DAY for index in range(14)]
    hours = [zoe.on(day) + wait for day in days for wait in (-HOUR, 0 * HOUR, 9 * HOUR)]
    around = [at + dt.timedelta(minutes=1) for at in boundaries()]
    for now in sorted({*hours, *(at for at in around if hours[0] <= at <= hours[-1])}):
        schedule.tick(now=now)

    made = sorted(one.created_at for one in _outbox() if one.kind == "daily")
    dates = [at.astimezone(ZoneInfo(zoe.time_zone)).date() for at in made]
    assert len(dates) == len(set(dates))
    assert all(date.weekday() < 5 for date in dates)
    assert made == [zoe.on(date) for date in dates]
    assert len(dates) >= 6
