"""Escalated key results stand at the top of the agenda, in the order in which they press (M8.3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from escalations.models import EscalationState
from reviews.agenda import ActionFacts, EscalationFacts, KeyResultFacts
from tests.checkins.posting import BERLIN, at
from tests.reviews.agendas import agenda, amber, ask, red, row, told, why

WEDNESDAY = at("2026-03-11T09:04").astimezone(BERLIN)
MONDAY = at("2026-03-09T15:00").astimezone(BERLIN)


WATCHED = EscalationFacts(state=EscalationState.WATCHING)
ACTIVE = EscalationFacts(state=EscalationState.ACTIVE, huddle_by=WEDNESDAY)
OVER = EscalationFacts(state=EscalationState.ACTIVE, huddle_by=MONDAY, is_over=True)
ANSWERED = EscalationFacts(
    state=EscalationState.ANSWERED, huddle_by=WEDNESDAY, checkpoint_on=dt.date(2026, 3, 24)
)
RAISED = EscalationFacts(
    state=EscalationState.RAISED, huddle_by=MONDAY, is_over=True, raised_on=dt.date(2026, 3, 9)
)


@pytest.mark.parametrize(
    ("escalation", "expected"),
    [
        (WATCHED, "watched: red, but early"),
        (ACTIVE, "escalation active, huddle by Wed 11 Mar 09:04"),
        (OVER, "escalation active, huddle overdue since Mon 9 Mar 15:00"),
        (
            EscalationFacts(state=EscalationState.ACTIVE, huddle_by=WEDNESDAY, huddle_at=WEDNESDAY),
            "escalation active, huddle on Wed 11 Mar 09:04",
        ),
        (
            EscalationFacts(
                state=EscalationState.ACTIVE, huddle_by=MONDAY, huddle_at=MONDAY, is_over=True
            ),
            "escalation active, no outcome since the huddle on Mon 9 Mar 15:00",
        ),
        (ANSWERED, "recovery plan, checkpoint 24 Mar"),
        (RAISED, "with the sponsor since Mon 9 Mar"),
        (
            EscalationFacts(state=EscalationState.ACTIVE, huddle_by=WEDNESDAY, city="New York"),
            "escalation active, huddle by Wed 11 Mar 09:04 New York time",
        ),
        (
            EscalationFacts(
                state=EscalationState.DECIDED,
                decided_on=dt.date(2026, 3, 9),
                verdict="Add resources",
            ),
            "the sponsor decided on 9 Mar: add resources",
        ),
    ],
)
def test_the_agenda_says_where_an_escalation_stands(
    escalation: EscalationFacts, expected: str
) -> None:
    said = why(red(red_since=dt.date(2026, 2, 23), escalation=escalation))

    assert said == f"red for 3 weeks, reported twice · {expected}"


def test_what_presses_comes_first_and_the_watched_stay_among_the_merely_early() -> None:
    items = agenda(
        amber("Behind"),
        red("Watched", escalation=WATCHED, red_since=dt.date(2026, 1, 26)),
        red("Early", forecast_holds=True),
        red("Red for long", red_since=dt.date(2026, 1, 26)),
        red("Plan", escalation=ANSWERED),
        red("Active", escalation=ACTIVE),
        red("Active for long", escalation=ACTIVE, red_since=dt.date(2026, 1, 26)),
        red("Over", escalation=OVER),
        red("Raised", escalation=RAISED, score=Decimal("0.30")),
        actions=[ActionFacts(what="Call", owner="Tom", due_on=dt.date(2026, 3, 6))],
    )

    assert [one.title for one in items[:10]] == [
        "1 overdue action",
        "Raised",
        "Over",
        "Active for long",
        "Active",
        "Plan",
        "Red for long",
        "Early",
        "Watched",
        "Behind",
    ]


def test_an_active_escalation_comes_first_even_where_the_forecast_holds() -> None:
    items = agenda(red("Plain red"), red("Strict", forecast_holds=True, escalation=ACTIVE))

    assert told(items)[0][1:] == (
        "Strict",
        "red for 2 weeks, reported twice · escalation active, huddle by Wed 11 Mar 09:04",
    )


@pytest.mark.parametrize("escalation", [ACTIVE, OVER, ANSWERED, RAISED])
def test_in_the_weekly_review_an_escalation_is_stuck(escalation: EscalationFacts) -> None:
    items = agenda(
        row("Blocked for long", blockers=[ask(40)]),
        red("Escalated", escalation=escalation),
        kind="weekly",
    )

    assert [(one.section, one.title) for one in items[:2]] == [
        ("stuck", "Escalated"),
        ("stuck", "Blocked for long"),
    ]


@pytest.mark.parametrize("item", [red(), red(escalation=WATCHED)], ids=["none", "watched"])
def test_in_the_weekly_review_what_is_only_watched_is_not_stuck(item: KeyResultFacts) -> None:
    items = agenda(item, kind="weekly")

    assert "stuck" not in [one.section.value for one in items]


def test_the_words_of_an_escalation_lead_those_of_other_causes() -> None:
    item = red(escalation=ACTIVE, blockers=[ask(9)], late_since=dt.date(2026, 3, 9))

    assert why(item).split(" · ") == [
        "red for 2 weeks, reported twice",
        "escalation active, huddle by Wed 11 Mar 09:04",
        "blocked for 9 days",
        "check-in late since Mon 9 Mar",
    ]
