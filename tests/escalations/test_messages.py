"""Escalations in words: sentences that screens and emails share, notices, deadlines in emails."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.template.loader import render_to_string
from django.utils import timezone

from engagements.models import Engagement, Membership, Role
from escalations.messages import asides
from escalations.models import Escalation, EscalationState
from escalations.queries import EscalationCard
from escalations.templatetags.escalations import span
from notifications.rules import registered_rules
from okrs.models import Cycle, KeyResult, Objective
from tests import build
from tests.checkins.posting import TUESDAY
from tests.checkins.saying import item, items, plain, said
from tests.escalations.escalating import HOUR, NOTE, PLAN, dates_of, escalated, put_in
from tests.query_counts import assert_constant_queries

DAY = dt.timedelta(days=1)
NOON = dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)
PRIYA, INES = Membership(pk=1, name="Priya Raman"), Membership(pk=2, name="Ines Marlow")
ACTIVE, RAISED = EscalationState.ACTIVE, EscalationState.RAISED
RULES = {
    "escalation_active": ACTIVE,
    "escalation_raised": RAISED,
    "escalation_decided": EscalationState.DECIDED,
    "escalation_answered": EscalationState.ANSWERED,
    "escalation_recovered": EscalationState.RECOVERED,
}


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def active(onboarding: KeyResult, bob: Membership) -> Escalation:
    return escalated(onboarding, bob)


def sentence(name: str, state: str = "active", **fields: Any) -> str:
    """Render the sentence for an escalation as of noon, red for two weeks."""
    own = {"method": "linear", "last_week": dt.date(2026, 3, 2), "confidence": 3}
    own |= {key: fields.pop(key) for key in KEY_RESULT if key in fields}
    sponsors = fields.pop("sponsors", ())
    ends_on = fields.pop("ends_on", dt.date(2026, 3, 31))
    key_result = KeyResult(
        objective=Objective(owner=INES, cycle=Cycle(ends_on=ends_on)),
        engagement=Engagement(time_zone="Europe/Berlin", scale=fields.pop("scale", "unit")),
        red_since=dt.date(2026, 2, 23),
        rag="red",
        starts_on=dt.date(2026, 2, 10),
        due_on=dt.date(2026, 5, 21),
        **own,
    )
    dates = dates_of(EscalationState(state), by=PRIYA, now=NOON)
    known = {"opened_at": NOON, **dates, "cause": "", **fields}
    row = Escalation(key_result=key_result, streak=dt.date(2026, 2, 23), **known)
    card = EscalationCard(
        escalation=row,
        key_result=key_result,
        now=NOON,
        reader=PRIYA,
        has_sponsor=bool(sponsors),
        conveners=["Sofia Lindqvist"],
        sponsors=sponsors,
    )
    text = render_to_string(f"escalations/_sentences.html#{name}", {"card": card, "row": row})
    return " ".join(text.split())


WATCHED = {"cause": "blocker", "opened_at": NOON - DAY}
LADDER, THIRD = {"method": "ladder", "scale": "hundred"}, {"last_week": dt.date(2026, 3, 9)}
BEHALF = {"word_of": "Kai Ober", "decided_by": INES}
KEY_RESULT = ("method", "early_until", "confidence", "score", "last_week", "red_reported")


@pytest.mark.parametrize(
    ("name", "state", "fields", "text"),
    [
        ("why", "active", {"red_reported": 1}, "one of them reported. A week without a check-in"),
        (
            "why",
            "active",
            {"cause": "pace"},
            "not on pace, and pace has passed 0.30, so this is more",
        ),
        ("why", "active", WATCHED, "It was watched until a blocker was added."),
        ("why", "active", {"cause": "by_hand", "activated_by": INES}, "Ines Marlow activated it."),
        pytest.param(
            "watched",
            "watching",
            {"early_until": dt.date(2026, 3, 11)},
            "pace 0.28, confidence 3, no blocker. It becomes active when it is not on pace"
            " and pace has passed 0.30 (12 Mar), when confidence falls below 3, or when a blocker is"
            " added.",
            id="M7.2-limits",
        ),
        pytest.param(
            "watched", "watching", LADDER, "pace has passed 30,", id="M7.2-limit-of-a-ladder"
        ),
        pytest.param(
            "by_hand", "watching", THIRD, "it then goes to the sponsor.", id="M7.4-three-weeks"
        ),
        ("asked", "active", {}, "Sofia Lindqvist calls a huddle within 48 hours, then Ines"),
        ("asked", "active", {"huddle_due_at": NOON}, "The huddle is overdue. Sofia Lindqvist"),
        ("asked", "active", {"huddle_at": NOON + DAY}, "The huddle is scheduled. After it, Ines"),
        ("asked", "active", {"huddle_at": NOON}, "The huddle is over. Next, Ines Marlow records"),
        ("asked", "answered", {}, "If the key result is still red after Tue 17 Mar"),
        ("asked", "raised", {"sponsors": ["Priya", "Kai"]}, "Priya or Kai decides: revise"),
        ("asked", "raised", {}, "The sponsor has no account here, so a program lead records"),
        ("ended", "recovered", {"score": Decimal("0.31")}, "No longer red since Tue 10 Mar: 0.31."),
        ("ended", "decided", {}, "Priya Raman decided on Tue 10 Mar: add resources."),
        ("ended", "decided", BEHALF, "Decided on Tue 10 Mar: add resources. Decision by Kai Ober"),
    ],
)
def test_sentences_name_cause_next_step_and_end(
    name: str, state: str, fields: dict[str, Any], text: str
) -> None:
    assert text in sentence(name, state, **fields)


@pytest.mark.parametrize(
    ("weeks", "ends_on"),
    [
        pytest.param(2, dt.date(2026, 3, 31), id="M7.4-two-weeks"),
        pytest.param(3, dt.date(2026, 3, 8), id="M7.4-cycle-ends-before"),
    ],
)
def test_activating_promises_no_sponsor_where_none_follows(weeks: int, ends_on: dt.date) -> None:
    last_week = dt.date(2026, 2, 16) + weeks * 7 * DAY

    assert "sponsor" not in sentence("by_hand", "watching", last_week=last_week, ends_on=ends_on)


@pytest.mark.parametrize(
    ("hours", "written"),
    [(0, "0 min"), (1, "1 h"), (45.95, "45 h 57 min"), (48, "48 h"), (49, "2 days")],
)
def test_a_span_is_written_in_hours_and_from_two_days_on_in_days(
    hours: float, written: str
) -> None:
    assert span(hours * HOUR) == written


@pytest.mark.parametrize(
    ("rule", "paragraphs"),
    [
        (
            "escalation_active",
            [
                (
                    "Opened because the weeks of 2 Mar and 9 Mar were red. Red for two weeks,"
                    " both reported. It is not on pace, and pace has passed 0.30, so this is more than a"
                    " slow start."
                ),
                "Tried: Ask for a nightly export, attempt 1",
                "Next, by 16 Mar: Ask for a nightly export, attempt 2",
                (
                    "Alice calls a huddle within 48 hours, then records a recovery plan:"
                    " change the bet, or ask for help. The huddle is due by Thu 12 Mar 09:40."
                ),
            ],
        ),
        ("escalation_decided", ["Bob decided on Tue 10 Mar: add resources.", NOTE]),
        (
            "escalation_answered",
            [
                f"Change the bet (Bob, checkpoint Tue 17 Mar): {PLAN}",
                (
                    "Bob is carrying out the recovery plan. If the key result is still red after"
                    " Tue 17 Mar, it goes to the sponsor."
                ),
            ],
        ),
    ],
)
def test_notices_say_why_what_was_tried_and_what_is_next(
    alice: Membership, onboarding: KeyResult, bob: Membership, rule: str, paragraphs: list[str]
) -> None:
    row = escalated(onboarding, bob, state=RULES[rule])

    found = said(rule, row, to=alice, now=TUESDAY)

    assert [plain(line) for line in found.paragraphs] == paragraphs
    assert found.url == f"/e/northwind/key-results/{onboarding.public_id}/#escalation"
    assert found.about == f"escalation:{row.pk}"


def test_texts_of_people_in_notices_are_one_sentence_and_not_escaped(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    row = escalated(onboarding, bob, state=EscalationState.ANSWERED, plan="It's\n<b>not</b>")

    found = said("escalation_answered", row, to=alice, now=TUESDAY)

    assert found.paragraphs[0].endswith(": It's <b>not</b>")


def test_a_notice_of_one_raised_at_its_checkpoint_says_what_the_plan_was(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob)
    plan = dates_of(EscalationState.ANSWERED, by=bob, now=TUESDAY - 7 * DAY)
    known = {"now": TUESDAY, **plan, "raised_at": TUESDAY, "raised_for": "checkpoint"}
    row = put_in(onboarding, bob, state=RAISED, **known)

    fired, recorded, *_ = said("escalation_raised", row, to=alice, now=TUESDAY).paragraphs

    assert fired.endswith("Sent to the sponsor: still red at the checkpoint of the plan.")
    assert plain(recorded) == f"Change the bet (Bob, checkpoint Tue 10 Mar): {PLAN}"


def test_the_subject_says_by_when_until_that_is_over(alice: Membership, active: Escalation) -> None:
    before = said("escalation_active", active, to=alice, now=TUESDAY)
    after = said("escalation_active", active, to=alice, now=TUESDAY + 49 * HOUR)

    assert plain(before.state) == "active (huddle by Thu 12 Mar 09:40)"
    assert after.state == "active"
    assert "due by" not in after.text


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("state", EscalationState)
def test_notices_are_sent_only_while_it_is_in_their_state(
    alice: Membership, onboarding: KeyResult, bob: Membership, rule: str, state: EscalationState
) -> None:
    row = escalated(onboarding, bob, state=state)

    assert (item(rule, row, to=alice, now=TUESDAY) is not None) is (RULES[rule] is state)


@pytest.mark.parametrize("rule", RULES)
def test_notices_that_wait_on_someone_are_urgent_and_cannot_be_turned_off(rule: str) -> None:
    is_urgent = rule in ("escalation_active", "escalation_raised", "escalation_decided")

    assert registered_rules[rule].is_urgent is is_urgent
    assert registered_rules[rule].switch == ("" if is_urgent else "wants_digests")


def test_notices_say_what_the_reader_has_to_do_with_it(
    alice: Membership, bob: Membership, active: Escalation
) -> None:
    priya = build.member(alice.engagement, "Priya", Role.SPONSOR)
    carol = build.member(alice.engagement, "Carol")

    found = [
        said("escalation_active", active, to=person, now=TUESDAY).why
        for person in (bob, alice, priya, carol)
    ]

    assert found == ["own key results", "own objectives", "are the sponsor", "lead the program"]


def test_notices_cost_the_same_queries_for_three_and_for_six(
    alice: Membership, bob: Membership
) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    rows: list[Escalation] = []

    def add(number: int) -> None:
        rows.append(escalated(build.live_key_result(objective), bob))

    def describe() -> None:
        assert len(items("escalation_active", rows, to=alice, now=TUESDAY)) == len(rows)

    assert_constant_queries(describe, add=add, name="escalation_active", rows=3)


@pytest.mark.parametrize(
    ("state", "hours", "before", "after"),
    [
        ("active", 0, "the huddle on", "is due by Thu 12 Mar 09:40."),
        ("active", 72, "the huddle on", "was due Thu 12 Mar 09:40."),
        ("raised", 0, "the sponsor’s decision on", "is needed."),
        ("answered", 0, "the recovery plan for", "is yours, with its checkpoint on Tue 17 Mar."),
    ],
)
def test_asides_say_by_when_someone_is_to_act(
    alice: Membership,
    onboarding: KeyResult,
    bob: Membership,
    *,
    state: str,
    hours: int,
    before: str,
    after: str,
) -> None:
    row = escalated(onboarding, bob, state=EscalationState(state))
    person = bob if state == "answered" else alice

    with timezone.override("Europe/Berlin"):
        (aside,) = asides([person], TUESDAY + hours * HOUR)

    assert (aside.client, aside.before) == ("Northwind SaaS", before)
    assert plain(aside.after) == after
    assert aside.about == f"escalation:{row.pk}"
