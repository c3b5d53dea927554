"""The engagement's escalations: open ones by urgency, the closed ones as memory."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from engagements.models import Membership, Role
from escalations.models import EscalationState
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.escalations.escalating import NOTE, WEEK, compact, escalated
from tests.query_counts import assert_constant_queries

URL = "/e/northwind/escalations/"
ACTIVE, WATCHING, ANSWERED = (
    EscalationState.ACTIVE,
    EscalationState.WATCHING,
    EscalationState.ANSWERED,
)
RAISED, DECIDED = EscalationState.RAISED, EscalationState.DECIDED


@pytest.fixture
def another(onboarding: KeyResult) -> KeyResult:
    return build.live_key_result(onboarding.objective, onboarding.metric, title="Paper forms")


def test_without_one_it_says_so(signed_in: Client, onboarding: KeyResult) -> None:
    page = signed_in.get(URL)

    assert "No open escalations." in page.text
    assert "Key results that are red for two weeks appear here, with what was tried" in page.text


def test_what_was_decided_stays_in_the_list_while_it_is_red(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, state=EscalationState.DECIDED)

    page = signed_in.get(URL)

    assert "Decided, still red" in page.text
    assert "Decided by the sponsor: add resources, 10\u00a0Mar" in page.text
    assert 'id="memory"' not in page.text


def test_one_shows_what_is_red_since_when_how_often_and_what_was_tried(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, weeks=5)

    page = signed_in.get(URL)

    assert "1 open escalation: waiting for a recovery plan." in page.text
    assert "red for five weeks ·" in compact(page.text)
    assert "the weeks of 9\u00a0Feb and 16\u00a0Feb were red. Red for five weeks" in page.text
    assert "all reported" in page.text
    coming, tried = page.text.split("What was tried")
    assert "Next, by 16\u00a0Mar" in coming
    assert "Ask for a nightly export, attempt 5" in coming
    assert "attempt 5" not in tried
    assert "Ask for a nightly export, attempt 4" in tried
    assert "attempt 1<" not in page.text
    assert (
        "Alice convenes a huddle within 48 hours, then Alice records a recovery plan" in page.text
    )
    assert "<b>48 h</b>" in page.text


def test_the_most_urgent_come_first(signed_in: Client, bob: Membership, another: KeyResult) -> None:
    names = {}
    for state in (WATCHING, ANSWERED, ACTIVE, RAISED):
        row = build.live_key_result(another.objective, another.metric, title=state.value)
        names[state] = row.title
        escalated(row, bob, state=state)
    escalated(another, bob, huddle_due_at=TUESDAY - dt.timedelta(hours=1))

    page = signed_in.get(URL)

    order = [another.title, "raised", "active", "answered", "watching"]
    places = [page.text.index(f'#escalation">{name}</a>') for name in order]
    assert places == sorted(places)
    assert "5 open escalations: 1 overdue, 1 with the sponsor" in page.text


def test_what_is_closed_stays_as_memory(
    signed_in: Client, onboarding: KeyResult, bob: Membership, another: KeyResult
) -> None:
    escalated(onboarding, bob, now=TUESDAY - WEEK)
    with scope(onboarding.engagement_id):
        post(onboarding, bob, actual="7.4")
    escalated(another, bob, state=DECIDED)

    page = signed_in.get(URL)

    assert "Out of red since today: 0.32. The escalation is closed." in page.text
    assert "Bob decided on Tue\u00a010\u00a0Mar: add resources." in page.text
    assert NOTE in page.text
    assert 'id="memory"' in page.text


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.CONTRIBUTOR, set()),
        (Role.SPONSOR, set()),
        (Role.CHAMPION, {"Schedule huddle", "Record recovery plan"}),
        (Role.LEAD, {"Schedule huddle", "Record recovery plan"}),
    ],
)
def test_buttons_are_for_those_who_may(
    client: Client, onboarding: KeyResult, bob: Membership, role: str, sees: set[str]
) -> None:
    escalated(onboarding, bob)
    build.sign_in(client, onboarding.engagement, role)

    page = client.get(URL)

    offered = ("Activate now", "Schedule huddle", "Record recovery plan", "Record decision")
    assert {label for label in offered if f"{label}<" in page.text} == sees


def test_words_of_people_are_escaped(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, state=ANSWERED, plan="<script>alert(1)</script>")

    page = signed_in.get(URL)

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_its_queries_do_not_grow(signed_in: Client, onboarding: KeyResult, bob: Membership) -> None:
    def ten_more() -> None:
        for number in range(10):
            row = build.live_key_result(
                onboarding.objective, onboarding.metric, title=f"Row {number} {len(made)}"
            )
            made.append(row)
            state = [ACTIVE, WATCHING, ANSWERED, RAISED, DECIDED][number % 5]
            escalated(row, bob, state=state)

    made: list[KeyResult] = []
    ten_more()

    assert_constant_queries(lambda: signed_in.get(URL), grow=ten_more, most=6)
