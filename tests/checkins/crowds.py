"""Many clients of every kind, by chance but the same each time."""

from __future__ import annotations

import datetime as dt
from random import Random

from accounts.models import User
from engagements.models import Engagement, Membership, Role
from okrs.models import KeyResult, Objective, Stage
from tenancy.scoping import scope
from tests import build
from tests.checkins.reminder_oracle import spans_of

CITIES = {
    "Africa": "Cairo Casablanca Lagos",
    "America": "Anchorage Caracas Havana Los_Angeles New_York Nuuk Santiago Sao_Paulo St_Johns",
    "Asia": "Beirut Gaza Jerusalem Kathmandu Kolkata Tehran Tokyo",
    "Atlantic": "Azores",
    "Australia": "Adelaide Eucla Lord_Howe",
    "Etc": "GMT+12",
    "Europe": "Berlin Dublin London",
    "Pacific": "Apia Auckland Chatham Easter Honolulu Kiritimati Pago_Pago",
}
ZONES = [f"{area}/{city}" for area, cities in CITIES.items() for city in cities.split()]
COUNTRIES = ("DE", "US", "JP", "GB", "BR", "SA", "NZ", "XX")
CYCLES = (
    ("2026-Q1", dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
    ("Experiment", dt.date(2026, 2, 10), dt.date(2026, 3, 1)),
    ("Short", dt.date(2026, 3, 3), dt.date(2026, 3, 6)),
    ("Year", dt.date(2025, 12, 29), dt.date(2026, 12, 27)),
)
MIDWAY = dt.datetime(2026, 2, 18, 9, tzinfo=dt.UTC)
EARLY = dt.datetime(2025, 12, 1, tzinfo=dt.UTC)


def crowd(*, clients: int, seed: int) -> list[Engagement]:
    """Clients with eight members, two cycles and sixteen key results each, in no scope."""
    random = Random(seed)  # noqa: S311 - chance, not secrecy
    return [_client(index, random) for index in range(clients)]


def _client(index: int, random: Random) -> Engagement:
    engagement = build.engagement(
        f"Client{index}",
        time_zone=random.choice(ZONES),
        country=random.choice(COUNTRIES),
        cadence=random.choice(["weekly", "weekly", "biweekly", "monthly"]),
        due_weekday=random.choice([0, 0, 0, 1, 2, 3, 4, 5, 6]),
        due_time=dt.time(random.choice([0, 7, 10, 10, 17, 23]), random.choice([0, 30])),
        opens_days_before=random.choice([0, 1, 3, 3, 3, 5, 7]),
        rhythm_since=random.choice([None, None, EARLY, MIDWAY]),
    )
    members = [_member(engagement, place, random) for place in range(8)]
    with scope(engagement.pk):
        for name, starts_on, ends_on in random.sample(CYCLES, k=2):
            cycle = build.cycle(engagement, name, starts_on=starts_on, ends_on=ends_on)
            for number in range(2):
                owner = random.choice(members)
                objective = build.objective(owner, cycle, title=f"{name} {number}")
                rows = [_key_result(objective, members, random, place) for place in range(4)]
                KeyResult.objects.bulk_create(rows)
    return engagement


def _member(engagement: Engagement, place: int, random: Random) -> Membership:
    user = User(
        email=f"person{place}@{engagement.slug}.test",
        time_zone=random.choice(ZONES),
        message_at=random.choice([dt.time(9), dt.time(9), dt.time(7, 30), dt.time(19, 45)]),
        wants_reminders=random.random() < 0.9,
        wants_digests=random.random() < 0.9,
        is_active=random.random() < 0.9,
    )
    fate = random.random()
    if fate >= 0.1:
        user.save()
    return build.member(
        engagement,
        f"Person {place}",
        random.choice([*Role.values, Role.CONTRIBUTOR, Role.LEAD]),
        user=user if fate >= 0.1 else None,
        removed_at=EARLY if fate >= 0.9 else None,
    )


def _key_result(
    objective: Objective, members: list[Membership], random: Random, place: int
) -> KeyResult:
    """With a check-in in most of its periods, which stand in the trail only."""
    owner = random.choice([*members, None])
    mondays = [one.monday for one in spans_of(objective.engagement, objective.cycle)]
    share = random.choice([0.0, 0.4, 0.8, 1.0])
    filled = sorted(monday for monday in mondays if random.random() < share)
    committed_at = objective.cycle.starts_on + dt.timedelta(days=random.choice([-9, 0, 12, 40]))
    stages = [*Stage.values, *[Stage.COMMITTED, Stage.ON_TRACK, Stage.AT_RISK] * 4]
    return KeyResult(
        engagement_id=objective.engagement_id,
        objective=objective,
        title=f"Key result {place}",
        owner=owner,
        starts_on=objective.cycle.starts_on,
        due_on=objective.cycle.ends_on - dt.timedelta(days=random.choice([0, 0, 6, 7, 20, 45])),
        is_finished=bool(filled) and random.random() < 0.2,
        stage=random.choice(stages),
        committed_at=dt.datetime.combine(committed_at, dt.time(8), dt.UTC),
        trail=[[monday.isoformat(), "5", "0.50"] for monday in filled],
        last_period=filled[-1] if filled else None,
    )
