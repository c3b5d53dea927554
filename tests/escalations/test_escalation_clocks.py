"""The clocks of an escalation, and the path on which it goes."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engagements.models import Engagement, Membership
from escalations.models import Escalation
from escalations.rule import Facts, raise_due_at
from escalations.words import Clock, Step, clocks, path, write_span
from okrs.models import Cycle, KeyResult, Objective
from tests.checkins.posting import at

HOUR = dt.timedelta(hours=1)
ACTIVATED = at("2026-03-10T09:36")
DUE = ACTIVATED + 48 * HOUR
STREAK = dt.date(2026, 2, 23)
ENDS_ON = dt.date(2026, 3, 31)
SOFIA = Membership(pk=1, name="Sofia Lindqvist")
PLAN = {
    "outcome": "change_bet",
    "answered_at": ACTIVATED + 30 * HOUR,
    "answered_by": SOFIA,
    "plan_owner": SOFIA,
    "checkpoint_on": dt.date(2026, 3, 16),
}


def active(**fields: Any) -> Escalation:
    known = {
        "streak": STREAK,
        "opened_at": ACTIVATED,
        "activated_at": ACTIVATED,
        "cause": "pace",
        "huddle_due_at": DUE,
    }
    return Escalation(**{**known, **fields})


def shown(row: Escalation, *, now: dt.datetime, **known: Any) -> list[Clock]:
    return list(clocks(facts(row, now=now, **known)).values())


def facts(
    row: Escalation,
    *,
    now: dt.datetime = ACTIVATED,
    last_week: dt.date | None = None,
    ends_on: dt.date = ENDS_ON,
    zone: str = "Europe/Berlin",
) -> Facts:
    key_result = KeyResult(
        last_week=last_week,
        engagement=Engagement(time_zone=zone),
        objective=Objective(cycle=Cycle(ends_on=ends_on)),
    )
    return Facts(key_result=key_result, escalation=row, now=now)


def steps(row: Escalation, *, now: dt.datetime = ACTIVATED) -> list[tuple[str, str]]:
    found = path(row, now=now)
    return [(step.state.value, said(step)) for step in found]


def said(step: Step) -> str:
    return f"{step.text}: {step.note}" if step.note else step.text


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (0 * HOUR, "0 min"),
        (dt.timedelta(minutes=59, seconds=59), "59 min"),
        (HOUR, "1 h"),
        (45 * HOUR + dt.timedelta(minutes=56), "45 h 56 min"),
        (48 * HOUR, "48 h"),
        (49 * HOUR, "2 days"),
        (119 * HOUR, "4 days"),
    ],
)
def test_a_span_is_written_in_hours_and_from_two_days_on_in_days(
    span: dt.timedelta, written: str
) -> None:
    assert write_span(span) == written


@pytest.mark.parametrize(
    ("due_at", "last_week", "ends_on", "rises"),
    [
        # The third red week closes on Sunday 15 March.
        (DUE, dt.date(2026, 3, 2), ENDS_ON, at("2026-03-16T00:00")),
        # It is reported already: nothing but the huddle's hours are left.
        (DUE, dt.date(2026, 3, 9), ENDS_ON, DUE),
        # Nobody is raised past a huddle that may still be held.
        (at("2026-03-17T09:00"), dt.date(2026, 3, 2), ENDS_ON, at("2026-03-17T09:00")),
        # Nothing rises in weeks after the cycle's last one.
        (DUE, dt.date(2026, 3, 2), dt.date(2026, 3, 8), None),
        (DUE, dt.date(2026, 3, 2), dt.date(2026, 3, 15), None),
        (DUE, dt.date(2026, 3, 2), dt.date(2026, 3, 16), at("2026-03-16T00:00")),
        (DUE, dt.date(2026, 3, 9), dt.date(2026, 3, 9), DUE),
        (None, dt.date(2026, 3, 2), ENDS_ON, None),
    ],
)
def test_it_rises_at_three_red_weeks_and_never_past_the_huddle(
    due_at: dt.datetime | None,
    last_week: dt.date,
    ends_on: dt.date,
    rises: dt.datetime | None,
) -> None:
    row = active(huddle_due_at=due_at)

    assert raise_due_at(facts(row, last_week=last_week, ends_on=ends_on)) == rises


def test_the_third_week_closes_by_the_clock_of_the_client() -> None:
    found = raise_due_at(facts(active(), zone="Pacific/Auckland"))

    assert found == dt.datetime(2026, 3, 16, tzinfo=ZoneInfo("Pacific/Auckland"))


@pytest.mark.parametrize(
    ("fields", "hours", "figures"),
    [
        ({}, 1, [("47 h", "running"), ("5 days", "running")]),
        ({}, 49, [("1 h", "over"), ("3 days", "running")]),
        ({}, 24 * 7, [("5 days", "over"), ("now", "over")]),
        (
            {"huddle_at": ACTIVATED + 20 * HOUR},
            1,
            [("19 h", "running"), ("5 days", "running")],
        ),
        (
            {"huddle_at": ACTIVATED + 20 * HOUR},
            22,
            [("2 h", "running"), ("4 days", "running")],
        ),
        (PLAN, 32, [("5 days", "running")]),
        (PLAN, 24 * 5, [("1 day", "running")]),
        (PLAN, 24 * 6, [("today", "running")]),
        (PLAN, 24 * 7, [("1 day", "over")]),
        ({"raised_at": ACTIVATED + 48 * HOUR}, 72, [("24 h", "running")]),
        ({"raised_at": ACTIVATED, "decided_at": DUE}, 72, []),
        ({"recovered_at": DUE}, 72, []),
        ({"activated_at": None, "huddle_due_at": None, "cause": ""}, 1, []),
    ],
)
def test_what_runs_now(fields: dict[str, Any], hours: int, figures: list[tuple[str, str]]) -> None:
    found = shown(active(**fields), now=ACTIVATED + hours * HOUR)

    assert [(clock.figure, clock.state.value) for clock in found] == figures


def test_without_a_week_left_in_the_cycle_no_clock_runs_to_the_sponsor() -> None:
    found = shown(active(), now=ACTIVATED, ends_on=STREAK)

    assert (found[1].figure, found[1].state.value) == ("No deadline", "idle")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"opened_at": ACTIVATED - 24 * HOUR},
            [
                ("done", "Watched from: red, but early"),
                ("done", "Active,: it is no longer early"),
                ("current", "Huddle within 48 hours"),
                ("coming", "Recovery plan: change the bet, or ask for help"),
                ("coming", "Checkpoint: if still red, it goes to the sponsor"),
            ],
        ),
        (
            {
                "cause": "by_hand",
                "activated_by": SOFIA,
                "huddle_at": ACTIVATED,
                "huddle_set_by": SOFIA,
            },
            [
                ("done", "Active,: activated by Sofia Lindqvist"),
                ("done", "Huddle,: scheduled by Sofia Lindqvist"),
                ("current", "Recovery plan: change the bet, or ask for help"),
                ("coming", "Checkpoint: if still red, it goes to the sponsor"),
            ],
        ),
        (
            PLAN,
            [
                ("done", "Active,: it is no longer early"),
                ("coming", "No huddle was scheduled"),
                ("done", "Recovery plan,: change the bet, recorded by Sofia Lindqvist"),
                ("current", "Checkpoint,: if still red, it goes to the sponsor"),
            ],
        ),
        (
            {**PLAN, "raised_at": DUE, "raised_for": "checkpoint"},
            [
                ("done", "Active,: it is no longer early"),
                ("coming", "No huddle was scheduled"),
                ("done", "Recovery plan,: change the bet, recorded by Sofia Lindqvist"),
                ("done", "To the sponsor,: still red at the checkpoint of the plan"),
                (
                    "current",
                    "The sponsor decides",
                ),
            ],
        ),
        (
            {"raised_at": DUE, "raised_for": "no_plan", "verdict": "revise", "decided_at": DUE},
            [
                ("done", "Active,: it is no longer early"),
                ("coming", "No huddle was scheduled"),
                ("coming", "No recovery plan was recorded"),
                ("done", "To the sponsor,: three red weeks without a recovery plan"),
                ("done", "Decided,: revise the key result formally"),
            ],
        ),
        ({"activated_at": None, "huddle_due_at": None, "cause": ""}, []),
    ],
)
def test_the_path_says_what_is_done_current_and_to_come(
    fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert steps(active(**fields)) == expected
