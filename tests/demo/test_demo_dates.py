"""The demo lives on whatever day it is loaded."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from accounts.models import User
from checkins.periods import Rhythm, fill, fillable_periods
from checkins.queries.my_week import my_week
from demo.loader import load_demo
from demo.story import WEEK, Story, address, read_stories
from engagements.models import Membership
from escalations.models import Escalation, EscalationState
from notifications.models import Notice
from tenancy.scoping import identity, scope, unscoped

pytestmark = pytest.mark.slow

STORIES = read_stories()
MONDAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
HOURS = [MONDAY + dt.timedelta(hours=hour) for hour in range(0, 7 * 24, 3)]
CLOCKS_CHANGE = [  # in Europe, in America, both ways
    dt.datetime(2027, month, day, hour, 30, tzinfo=dt.UTC)
    for month, day in [(3, 14), (3, 28), (10, 31), (11, 7)]
    for hour in range(0, 24, 3)
]


def rhythm_of(story: Story, *, now: dt.datetime) -> Rhythm:
    span = story.span(now)
    return Rhythm(
        cadence="weekly",
        zone=story.zone,
        due_weekday=story.settings["due_weekday"],
        due_time=story.settings["due_time"],
        opens_days_before=3,
        starts_on=span.starts_on,
        ends_on=span.ends_on,
    )


def filled_by(story: Story, metric: str, *, now: dt.datetime) -> list[tuple[dt.date, dt.date]]:
    """Return for each check-in the Monday that its story means, and the one that it fills.

    A check-in on a Friday is early, for the next week.
    """
    check_ins = sorted(
        (story.instant_of(event, now=now), event["at"])
        for event in story.events
        if event["event"] == "check_in" and event["metric"] == metric
    )
    rhythm, filled, found = rhythm_of(story, now=now), set[dt.date](), []
    for at, written in check_ins:
        if at <= now:
            monday = fill(fillable_periods(rhythm, at), filled).monday
            filled.add(monday)
            found.append((story.monday(at) + ("Fri" in written) * WEEK, monday))
    return found


@pytest.mark.parametrize("now", [*HOURS, *CLOCKS_CHANGE], ids=lambda now: f"{now:%d%b%H}")
def test_every_check_in_fills_the_week_that_its_story_means(now: dt.datetime) -> None:
    for story in STORIES:
        for metric in story.key_results:
            for meant, filled in filled_by(story, metric, now=now):
                assert filled == meant, (metric, meant)


@pytest.mark.parametrize("now", HOURS, ids=lambda now: f"{now:%a%H}")
def test_at_every_hour_of_the_week_some_cards_are_to_go_and_some_saved(now: dt.datetime) -> None:
    to_go = saved = 0
    for story in STORIES:
        open_now = fillable_periods(rhythm_of(story, now=now), now)
        for metric, key_result in story.key_results.items():
            if key_result.get("owner") == "consultant":
                filled = {monday for _, monday in filled_by(story, metric, now=now)}
                done = fill(open_now, filled).monday in filled
                saved, to_go = saved + done, to_go + (not done)

    assert to_go >= 5
    assert saved >= 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hour", "saved"),
    [
        pytest.param(5, 1, id="Monday at dawn"),
        pytest.param(8, 2, id="Monday"),
        pytest.param(3 * 24 + 8, 2, id="Thursday"),
        pytest.param(6 * 24 + 21, 2, id="Sunday night"),
    ],
)
def test_on_any_day_there_are_cards_and_each_state_of_an_escalation(hour: int, saved: int) -> None:
    now = MONDAY + dt.timedelta(hours=hour)
    with time_machine.travel(now, tick=False):
        load_demo(now=now)
    consultant = User.objects.get(email=address("consultant"))
    with identity(user_id=consultant.pk), unscoped():
        me = list(Membership.objects.filter(user=consultant).select_related("engagement"))

    with scope(*(one.engagement_id for one in me)):
        week = my_week(memberships=me, now=now)
        found = list(Escalation.objects.all())
        late = Notice.objects.filter(sent_at__gt=now)

        assert week.left >= 5
        assert week.done >= saved
        assert len(week.groups) == len(STORIES)
        assert {one.state for one in found} == set(EscalationState)
        active = next(one for one in found if one.state is EscalationState.ACTIVE)
        assert active.huddle_due_at is not None
        assert now < active.huddle_due_at < now + dt.timedelta(hours=48)
        assert not late.exists()


@pytest.mark.parametrize("now", HOURS[::8], ids=lambda now: f"{now:%a}")
def test_a_cycle_runs_thirteen_weeks_from_monday_to_sunday(now: dt.datetime) -> None:
    names = set()
    for story in STORIES:
        span = story.span(now)
        names.add(span.name)
        today = now.astimezone(story.zone).date()

        assert (span.ends_on - span.starts_on).days == 13 * 7 - 1
        assert span.starts_on.weekday() == 0
        assert (today - span.starts_on).days // 7 + 1 == story.week
    assert "Aug–Nov 2026" in names
