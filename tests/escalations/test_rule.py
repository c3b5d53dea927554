"""The rule: hours, rights, deadlines and the path of an escalation (M7.1 to M7.4, M7.8)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagements.models import Engagement, Membership, Role
from engagements.places import weekend_of
from escalations.models import Escalation, EscalationAct
from escalations.queries import clocks
from escalations.rule import Facts, acts_of, after_hours, raise_due_at
from okrs.models import Cycle, KeyResult, Objective
from tests.checkins.posting import at
from tests.escalations.oracle import huddle_due

NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
moments = st.integers(0, 2 * 366 * 24 * 60).map(lambda past: NEW_YEAR + dt.timedelta(minutes=past))
zones = st.sampled_from(sorted(available_timezones()))


@pytest.mark.parametrize(
    ("start", "end", "country"),
    [
        ("2026-03-10T09:40", "2026-03-12T09:40", ""),
        ("2026-03-28T12:00", "2026-03-30T13:00", ""),  # a night without an hour
        ("2026-10-24T12:00", "2026-10-26T11:00", ""),  # one with an hour more
        ("2026-03-10T09:40", "2026-03-12T09:40", "DE"),  # Tuesday to Thursday
        ("2026-03-12T00:00", "2026-03-14T00:00", "DE"),  # Friday 24:00 is still in time
        ("2026-03-12T09:40", "2026-03-16T09:40", "DE"),
        ("2026-03-14T15:00", "2026-03-18T00:00", "DE"),  # called for on a Saturday
        ("2026-03-16T00:00", "2026-03-18T00:00", "DE"),
        ("2026-03-27T12:00", "2026-03-31T12:00", "DE"),  # the missing hour lies in the weekend
        pytest.param("2026-03-12T09:40", "2026-03-16T09:40", "SA", id="M7.8-friday-saturday"),
        pytest.param("2026-03-06T09:40", "2026-03-10T00:00", "SA", id="M7.8-friday-in-riyadh"),
    ],
)
def test_48_hours_run_through_a_change_of_the_clocks_and_stand_still_at_weekends(
    start: str, end: str, country: str
) -> None:
    paused = weekend_of(country) if country else ()

    found = after_hours(at(start), hours=48, zone=ZoneInfo("Europe/Berlin"), paused=paused)

    assert found == at(end)


@given(start=moments, zone=zones, pauses_weekends=st.booleans())
def test_48_hours_are_what_counting_quarters_of_an_hour_gives(
    start: dt.datetime, zone: str, pauses_weekends: bool
) -> None:
    start = start.replace(minute=start.minute // 15 * 15)

    paused = (5, 6) if pauses_weekends else ()
    end = after_hours(start, hours=48, zone=ZoneInfo(zone), paused=paused)

    assert end == huddle_due(start, zone, pauses_weekends)


HOUR = dt.timedelta(hours=1)
ACTIVATED = at("2026-03-10T09:36")
DUE = ACTIVATED + 48 * HOUR
STREAK, ENDS_ON = dt.date(2026, 2, 23), dt.date(2026, 3, 31)
OPEN: dict[str, Any] = {"opened_at": ACTIVATED, "streak": STREAK}
ACTIVE = {**OPEN, "activated_at": ACTIVATED, "huddle_due_at": DUE}
PLAN = {**ACTIVE, "answered_at": ACTIVATED, "checkpoint_on": dt.date(2026, 3, 16)}
RAISED = {**ACTIVE, "raised_at": DUE}
ACTIVATE, HUDDLE = EscalationAct.ACTIVATE, EscalationAct.HUDDLE
ANSWER, DECIDE = EscalationAct.ANSWER, EscalationAct.DECIDE


@pytest.mark.parametrize(
    ("fields", "acts"),
    [
        pytest.param(
            OPEN,
            {"owner": [ACTIVATE], "champion": [ACTIVATE], "lead": [ACTIVATE]},
            id="M7.2-watched",
        ),
        pytest.param(
            ACTIVE,
            {"owner": [ANSWER], "champion": [HUDDLE, ANSWER], "lead": [HUDDLE, ANSWER]},
            id="M7.3-active",
        ),
        pytest.param(PLAN, {}, id="M7.3-plan-under-way"),
        pytest.param(RAISED, {"sponsor": [DECIDE], "lead": [DECIDE]}, id="M9.5-raised"),
        pytest.param(
            {**PLAN, "raised_at": DUE},
            {"sponsor": [DECIDE], "lead": [DECIDE]},
            id="M9.5-raised-with-a-plan",
        ),
        pytest.param({**RAISED, "decided_at": DUE}, {}, id="M7.4-decided"),
        pytest.param({**ACTIVE, "recovered_at": DUE}, {}, id="M7.8-recovered"),
    ],
)
def test_each_state_has_its_acts_for_each_role(
    fields: dict[str, Any], acts: dict[str, list[EscalationAct]]
) -> None:
    """`owner` is a contributor who owns the objective; a viewer who owns it does nothing."""
    row = Escalation(key_result=KeyResult(objective=Objective(owner_id=7)), **fields)
    people = {role.value: Membership(pk=8, role=role, engagement=Engagement()) for role in Role}
    for name, role in (("owner", Role.CONTRIBUTOR), ("viewer", Role.VIEWER)):
        people[name] = Membership(pk=7, role=role, engagement=Engagement())

    found = {name: acts_of(row, by=person) for name, person in people.items()}

    assert {name: may for name, may in found.items() if may} == acts


def facts(
    fields: dict[str, Any],
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
    return Facts(key_result=key_result, escalation=Escalation(**fields), now=now)


@pytest.mark.parametrize(
    ("due_at", "last_week", "ends_on", "rises"),
    [
        # The third red week closes on Sunday 15 March.
        (DUE, dt.date(2026, 3, 2), ENDS_ON, at("2026-03-16T00:00")),
        # It is reported already: nothing but the huddle's hours are left.
        (DUE, dt.date(2026, 3, 9), ENDS_ON, DUE),
        # Not before a huddle that may still be held.
        (at("2026-03-17T09:00"), dt.date(2026, 3, 2), ENDS_ON, at("2026-03-17T09:00")),
        # Not in weeks after the cycle's last one.
        (DUE, dt.date(2026, 3, 2), dt.date(2026, 3, 8), None),
        (DUE, dt.date(2026, 3, 2), dt.date(2026, 3, 15), None),
        (DUE, dt.date(2026, 3, 2), dt.date(2026, 3, 16), at("2026-03-16T00:00")),
        (DUE, dt.date(2026, 3, 9), dt.date(2026, 3, 9), DUE),
        (None, dt.date(2026, 3, 2), ENDS_ON, None),
    ],
)
def test_it_goes_to_the_sponsor_at_three_red_weeks_and_not_before_the_huddle(
    due_at: dt.datetime | None, last_week: dt.date, ends_on: dt.date, rises: dt.datetime | None
) -> None:
    active = facts({**ACTIVE, "huddle_due_at": due_at}, last_week=last_week, ends_on=ends_on)

    assert raise_due_at(active) == rises


def test_the_third_week_closes_by_the_clock_of_the_client() -> None:
    found = raise_due_at(facts(ACTIVE, zone="Pacific/Auckland"))

    assert found == dt.datetime(2026, 3, 16, tzinfo=ZoneInfo("Pacific/Auckland"))


@pytest.mark.parametrize(
    ("fields", "hours", "expected"),
    [
        (OPEN, 1, []),
        (ACTIVE, 1, ["huddle in 47", "outcome in 133"]),
        (ACTIVE, 49, ["huddle over 1", "outcome in 85"]),
        (ACTIVE, 24 * 7, ["huddle over 120", "outcome over 33"]),
        ({**ACTIVE, "huddle_at": ACTIVATED + 20 * HOUR}, 1, ["huddle in 19", "outcome in 133"]),
        ({**ACTIVE, "huddle_at": ACTIVATED + 20 * HOUR}, 22, ["huddle in 2", "outcome in 112"]),
        (PLAN, 32, ["plan in 120"]),
        (PLAN, 24 * 6, ["plan in 0"]),
        (PLAN, 24 * 7, ["plan over 24"]),
        (RAISED, 72, ["verdict in 24"]),
        ({**RAISED, "decided_at": DUE}, 72, []),
        ({**ACTIVE, "recovered_at": DUE}, 72, []),
    ],
)
def test_each_state_has_its_clocks(fields: dict[str, Any], hours: int, expected: list[str]) -> None:
    found = clocks(facts(fields, now=ACTIVATED + hours * HOUR))

    assert expected == [
        f"{clock.deadline} {'over' if clock.is_over else 'in'} {clock.span // HOUR}"
        for clock in found
    ]


def test_without_a_week_left_in_the_cycle_the_outcome_is_due_at_no_time() -> None:
    huddle, outcome = clocks(facts(ACTIVE, ends_on=STREAK))

    assert (huddle.at, outcome.at, outcome.is_over) == (DUE, None, False)
