"""Sentences about an escalation, on screens and in emails."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from engagements.models import Engagement, Membership, Role
from escalations.messages import clocks
from escalations.models import Escalation, EscalationState
from escalations.queries import EscalationCard
from escalations.rule import Facts
from escalations.words import (
    OVER,
    either,
    headline,
    how_it_ended,
    still_early,
    what_is_asked,
    why_active,
    why_fired,
)
from notifications.rules import Aside, find_rule
from okrs.models import Cycle, KeyResult, Objective
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.checkins.saying import item, items, plain, said
from tests.escalations.escalating import HOUR, NOTE, PLAN, dates_of, escalated, put_in
from tests.query_counts import assert_constant_queries

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 3, 10)


NOON = dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)
PRIYA, INES = Membership(pk=1, name="Priya Raman"), Membership(pk=2, name="Ines Marlow")


class Card(EscalationCard):
    weeks = 2
    reported = 2


def card(state: str = "active", **fields: Any) -> Card:
    """A card as of noon; fields are of the escalation, its key result, its client or the card."""
    given = {
        model: {name: fields.pop(name) for name in names if name in fields}
        for model, names in OWN.items()
    }
    key_result = KeyResult(
        objective=Objective(owner=INES, cycle=Cycle(ends_on=dt.date(2026, 3, 31))),
        engagement=Engagement(time_zone="Europe/Berlin", **given["engagement"]),
        **{"method": "linear", "starts_on": dt.date(2026, 1, 1), **given["key_result"]},
    )
    dates = dates_of(EscalationState(state), by=PRIYA, now=NOON)
    row = Escalation(
        key_result=key_result,
        streak=dt.date(2026, 2, 23),
        **{"opened_at": NOON, **dates, "cause": "", **fields},
    )
    made = Card(
        escalation=row,
        facts=Facts(key_result=key_result, escalation=row, now=NOON),
        reader=PRIYA,
        conveners=["Sofia Lindqvist"],
        sponsors=given["card"].get("sponsors", ()),
    )
    for name in ("weeks", "reported"):
        object.__setattr__(made, name, given["card"].get(name, 2))
    return made


OWN = {
    "engagement": ("scale",),
    "key_result": ("method", "early_until", "confidence", "score", "starts_on", "due_on"),
    "card": ("weeks", "reported", "sponsors"),
}
WATCHED = {"opened_at": NOON - DAY}


@pytest.mark.parametrize(
    ("weeks", "reported", "said"),
    [
        (2, 2, "Red for two weeks, both reported."),
        (3, 3, "Red for three weeks, all reported."),
        (
            10,
            9,
            (
                "Red for ten weeks, nine of them reported."
                " A week without a check-in counts like the week before."
            ),
        ),
        (
            2,
            1,
            (
                "Red for two weeks, one of them reported."
                " A week without a check-in counts like the week before."
            ),
        ),
    ],
)
def test_why_it_fired_and_how_often_that_was_reported(weeks: int, reported: int, said: str) -> None:
    found = why_fired(card(weeks=weeks, reported=reported))

    assert plain(found) == f"Opened because the weeks of 23 Feb and 2 Mar were red. {said}"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        ({"cause": "strict"}, "This client escalates every red key result at once."),
        ({"cause": "pace"}, "Pace has passed 0.30, so it is no longer early."),
        ({"cause": "pace", **WATCHED}, "It was watched until pace passed 0.30."),
        (
            {"cause": "pace", **WATCHED, "method": "ladder"},
            "It was watched until pace passed 0.67.",
        ),
        (
            {"cause": "pace", "scale": "hundred"},
            "Pace has passed 30, so it is no longer early.",
        ),
        ({"cause": "confidence"}, "Confidence is below 3."),
        (
            {"cause": "confidence", **WATCHED},
            "It was watched until confidence fell below 3.",
        ),
        ({"cause": "blocker"}, "A blocker is open."),
        ({"cause": "blocker", **WATCHED}, "It was watched until a blocker was added."),
        (
            {"cause": "by_hand", **WATCHED, "activated_by": Membership(name="Tom Reyes")},
            "Tom Reyes activated it.",
        ),
    ],
)
def test_why_it_is_active(facts: dict[str, Any], said: str) -> None:
    assert why_active(card(**facts)) == said


def test_why_it_is_only_watched_and_when_that_ends() -> None:
    starts_on = TODAY - 28 * DAY
    known = {"method": "ladder", "starts_on": starts_on, "due_on": starts_on + 100 * DAY}

    found = still_early(card("watching", early_until=dt.date(2026, 3, 1), confidence=3, **known))

    assert plain(found) == (
        "pace 0.28, confidence 3, no blocker. It becomes active when pace"
        " passes 0.67 (2 Mar), confidence falls below 3, or a blocker is added."
    )


@pytest.mark.parametrize(
    ("state", "facts", "said"),
    [
        (
            "active",
            {},
            (
                "Sofia Lindqvist convenes a huddle within 48 hours, then Ines Marlow records a"
                " recovery plan: change the bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_due_at": NOON},
            (
                "The huddle is overdue. Sofia Lindqvist convenes it now, or Ines Marlow records a"
                " recovery plan: change the bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_at": NOON + DAY, "huddle_due_at": NOON},
            (
                "The huddle is scheduled. After it, Ines Marlow records a recovery plan: change the"
                " bet, or ask for help."
            ),
        ),
        (
            "active",
            {"huddle_at": NOON},
            (
                "The huddle is over. Next, Ines Marlow records a recovery plan: change the bet, or"
                " ask for help."
            ),
        ),
        (
            "answered",
            {"plan_owner": Membership(name="Dana Whitlock"), "checkpoint_on": dt.date(2026, 3, 16)},
            (
                "Dana Whitlock is carrying out the recovery plan. If it is still red after Mon 16"
                " Mar, it goes to the sponsor."
            ),
        ),
        (
            "raised",
            {"sponsors": ["Priya Raman", "Kai Ober"]},
            (
                "Priya Raman or Kai Ober decides: revise the key result formally, add resources, or"
                " change the strategy."
            ),
        ),
        (
            "raised",
            {},
            (
                "The sponsor decides: revise the key result formally, add resources, or change the"
                " strategy. The sponsor has no account here, so a program lead records the"
                " decision."
            ),
        ),
        ("decided", {"verdict": "revise"}, ""),
        ("recovered", {}, ""),
    ],
)
def test_what_is_asked_now(state: str, facts: dict[str, Any], said: str) -> None:
    assert plain(what_is_asked(card(state, **facts))) == said


@pytest.mark.parametrize(
    ("days", "since"),
    [(0, "today"), (1, "Monday"), (6, "Wednesday"), (7, "Tue 3 Mar"), (40, "Thu 29 Jan")],
)
def test_an_escalation_out_of_red_says_since_when(days: int, since: str) -> None:
    closed = card("recovered", recovered_at=NOON - days * DAY, score=Decimal("0.31"))

    found = how_it_ended(closed)

    assert plain(found) == f"Out of red since {since}: 0.31. The escalation is closed."


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"verdict": "resources"}, "Priya Raman decided on Mon 9 Mar: add resources."),
        (
            {"verdict": "revise", "word_of": "Kai Ober", "decided_by": INES},
            "Kai Ober decided on Mon 9 Mar: revise the key result formally. Recorded by Ines Marlow.",
        ),
    ],
)
def test_what_the_sponsor_decided_and_whose_word_it_was(facts: dict[str, Any], said: str) -> None:
    assert plain(how_it_ended(card("decided", decided_at=NOON - DAY, **facts))) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, "No open escalations."),
        ({"raised": 1}, "1 open escalation: with the sponsor."),
        ({"watching": 2}, "2 open escalations: both watched."),
        ({"active": 3}, "3 open escalations: all waiting for a recovery plan."),
        (
            {"watching": 2, "answered": 1, OVER: 1, "raised": 1},
            (
                "5 open escalations: 1 overdue, 1 with the sponsor, 1 with a recovery plan under"
                " way, 2 watched."
            ),
        ),
    ],
)
def test_the_headline_counts_them_by_urgency(counts: dict[str, int], said: str) -> None:
    assert headline(counts) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [([], ""), (["Ines"], "Ines"), (["Ines", "Tom"], "Ines or Tom"), ("ABC", "A, B or C")],
)
def test_who_it_may_be(names: list[str], said: str) -> None:
    assert either(list(names)) == said


RULES = {
    "escalation_active": EscalationState.ACTIVE,
    "escalation_raised": EscalationState.RAISED,
    "escalation_decided": EscalationState.DECIDED,
    "escalation_answered": EscalationState.ANSWERED,
    "escalation_recovered": EscalationState.RECOVERED,
}
URGENT = {"escalation_active", "escalation_raised", "escalation_decided"}


@pytest.fixture
def active(onboarding: KeyResult, bob: Membership) -> Escalation:
    return escalated(onboarding, bob)


def words(rule: str, row: Escalation, to: Membership, now: dt.datetime = TUESDAY) -> list[str]:
    return [plain(line) for line in said(rule, row, to=to, now=now).paragraphs]


def test_an_active_one_says_all_of_it(alice: Membership, active: Escalation) -> None:
    assert words("escalation_active", active, alice) == [
        (
            "Opened because the weeks of 2 Mar and 9 Mar were red. Red for two weeks, both"
            " reported. Pace has passed 0.30, so it is no longer early."
        ),
        (
            "Tried: Ask for a nightly export, attempt 1."
            " Next, by 16 Mar: Ask for a nightly export, attempt 2."
        ),
        (
            "Alice convenes a huddle within 48 hours, then Alice records a recovery plan: change"
            " the bet, or ask for help. The huddle is due by Thu 12 Mar 09:40."
        ),
    ]


def test_its_subject_and_headline_say_by_when(alice: Membership, active: Escalation) -> None:
    found = said("escalation_active", active, to=alice, now=TUESDAY)

    assert plain(found.state) == "active (huddle by Thu 12 Mar 09:40)"
    assert found.heading == "Escalation active: red for two weeks"


def test_it_leads_to_the_escalation_on_the_page_of_its_key_result(
    alice: Membership, active: Escalation
) -> None:
    found = said("escalation_active", active, to=alice, now=TUESDAY)

    page = f"/e/northwind/key-results/{active.key_result.public_id}/"
    assert (found.url, found.button) == (f"{page}#escalation", "Open")


def test_a_deadline_that_is_over_is_not_promised(alice: Membership, active: Escalation) -> None:
    found = said("escalation_active", active, to=alice, now=TUESDAY + 49 * HOUR)

    assert found.state == "active"
    assert "due by" not in found.text


def test_one_that_was_raised_says_why_and_what_is_asked(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    build.member(alice.engagement, "Priya", Role.SPONSOR)
    row = escalated(onboarding, bob, state=EscalationState.RAISED, weeks=3)

    fired, tried, asked = words("escalation_raised", row, alice)

    assert fired.endswith("Sent to the sponsor: three red weeks without a recovery plan.")
    assert tried.startswith("Tried: ")
    assert asked == (
        "Priya decides: revise the key result formally, add resources, or change the strategy."
    )


def test_one_that_was_raised_at_its_checkpoint_says_what_the_plan_was(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    row = escalated(onboarding, bob, state=EscalationState.ANSWERED)
    raised = put_in(
        onboarding,
        bob,
        state=EscalationState.RAISED,
        now=TUESDAY,
        raised_for="checkpoint",
        outcome=row.outcome,
        plan=PLAN,
        plan_owner=bob,
        checkpoint_on=dt.date(2026, 3, 9),
        answered_at=TUESDAY,
        answered_by=bob,
    )

    lines = words("escalation_raised", raised, alice)

    assert lines[0].endswith("Sent to the sponsor: still red at the checkpoint of the plan.")
    assert f"Change the bet, Bob, checkpoint Mon 9 Mar: {PLAN}" in lines


def test_a_decision_says_who_decided_what(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    row = escalated(onboarding, bob, state=EscalationState.DECIDED)

    assert words("escalation_decided", row, alice) == [
        "Bob decided on Tue 10 Mar: add resources.",
        NOTE,
    ]


def test_an_answer_says_who_does_what_until_when(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    row = escalated(onboarding, bob, state=EscalationState.ANSWERED)

    assert words("escalation_answered", row, alice) == [
        f"Change the bet, Bob, checkpoint Tue 17 Mar: {PLAN}",
        (
            "Bob is carrying out the recovery plan."
            " If it is still red after Tue 17 Mar, it goes to the sponsor."
        ),
    ]


def test_a_recovery_says_since_when(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    row = escalated(onboarding, bob)
    now = TUESDAY + 24 * HOUR
    post(onboarding, bob, actual=6, now=now)

    (line,) = words("escalation_recovered", row, alice, now=now)

    assert line == "Out of red since today: 0.60. The escalation is closed."


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("state", EscalationState)
def test_each_is_told_only_while_it_is_so(
    alice: Membership, onboarding: KeyResult, bob: Membership, rule: str, state: EscalationState
) -> None:
    row = escalated(onboarding, bob, state=state)

    found = item(rule, row, to=alice, now=TUESDAY)

    assert (found is not None) is (RULES[rule] is state)


@pytest.mark.parametrize("rule", RULES)
def test_only_what_waits_for_somebody_goes_at_once_and_cannot_be_switched_off(rule: str) -> None:
    known = find_rule(rule)

    assert known.is_urgent is (rule in URGENT)
    assert known.switch == ("" if rule in URGENT else "wants_digests")


def test_it_says_what_the_reader_has_to_do_with_it(
    alice: Membership, bob: Membership, active: Escalation
) -> None:
    priya = build.member(alice.engagement, "Priya", Role.SPONSOR)
    carol = build.member(alice.engagement, "Carol")

    why = [
        said("escalation_active", active, to=person, now=TUESDAY).why
        for person in (bob, alice, priya, carol)
    ]

    assert why == ["own key results", "own the objective", "sponsor it", "lead the program"]


def test_an_escalation_and_a_check_in_of_one_key_result_are_two_things(
    bob: Membership, active: Escalation
) -> None:
    told = said("escalation_active", active, to=bob, now=TUESDAY)

    assert told.about == f"escalation:{active.pk}"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_costs_the_same_queries_for_three_and_for_six(
    alice: Membership, bob: Membership, rule: str
) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    metric = build.metric(alice.engagement)
    rows: list[Escalation] = []

    def grow() -> None:
        for _ in range(3):
            row = build.live_key_result(objective, metric, owner_id=bob.pk)
            rows.append(escalated(row, bob, state=RULES[rule]))

    def describe() -> None:
        assert len(items(rule, rows, to=alice, now=TUESDAY)) == len(rows)

    grow()
    assert_constant_queries(describe, grow=grow, name=rule)


def told_clocks(memberships: list[Membership], now: dt.datetime) -> list[Aside]:
    """On the clock of whoever reads them."""
    with timezone.override("Europe/Berlin"):
        return clocks(memberships, now)


def test_the_clock_of_whoever_convenes_runs_until_the_huddle_is_set(
    alice: Membership, bob: Membership, active: Escalation
) -> None:
    (aside,) = told_clocks([alice], TUESDAY)

    assert (aside.client, aside.before) == ("Northwind SaaS", "the huddle on")
    assert plain(aside.after) == "is due by Thu 12 Mar 09:40."
    assert aside.about == f"escalation:{active.pk}"
    assert told_clocks([bob], TUESDAY) == []


def test_a_clock_that_is_over_says_since_when(alice: Membership, active: Escalation) -> None:
    (aside,) = told_clocks([alice], TUESDAY + 72 * HOUR)

    assert plain(aside.after) == "was due Thu 12 Mar 09:40."


def test_the_sponsors_clock_is_asked_for_without_a_date(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    priya = build.member(alice.engagement, "Priya", Role.SPONSOR)
    escalated(onboarding, bob, state=EscalationState.RAISED, weeks=3)

    (aside,) = told_clocks([priya], TUESDAY)

    assert (aside.before, aside.after) == ("the sponsor’s decision on", "is needed.")


def test_clocks_of_all_clients_are_read_in_one_query(
    alice: Membership, bob: Membership, active: Escalation
) -> None:
    hank = build.member(build.engagement("Harbor Retail"), "Alice", user=alice.user)
    with scope(hank.engagement_id):
        row = build.live_key_result(build.objective(hank, build.cycle(hank.engagement)))
        escalated(row, hank)

    with scope(alice.engagement_id, hank.engagement_id):
        found = told_clocks([alice, hank], TUESDAY)

    assert {one.client for one in found} == {"Northwind SaaS", "Harbor Retail"}
