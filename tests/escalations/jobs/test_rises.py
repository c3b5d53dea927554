"""When an escalation goes to the sponsor: what the screen says is what the sweep does."""

from __future__ import annotations

import datetime as dt

import pytest

from engagements.models import Engagement, Membership
from escalations.clocks import rises_at
from escalations.jobs.escalations import raise_escalations
from escalations.models import Escalation
from escalations.queries.escalations import escalation_card
from okrs.models import KeyResult
from tests.checkins.posting import BERLIN, at

WEEK, SECOND = dt.timedelta(days=7), dt.timedelta(seconds=1)
STREAK = dt.date(2026, 2, 2)
HUDDLES = [at("2026-02-12T09:40"), at("2026-02-21T09:00"), at("2026-02-25T09:00")]


@pytest.mark.parametrize("ends_on", [dt.date(2026, 2, 15), dt.date(2026, 2, 16), STREAK + 9 * WEEK])
@pytest.mark.parametrize("huddle_due_at", HUDDLES)
@pytest.mark.parametrize("weeks", range(4), ids=lambda weeks: f"said for week {weeks + 1}")
@pytest.mark.parametrize("cadence", ["weekly", "biweekly"])
def test_it_rises_when_its_clock_says(
    onboarding: KeyResult, cadence: str, weeks: int, huddle_due_at: dt.datetime, ends_on: dt.date
) -> None:
    said = STREAK + weeks * WEEK
    row = active(onboarding, huddle_due_at=huddle_due_at)
    Engagement.objects.filter(pk=row.engagement_id).update(cadence=cadence)
    KeyResult.objects.filter(pk=onboarding.pk).update(last_week=said)
    type(onboarding.objective.cycle).objects.update(ends_on=ends_on)

    rises = rises_at(row, last_week=said, ends_on=ends_on, zone=BERLIN, cadence=cadence)

    # A check-in is on record from the Friday before its week on.
    since = max(huddle_due_at - SECOND, at(f"{said - dt.timedelta(days=3)}T00:00"))
    assert raised_from(since) == (max(rises, since) if rises else None)


@pytest.mark.parametrize(("ends_on", "would"), [("2026-02-15", False), ("2026-02-16", True)])
def test_what_is_watched_is_not_said_to_rise_after_the_cycle(
    onboarding: KeyResult, alice: Membership, ends_on: str, would: bool
) -> None:
    row = active(onboarding, huddle_due_at=HUDDLES[0])
    type(onboarding.objective.cycle).objects.update(ends_on=ends_on)

    # The hours of a huddle that is called for now are over on Monday 16 February.
    card = escalation_card(row, membership=alice, now=at("2026-02-14T09:00"))

    assert card.told.would_rise is would


def active(key_result: KeyResult, *, huddle_due_at: dt.datetime) -> Escalation:
    KeyResult.objects.filter(pk=key_result.pk).update(rag="red", red_since=STREAK, red_reported=2)
    opened_at = huddle_due_at - dt.timedelta(days=2)
    return Escalation.objects.create(
        engagement_id=key_result.engagement_id,
        key_result=key_result,
        rule="red_two_weeks",
        streak=STREAK,
        opened_at=opened_at,
        activated_at=opened_at,
        cause="pace",
        huddle_due_at=huddle_due_at,
    )


def raised_from(since: dt.datetime) -> dt.datetime | None:
    """The first instant at which a sweep raises it: at once, as the huddle is due or at a midnight."""
    midnights = [at(f"{STREAK + dt.timedelta(days=day)}T00:00") for day in range(35)]
    instants = [since, *HUDDLES, *midnights, *(one - SECOND for one in (*HUDDLES, *midnights))]
    for now in sorted(one for one in instants if one >= since):
        if raise_escalations(now=now, using="default"):
            return now
    return None
