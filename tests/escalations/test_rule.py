"""The rule: hours, rights, deadlines and the path of an escalation (M7.1 to M7.4, M7.8)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagements.models import Engagement, Membership, Role
from escalations.models import Escalation
from escalations.rule import (
    EscalationAct,
    Facts,
    acts_of,
    after_hours,
    raise_due_at,
    speaks_for_sponsor,
)
from escalations.words import Clock, Step, clocks, path, write_span
from okrs.models import Cycle, KeyResult, Objective
from tests.checkins.posting import at
from tests.escalations.oracle import huddle_due

NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
moments = st.integers(0, 2 * 366 * 24 * 60).map(lambda past: NEW_YEAR + dt.timedelta(minutes=past))
zones = st.sampled_from(sorted(available_timezones()))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-10T09:40", "2026-03-12T09:40"),
        ("2026-03-28T12:00", "2026-03-30T13:00"),  # a night without an hour
        ("2026-10-24T12:00", "2026-10-26T11:00"),  # one with an hour more
    ],
)
def test_48_hours_run_through_a_change_of_the_clocks(start: str, end: str) -> None:
    assert after_hours(at(start), hours=48, zone=ZoneInfo("Europe/Berlin")) == at(end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-10T09:40", "2026-03-12T09:40"),  # Tuesday to Thursday
        ("2026-03-12T00:00", "2026-03-14T00:00"),  # Friday 24:00 is still in time
        ("2026-03-12T09:40", "2026-03-16T09:40"),
        ("2026-03-14T15:00", "2026-03-18T00:00"),  # called for on a Saturday
        ("2026-03-16T00:00", "2026-03-18T00:00"),
        ("2026-03-27T12:00", "2026-03-31T12:00"),  # the missing hour lies in the weekend
    ],
)
def test_the_clock_stands_still_at_weekends(start: str, end: str) -> None:
    zone = ZoneInfo("Europe/Berlin")

    assert after_hours(at(start), hours=48, zone=zone, pauses_weekends=True) == at(end)


@given(start=moments, zone=zones)
def test_without_a_pause_it_is_the_same_instant_in_every_zone(
    start: dt.datetime, zone: str
) -> None:
    assert after_hours(start, hours=48, zone=ZoneInfo(zone)) == start + dt.timedelta(hours=48)


@given(start=moments, zone=zones)
def test_with_a_pause_it_is_what_counting_quarters_of_an_hour_gives(
    start: dt.datetime, zone: str
) -> None:
    start = start.replace(minute=start.minute // 15 * 15)

    end = after_hours(start, hours=48, zone=ZoneInfo(zone), pauses_weekends=True)

    assert end == huddle_due(start, zone, True)


NOW = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
OWNER = 7
WATCHED = Escalation()
ACTIVE = Escalation(activated_at=NOW)
ANSWERED = Escalation(activated_at=NOW, answered_at=NOW)
RAISED = Escalation(activated_at=NOW, raised_at=NOW)
RAISED_WITH_PLAN = Escalation(activated_at=NOW, answered_at=NOW, raised_at=NOW)
DECIDED = Escalation(activated_at=NOW, raised_at=NOW, decided_at=NOW)
RECOVERED = Escalation(activated_at=NOW, recovered_at=NOW)
HUDDLE_AND_ANSWER = {EscalationAct.HUDDLE, EscalationAct.ANSWER}


def acts(escalation: Escalation, *, role: Role, owns: bool = False) -> set[EscalationAct]:
    objective = Objective(owner_id=OWNER)
    escalation.key_result = KeyResult(objective=objective)
    by = Membership(pk=OWNER if owns else 8, role=role, engagement=Engagement())
    return set(acts_of(escalation, by=by))


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.LEAD])
def test_champions_and_leads_run_the_huddle_and_its_outcome(role: Role) -> None:
    assert acts(WATCHED, role=role) == {EscalationAct.ACTIVATE}
    assert acts(ACTIVE, role=role) == HUDDLE_AND_ANSWER


def test_the_owner_of_the_objective_activates_and_records_the_outcome() -> None:
    assert acts(WATCHED, role=Role.CONTRIBUTOR, owns=True) == {EscalationAct.ACTIVATE}
    assert acts(ACTIVE, role=Role.CONTRIBUTOR, owns=True) == {EscalationAct.ANSWER}


@pytest.mark.parametrize("role", [Role.SPONSOR, Role.LEAD])
@pytest.mark.parametrize("escalation", [RAISED, RAISED_WITH_PLAN])
def test_the_sponsor_decides_or_the_lead_on_their_behalf(
    role: Role, escalation: Escalation
) -> None:
    assert acts(escalation, role=role) == {EscalationAct.DECIDE}


def test_a_lead_speaks_for_the_sponsor_and_a_sponsor_for_themselves() -> None:
    assert speaks_for_sponsor(Membership(role=Role.LEAD))
    assert not speaks_for_sponsor(Membership(role=Role.SPONSOR))


@pytest.mark.parametrize("escalation", [ANSWERED, DECIDED, RECOVERED])
@pytest.mark.parametrize("role", list(Role))
def test_nothing_is_to_be_done_while_a_plan_runs_or_once_it_is_closed(
    role: Role, escalation: Escalation
) -> None:
    assert acts(escalation, role=role, owns=True) == set()


@pytest.mark.parametrize(
    ("escalation", "role"),
    [
        (WATCHED, Role.CONTRIBUTOR),
        (ACTIVE, Role.CONTRIBUTOR),
        (ACTIVE, Role.SPONSOR),
        (RAISED, Role.CONTRIBUTOR),
        (RAISED, Role.CHAMPION),
    ],
)
def test_others_look_on(escalation: Escalation, role: Role) -> None:
    assert acts(escalation, role=role) == set()


@pytest.mark.parametrize("escalation", [WATCHED, ACTIVE, RAISED])
def test_a_viewer_does_nothing_whatever_they_own(escalation: Escalation) -> None:
    assert acts(escalation, role=Role.VIEWER, owns=True) == set()


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
