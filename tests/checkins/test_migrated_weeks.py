"""Check-ins from before are judged by the migration as the commands judge those of today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from importlib import import_module
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connections

from checkins.commands import undo_check_in
from checkins.models import CheckIn
from checkins.periods import fillable_periods
from checkins.queries import recompute_standing
from checkins.rhythms import rhythm_of
from checkins.thinness import is_thin
from checkins.weeks import week_for
from engagements.models import Membership
from engagements.scoping import scope
from okrs.models import KeyResult
from okrs.standing import early_until
from tests import build
from tests.checkins.playing import TERMS
from tests.checkins.posting import at, post

migration: Any = import_module("checkins.migrations.0004_weeks").Migration
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
STARTS_ON = dt.date(2026, 1, 1)
START, END = at("2026-01-02T12:00"), at("2026-03-27T12:00")
# As migration 0003 leaves them.
BLANK = """
    ALTER TABLE checkins_checkin DISABLE TRIGGER USER;
    UPDATE checkins_checkin SET week = '2000-01-03', is_thin = false;
    ALTER TABLE checkins_checkin ENABLE TRIGGER USER;
    UPDATE okrs_keyresult SET last_week = NULL, red_reported = 0, early_until = NULL;
"""
WORDS = (
    "It is the form.",
    "As last week.",
    "Three\u00a0words only",
    "  Two\n\twords ",
    "Well, so it goes",
)


@pytest.fixture
def lead(committed: str) -> Iterator[Membership]:
    yield build.member(build.engagement(cadence="biweekly"))
    connections["owner"].close()


def migrate() -> None:
    """Blank what follows from the check-ins, and run the migration over it, as the owner."""
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute(BLANK)
    state: Any = SimpleNamespace(apps=apps, clear_delayed_apps_cache=lambda: None)
    with owner.schema_editor() as editor:
        for operation in migration.operations:
            operation.database_forwards("checkins", editor, state, state)


def live(lead: Membership, *, number: int = 0, **fields: Any) -> KeyResult:
    cycle = build.cycle(lead.engagement, f"Cycle {number}")
    return build.live_key_result(build.objective(lead, cycle), owner_id=lead.pk, **fields)


def play(key_result: KeyResult, by: Membership, random: Random) -> None:
    """Often red, mended and taken back, in the same week and in later ones."""
    now, rhythm = START, rhythm_of(key_result)
    while now < END:
        rows = CheckIn.objects.standing().filter(key_result=key_result)
        latest = rows.order_by("-period").first()
        is_open = {period.monday for period in fillable_periods(rhythm, now)}
        if latest and latest.period in is_open and random.random() < 0.4:
            undo_check_in(check_in=latest, by=by, now=now)
        else:
            words = {"insight": random.choice(WORDS), "next_action": random.choice(WORDS)}
            post(key_result, by, actual=random.choice([9, 9, 9, 7]), now=now, **words)
        now += HOUR * random.randrange(1, 260)


def played(lead: Membership, count: int) -> list[KeyResult]:
    found = []
    with scope(lead.engagement_id):
        for number in range(count):
            found.append(live(lead, number=number))
            play(found[-1], lead, Random(number))  # noqa: S311
    return found


def facts(key_result: KeyResult) -> tuple[Any, ...]:
    row = KeyResult.objects.get(pk=key_result.pk)
    return row.last_week, row.red_since, row.red_reported


def expected(key_result: KeyResult) -> tuple[Any, ...]:
    standing = recompute_standing(key_result)
    return standing.week, standing.red_since, standing.red_reported


def test_each_key_result_stands_as_its_check_ins_add_up(lead: Membership) -> None:
    key_results = played(lead, 20)

    migrate()

    with scope(lead.engagement_id):
        found = [facts(one) for one in key_results]
        assert found == [expected(one) for one in key_results]
    assert {reported for _, _, reported in found} >= {0, 1, 2}


def test_each_check_in_stands_for_its_week_and_says_whether_it_is_thin(lead: Membership) -> None:
    played(lead, 4)

    migrate()

    with scope(lead.engagement_id):
        rows = list(CheckIn.objects.all())
    assert {row.is_thin for row in rows} == {True, False}
    for row in rows:
        posted_on = lead.engagement.today(row.posted_at)
        assert row.week == week_for(period=row.period, posted_on=posted_on)
        assert row.is_thin == is_thin(insight=row.insight, next_action=row.next_action)


def test_a_red_taken_back_in_a_later_week_counts_as_calm_in_that_week(lead: Membership) -> None:
    with scope(lead.engagement_id):
        key_result = live(lead)
        post(key_result, lead, actual=9, now=at("2026-02-03T09:00"))
        taken_back = post(key_result, lead, actual=9, now=at("2026-02-17T09:00"))
        undo_check_in(check_in=taken_back, by=lead, now=at("2026-02-24T09:00"))

    migrate()

    with scope(lead.engagement_id):
        assert facts(key_result) == (dt.date(2026, 2, 2), None, 0)


def test_until_when_a_red_is_early_is_as_at_commitment(lead: Membership) -> None:
    terms = [TERMS["linear"], TERMS["ladder"]]
    with scope(lead.engagement_id):
        rows = [
            live(lead, number=days * 2 + place, due_on=STARTS_ON + DAY * days, **each)
            for days in (1, 2, 3, 20, 29, 89, 100, 200, 364)
            for place, each in enumerate(terms)
        ]

    migrate()

    with scope(lead.engagement_id):
        stored = KeyResult.objects.in_bulk([row.pk for row in rows])
    assert [stored[row.pk].early_until for row in rows] == [early_until(row) for row in rows]


def test_a_zone_that_nobody_knows_is_read_as_utc(committed: str) -> None:
    lead = build.member(build.engagement(cadence="monthly"))
    with scope(lead.engagement_id):
        # Monday in Berlin, by UTC still Sunday.
        check_in = post(live(lead), lead, now=at("2026-02-16T00:30"))
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE engagements_engagement SET time_zone = 'Mars/Olympus'")

    migrate()

    with scope(lead.engagement_id):
        check_in.refresh_from_db()
    assert check_in.week == dt.date(2026, 2, 9)
    connections["owner"].close()
