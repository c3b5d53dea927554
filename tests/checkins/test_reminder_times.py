"""When people are reminded of a period (M6.4), and what a new rhythm asks for (M6.3, M7.7).

The key result of the second half is checked in every month in time, and then, on Wednesday
25 March, asked for every week.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.models import zone_of
from checkins.jobs.digests import friday_digests
from checkins.jobs.notices import Clock
from checkins.jobs.reminders import escalate_missed, remind_at, send_overdue, send_reminders
from checkins.periods import is_overdue, missed_periods, open_periods, rhythm_of
from engagements.commands.engagements import update_engagement
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.queries.agenda import spells
from tests.build import change
from tests.checkins.posting import ZONE, at, period, post, rhythm
from tests.checkins.test_reminders import MINUTE, run
from tests.escalations.notices import told

CHANGED = at("2026-03-25T09:00")
AUCKLAND = {"zone": "Pacific/Auckland", "due_weekday": 1, "due_time": "07:00", "country": "XX"}
HONOLULU = {"zone": "Pacific/Honolulu", "country": "XX"}


THURSDAY = {"due_weekday": 3}
TUESDAY = {"due_weekday": 1}
AT_ONCE = {"opens_days_before": 0}


@pytest.mark.parametrize(
    ("monday", "fields", "expected"),
    [
        pytest.param("2026-03-09", {}, "Fri 2026-03-06 09:00", id="the-working-day-before"),
        pytest.param("2026-03-09", THURSDAY, "Wed 2026-03-11 09:00", id="due-thursday"),
        pytest.param("2026-03-09", {"message_at": "17:30"}, "Fri 2026-03-06 17:30", id="evening"),
        # Good Friday 3 April, Easter Monday 6 April: due on Tuesday.
        pytest.param(
            *("2026-04-06", {**TUESDAY, "opens_days_before": 5}, "Thu 2026-04-02 09:00"),
            id="before-the-holidays",
        ),
        pytest.param(
            *("2026-04-06", {**TUESDAY, "country": "US"}, "Mon 2026-04-06 09:00"),
            id="no-holiday-in-the-us",
        ),
        pytest.param("2026-04-06", TUESDAY, "Tue 2026-04-07 09:00", id="opens-on-good-friday"),
        pytest.param(
            *("2026-03-09", {"country": "SA"}, "Sun 2026-03-08 09:00"),
            id="M6.4-sunday-is-a-working-day-in-riyadh",
        ),
        pytest.param(
            "2026-03-09", {"opens_days_before": 2}, "Mon 2026-03-09 09:00", id="opens-on-saturday"
        ),
        pytest.param(
            *("2026-03-09", {**AT_ONCE, "due_weekday": 2}, "Tue 2026-03-10 09:00"),
            id="first-working-day-after-opening",
        ),
        # No message comes between opening and due time: it comes as the period opens.
        pytest.param(
            *("2026-03-09", {**AT_ONCE, "due_time": "08:00"}, "Mon 2026-03-09 00:00"),
            id="as-it-opens",
        ),
        # Tuesday 07:00 in Auckland is Monday 08:00 in Honolulu.
        pytest.param(
            *("2026-03-09", {"person": "Pacific/Honolulu", **AUCKLAND}, "Fri 2026-03-06 09:00"),
            id="a-person-far-west",
        ),
        pytest.param(
            *("2026-03-09", {"person": "Pacific/Auckland", **AUCKLAND}, "Mon 2026-03-09 09:00"),
            id="a-person-of-the-zone",
        ),
        # It opens on Friday in Honolulu when the message of Friday has gone in Tokyo.
        pytest.param(
            *("2026-03-09", {"person": "Asia/Tokyo", **HONOLULU}, "Mon 2026-03-09 09:00"),
            id="a-person-far-east",
        ),
        # The message keeps its time when the clocks change.
        pytest.param("2026-03-30", {}, "Fri 2026-03-27 09:00", id="before-summer-time"),
        pytest.param("2026-10-26", {}, "Fri 2026-10-23 09:00", id="before-winter-time"),
    ],
)
def test_people_are_reminded_on_the_last_working_day_before(
    monday: str, fields: dict[str, Any], expected: str
) -> None:
    fields = dict(fields)
    country, person = fields.pop("country", "DE"), fields.pop("person", ZONE)
    clock = Clock(person, dt.time.fromisoformat(fields.pop("message_at", "09:00")))
    given = rhythm("2026-01-01", "2027-12-31", **fields)

    moment = remind_at(period(given, monday), zone=given.zone, country=country, clock=clock)

    assert f"{moment.astimezone(ZoneInfo(person)):%a %Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("day", "message_at", "expected"),
    [
        pytest.param("2026-03-29", "02:30", "01:30Z", id="skipped-as-much-later"),
        pytest.param("2026-03-29", "01:59", "00:59Z", id="before-the-jump"),
        pytest.param("2026-10-25", "02:30", "00:30Z", id="twice-the-first-time"),
    ],
)
def test_an_hour_that_the_clock_skips_or_repeats(day: str, message_at: str, expected: str) -> None:
    moment = Clock(ZONE, dt.time.fromisoformat(message_at)).on(dt.date.fromisoformat(day))

    assert moment == dt.datetime.fromisoformat(f"{day}T{expected}")


def test_an_unknown_zone_counts_as_utc(caplog: pytest.LogCaptureFixture) -> None:
    zone_of.cache_clear()

    assert zone_of("Mars/Olympus") == ZoneInfo("UTC")
    assert zone_of("../etc/passwd") == zone_of("Europe") == ZoneInfo("UTC")
    assert "Mars/Olympus" in caplog.text


@pytest.fixture
def monthly(onboarding: KeyResult, bob: Membership) -> KeyResult:
    change(onboarding, committed_at=at("2026-01-10T09:00"))
    settle(onboarding, at("2026-01-09T09:00"), cadence="monthly")
    for day in ("2026-02-02", "2026-03-02"):
        post(onboarding, bob, now=at(f"{day}T09:00"))
    return onboarding


def settle(key_result: KeyResult, now: dt.datetime, **settings: Any) -> None:
    engagement, by = key_result.engagement, key_result.objective.owner
    engagement.refresh_from_db()
    update_engagement(engagement=engagement, version=engagement.version, by=by, **settings, now=now)
    engagement.refresh_from_db()


def test_a_new_rhythm_asks_for_nothing_that_was_due_before_it(monthly: KeyResult) -> None:
    settle(monthly, CHANGED, cadence="weekly")

    assert run(send_overdue, CHANGED + MINUTE) + run(escalate_missed, CHANGED + MINUTE) == 0
    assert friday_digests(now=at("2026-03-27T09:00"), using="default") == 0
    run(send_reminders, at("2026-03-27T09:00"))
    assert [one.period for one in told("reminder")] == [dt.date(2026, 3, 30)]

    monthly.refresh_from_db()
    (week,) = (one for one in open_periods(rhythm_of(monthly), CHANGED))
    assert missed_periods(monthly, now=CHANGED) == []
    assert not is_overdue(monthly, period=week, now=CHANGED)
    assert [one for one in spells(monthly, measured={}, now=CHANGED) if one.rag is None] == []


def test_a_new_rhythm_counts_from_its_first_due_time(monthly: KeyResult, alice: Membership) -> None:
    change(monthly.objective.cycle, ends_on=dt.date(2026, 6, 30))
    settle(monthly, CHANGED, cadence="weekly")

    assert run(send_overdue, at("2026-03-30T10:01")) == 1
    assert run(escalate_missed, at("2026-04-06T00:00")) == 1
    run(escalate_missed, at("2026-04-13T00:00"))

    (twice,) = told("missed_twice")
    assert twice.period == dt.date(2026, 4, 6)


@pytest.mark.parametrize(
    ("settings", "is_new"),
    [
        pytest.param({"due_weekday": 1}, True, id="another-day"),
        pytest.param({"due_time": dt.time(8)}, True, id="another-hour"),
        pytest.param({"time_zone": "Asia/Tokyo"}, True, id="another-zone"),
        pytest.param({"vision": "Be there"}, False, id="no-due-time"),
        pytest.param({"opens_days_before": 0}, False, id="an-opening-moves-no-due-time"),
    ],
)
def test_only_settings_that_move_due_times_make_a_new_rhythm(
    onboarding: KeyResult, settings: dict[str, Any], *, is_new: bool
) -> None:
    settle(onboarding, CHANGED, **settings)

    late, missed = (run(job, CHANGED + MINUTE) for job in (send_overdue, escalate_missed))
    assert (late == 0, missed == 0) == (is_new, is_new)
