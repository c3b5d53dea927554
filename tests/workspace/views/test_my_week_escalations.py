"""Escalations wait on My week for whoever acts on them, before all else."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from engagements.models import Membership, Role
from escalations.models import Escalation, EscalationState
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY
from tests.escalations.escalating import compact, escalated, red_weeks
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act

HTMX = {"HX-Request": "true"}


@pytest.fixture
def alices(client: Client, clock: time_machine.Traveller, alice: Membership) -> Client:
    """The lead, who owns the objective and convenes where a team has no champion."""
    assert alice.user is not None
    client.force_login(alice.user)
    return client


@pytest.fixture
def red(alice: Membership, bob: Membership) -> KeyResult:
    objective = build.objective(alice, build.cycle(alice.engagement))
    metric = build.metric(alice.engagement)
    title = "Accounts that expand within thirty days"
    return build.live_key_result(objective, metric, title=title, owner_id=bob.pk)


def url(name: str, row: Escalation) -> str:
    return reverse(f"escalations:escalation-{name}", args=["northwind", row.public_id])


def stands(row: Escalation) -> Escalation:
    with scope(row.engagement_id):
        return Escalation.objects.get(pk=row.pk)


def test_waits_first_with_its_clock_and_one_button(
    alices: Client, alice: Membership, bob: Membership, red: KeyResult
) -> None:
    row = escalated(red, bob)
    act(alice, "Ask for an export", due_on=TUESDAY.date())

    page = compact(alices.get("/").text)

    waits = page[page.index('id="waits"') :]
    assert "Nothing is due. 1 escalation is waiting on you." in page
    assert "Escalation · Northwind SaaS · red for two weeks" in waits
    assert "<b>48 h</b>" in waits
    assert "left to hold the huddle, by Thu\u00a012\u00a0Mar\u00a009:40" in waits
    assert f'class="btn btn-primary" href="{url("huddle", row)}?next=/"' in waits
    assert (
        f'href="/e/northwind/key-results/{red.public_id}/#escalation">Why am I seeing this?'
        in waits
    )
    assert waits.index("Accounts that expand") < waits.index("Ask for an export")
    assert 'hx-swap="outerHTML">2</span>' in waits


def test_once_the_huddle_is_set_the_outcome_is_what_waits(
    alices: Client, bob: Membership, red: KeyResult
) -> None:
    row = escalated(red, bob)
    typed = {"at": "2026-03-11T10:00", "version": row.version, "place": "my-week"}

    opened = alices.get(f"{url('huddle', row)}?place=my-week", headers=HTMX)
    saved = alices.post(url("huddle", row), typed, headers=HTMX)

    for answer in (opened, saved):
        assert compact(answer.text).startswith(f'<li id="escalation-{row.public_id}"')
    assert 'name="place" value="my-week"' in opened.text
    assert "✓ The huddle is scheduled for tomorrow\u00a010:00." in saved.text
    assert "Record recovery plan" in saved.text
    assert '"escalation-changed"' in saved["HX-Trigger"]


def test_what_is_recorded_waits_no_longer(alices: Client, bob: Membership, red: KeyResult) -> None:
    row = escalated(red, bob, huddle_at=TUESDAY)
    typed = {
        "outcome": "ask_help",
        "plan": "Two days of an analyst.",
        "plan_owner": bob.public_id,
        "checkpoint_on": "2026-03-16",
        "version": row.version,
        "place": "my-week",
    }

    refused = alices.post(url("outcome", row), {**typed, "plan": ""}, headers=HTMX)
    saved = alices.post(url("outcome", row), typed, headers=HTMX)
    counted = alices.get("/?part=waiting", headers=HTMX)

    assert refused.status_code == 422
    assert refused.text.lstrip().startswith("<li")
    assert "✓ Recorded: ask for help." in saved.text
    assert "Show history" in saved.text
    assert "btn-primary" not in saved.text
    assert stands(row).state is EscalationState.ANSWERED
    assert 'hx-swap="outerHTML">0</span>' in counted.text
    assert "Accounts that expand" not in alices.get("/").text


def test_whoever_carries_a_plan_out_finds_it_with_its_checkpoint(
    client: Client, clock: time_machine.Traveller, bob: Membership, red: KeyResult
) -> None:
    row = escalated(red, bob, state=EscalationState.ANSWERED, plan="Call <b>every</b> store.")
    assert bob.user is not None
    client.force_login(bob.user)

    page = compact(client.get("/").text)

    waits = page[page.index('id="waits"') :]
    assert "Recovery plan · Northwind SaaS · you carry it out" in waits
    assert "Call &lt;b&gt;every&lt;/b&gt; store." in waits
    assert "<b>7 days</b>" in waits
    assert "to the checkpoint, Tue\u00a017\u00a0Mar" in waits
    assert f'/e/northwind/key-results/{red.public_id}/#escalation">Show history' in waits
    assert url("outcome", row) not in waits
    assert "waiting on you." not in page


def test_the_headline_is_renewed_with_the_count(
    alices: Client, bob: Membership, red: KeyResult
) -> None:
    escalated(red, bob, huddle_at=TUESDAY)

    counted = alices.get("/?part=waiting", headers=HTMX).text

    assert '<h1 id="headline" hx-swap-oob="true">' in counted
    assert "1 escalation is waiting on you." in counted


def test_a_raised_one_waits_for_the_sponsor(
    client: Client, clock: time_machine.Traveller, bob: Membership, red: KeyResult
) -> None:
    row = escalated(red, bob, state=EscalationState.RAISED)
    build.sign_in(client, red.engagement, Role.SPONSOR)

    page = compact(client.get("/").text)

    assert url("verdict", row) in page
    assert "Record decision" in page
    assert "three red weeks without a recovery plan" in page


def test_without_a_sponsor_the_lead_is_asked_for_their_word(
    alices: Client, bob: Membership, red: KeyResult
) -> None:
    escalated(red, bob, state=EscalationState.RAISED)

    assert "Record the sponsor’s decision" in alices.get("/").text


def test_a_card_says_how_many_weeks_it_is_red(
    client: Client, clock: time_machine.Traveller, bob: Membership, red: KeyResult
) -> None:
    red_weeks(red, bob)
    assert bob.user is not None
    client.force_login(bob.user)

    page = compact(client.get("/").text)

    flag = f'<a class="flag" data-kind="quiet" href="/e/northwind/key-results/{red.public_id}/'
    assert f'{flag}#escalation">Red for two weeks</a>' in page


def test_twenty_cards_and_escalations_cost_what_ten_do(
    alices: Client, alice: Membership, bob: Membership, red: KeyResult
) -> None:
    def ten_more() -> None:
        for number in range(10):
            title = f"Row {number} {len(made)}"
            row = build.live_key_result(red.objective, red.metric, title=title)
            made.append(row)
            escalated(row, alice)

    made: list[KeyResult] = []
    ten_more()

    assert_constant_queries(lambda: alices.get("/"), grow=ten_more, name="my-week-escalations")
