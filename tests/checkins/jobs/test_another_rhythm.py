"""A change of the rhythm asks for nothing that was due before it (M6.3, M7.7).

Checked in every month in time, and then, on Wednesday 25 March, asked for every week.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from checkins.periods import is_overdue, missed_periods, open_periods, rhythm_of
from engagements.commands import update_engagement
from engagements.models import Membership
from okrs.models import KeyResult
from reviews.queries.item_context import spells
from tests.checkins.jobs.test_reminders import MINUTE, change, run
from tests.checkins.posting import at, post
from tests.escalations.jobs.telling import told

CHANGED = at("2026-03-25T09:00")


@pytest.fixture
def monthly(onboarding: KeyResult, bob: Membership) -> KeyResult:
    change(onboarding, committed_at=at("2026-01-10T09:00"))
    settle(onboarding, at("2026-01-09T09:00"), cadence="monthly")
    for day in ("2026-02-02", "2026-03-02"):
        post(onboarding, bob, now=at(f"{day}T09:00"))
    return onboarding


def settle(key_result: KeyResult, now: dt.datetime, **settings: Any) -> None:
    engagement = key_result.engagement
    engagement.refresh_from_db()
    with time_machine.travel(now, tick=False):
        update_engagement(
            engagement=engagement,
            version=engagement.version,
            by=key_result.objective.owner,
            **settings,
        )
    engagement.refresh_from_db()


def test_another_rhythm_tells_nobody_of_what_was_never_asked(monthly: KeyResult) -> None:
    settle(monthly, CHANGED, cadence="weekly")

    for sweep in (send_overdue, escalate_missed):
        assert run(sweep, CHANGED + MINUTE) == 0
    assert friday_digests(now=at("2026-03-27T09:00"), using="default") == 0


def test_another_rhythm_reminds_of_the_deadline_that_lies_ahead(
    monthly: KeyResult, bob: Membership
) -> None:
    settle(monthly, CHANGED, cadence="weekly")

    run(send_reminders, at("2026-03-27T09:00"))

    assert [one.period for one in told("reminder")] == [dt.date(2026, 3, 30)]


def test_another_rhythm_counts_from_its_first_due_time_on(
    monthly: KeyResult, alice: Membership
) -> None:
    change(monthly.objective.cycle, ends_on=dt.date(2026, 6, 30))
    settle(monthly, CHANGED, cadence="weekly")

    assert run(send_overdue, at("2026-03-30T10:01")) == 1
    assert run(escalate_missed, at("2026-04-06T00:00")) == 1
    run(escalate_missed, at("2026-04-13T00:00"))

    (twice,) = told("missed_twice")
    assert twice.period == dt.date(2026, 4, 6)


@pytest.mark.parametrize(
    "settings",
    [
        {"due_weekday": 1},
        {"due_time": dt.time(8)},
        {"time_zone": "Asia/Tokyo"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_another_rhythm_is_any_other_day_hour_or_zone(
    onboarding: KeyResult, settings: dict[str, Any]
) -> None:
    settle(onboarding, CHANGED, **settings)

    assert run(send_overdue, CHANGED + MINUTE) + run(escalate_missed, CHANGED + MINUTE) == 0


@pytest.mark.parametrize("settings", [{"vision": "Be there"}, {"opens_days_before": 0}], ids=str)
def test_other_settings_forgive_nothing(onboarding: KeyResult, settings: dict[str, Any]) -> None:
    """Nor does an earlier opening: it moves no due time."""
    settle(onboarding, CHANGED, cadence="weekly", **settings)

    assert run(send_overdue, CHANGED + MINUTE) == 1
    assert run(escalate_missed, CHANGED + MINUTE) > 0


def test_the_screens_say_so_too(monthly: KeyResult) -> None:
    settle(monthly, CHANGED, cadence="weekly")
    monthly.refresh_from_db()
    (week,) = (one for one in open_periods(rhythm_of(monthly), CHANGED))

    assert missed_periods(monthly, now=CHANGED) == []
    assert not is_overdue(monthly, period=week, now=CHANGED)
    assert [one for one in spells(monthly, measured={}, now=CHANGED) if one.rag is None] == []
