"""What waits for a person on My week: escalations, reviews, actions, help requests, blockers."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from engagements.models import Membership, Role
from escalations.models import Escalation, EscalationState
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.escalations.escalating import compact, escalated, red_weeks
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act, close, planned
from tests.workspace.views.conftest import squeezed

HTMX = {"HX-Request": "true"}
DAY = dt.timedelta(days=1)
SOON = dt.date(2026, 3, 12)


@pytest.fixture
def red(alice: Membership, bob: Membership) -> KeyResult:
    """Bob's, under an objective of Alice, who convenes where a team has no champion."""
    objective = build.objective(alice, build.cycle(alice.engagement))
    title = "Accounts that expand within thirty days"
    metric = build.metric(alice.engagement)
    return build.live_key_result(objective, metric, title=title, owner_id=bob.pk)


def url(name: str, row: Escalation) -> str:
    return reverse(f"escalations:escalation-{name}", args=["northwind", row.public_id])


def test_actions_of_every_client_wait_for_a_week_before_they_are_due(
    signed_in: Client, alice: Membership, bob: Membership, clock: time_machine.Traveller
) -> None:
    there = build.member(build.engagement("Harbor Retail"), "Bob", Role.CONTRIBUTOR, user=bob.user)
    with scope(there.engagement_id):
        act(there, "Count the shops", due_on=SOON)
    act(bob, "In a week", due_on=dt.date(2026, 3, 17))
    act(bob, "In eight days", due_on=dt.date(2026, 3, 18))
    act(alice, "Write to the board", due_on=SOON)

    page = squeezed(signed_in.get("/").text)
    clock.move_to(TUESDAY + 3 * DAY)
    later = squeezed(signed_in.get("/").text)

    assert "Action · Harbor Retail · due Thu 12 Mar, in 2 days" in page
    assert page.index("Count the shops") < page.index("In a week")
    assert "/e/harbor/actions/" in page
    assert 'hx-swap="outerHTML">2</span>' in page
    assert "In eight days" not in page
    assert "Write to the board" not in page
    assert '<span class="flag">Overdue</span>since Thu 12 Mar, yesterday' in later


def test_an_action_is_done_there_in_one_click(signed_in: Client, bob: Membership) -> None:
    action = act(bob, due_on=SOON)
    done = f"/e/northwind/actions/{action.public_id}/done/"
    page = squeezed(signed_in.get("/").text)

    row = signed_in.post(done, {"at": "my-week", "next": "/"}, headers=HTMX)
    counts = signed_in.get("/?part=waiting&below", headers=HTMX)
    alone = signed_in.get("/?part=waiting", headers=HTMX)

    assert f'hx-post="{done}"' in page
    events = "action-changed from:body, escalation-changed from:body"
    assert f'?part=waiting" hx-trigger="{events}"' in page
    assert "Northwind SaaS" in row.text
    assert ">Undo<" in row.text
    assert 'hx-swap="outerHTML">0</span>' in counts.text
    assert 'id="waiting-below" hx-swap-oob="true"></span>' in counts.text
    assert "waiting-below" not in alone.text  # a page without cards has no such place


def test_without_a_script_an_action_leads_back_to_my_week(
    signed_in: Client, bob: Membership
) -> None:
    done = f"/e/northwind/actions/{act(bob, due_on=SOON).public_id}/done/"

    assert signed_in.post(done, {"next": "/"})["Location"] == "/"


@pytest.mark.parametrize(
    ("reader", "waits"),
    [("owner", 1), ("lead", 2), ("owner of the objective", 2), ("another", 0)],
)
def test_asks_wait_for_the_lead_and_for_owners(
    client: Client, alice: Membership, bob: Membership, reader: str, waits: int
) -> None:
    here = alice.engagement
    people = {
        "owner": bob,
        "lead": build.member(here, "Lena"),
        "owner of the objective": build.member(here, "Sam", Role.SPONSOR),
        "another": build.member(here, "Olga", Role.CONTRIBUTOR),
    }
    objective = build.objective(people["owner of the objective"], build.cycle(here))
    key_result = build.live_key_result(objective, owner_id=bob.pk)
    post(key_result, bob, help_needed="Two days of billing.", blocker="No nightly export.")
    person = people[reader].user
    assert person is not None
    client.force_login(person)

    page = client.get("/")

    # One's own request is shown, and someone else answers it.
    assert page.context["waits"].asks.total == waits
    for text in ("Two days of billing.", "No nightly export."):
        assert (text in page.text) == (reader != "another")
    assert ("Your request, still open" in page.text) == (reader == "owner")


def test_an_escalation_waits_first_with_its_clock_and_one_button(
    lead: Client, alice: Membership, bob: Membership, red: KeyResult
) -> None:
    row = escalated(red, bob)
    act(alice, "Ask for an export", due_on=TUESDAY.date())

    page = compact(lead.get("/").text)

    waits = page[page.index('id="waits"') :]
    assert "Nothing is due. 1 escalation is waiting on you." in page
    assert "Escalation · Northwind SaaS · red for two weeks" in waits
    assert "<b>48 h</b>" in waits
    assert f'class="btn btn-primary" href="{url("huddle", row)}?next=/"' in waits
    assert f'href="/e/northwind/key-results/{red.public_id}/#escalation">Why am I' in waits
    assert waits.index("Accounts that expand") < waits.index("Ask for an export")
    assert 'hx-swap="outerHTML">2</span>' in waits


def test_an_escalation_is_answered_there_and_waits_no_longer(
    lead: Client, bob: Membership, red: KeyResult
) -> None:
    row = escalated(red, bob)
    typed = {"at": "2026-03-11T10:00", "version": row.version, "place": "my-week"}
    opened = lead.get(f"{url('huddle', row)}?place=my-week", headers=HTMX)
    huddle = lead.post(url("huddle", row), typed, headers=HTMX)
    row.refresh_from_db()
    counted = lead.get("/?part=waiting", headers=HTMX)
    plan = {
        "outcome": "ask_help",
        "plan": "Two days of an analyst.",
        "plan_owner": bob.public_id,
        "checkpoint_on": "2026-03-16",
        "version": row.version,
        "place": "my-week",
    }
    refused = lead.post(url("outcome", row), {**plan, "plan": ""}, headers=HTMX)
    answered = lead.post(url("outcome", row), plan, headers=HTMX)

    for answer in (opened, huddle, answered):
        assert compact(answer.text).startswith(f'<li id="escalation-{row.public_id}"')
    assert 'name="place" value="my-week"' in opened.text
    assert "Record recovery plan" in huddle.text
    assert '"escalation-changed"' in huddle["HX-Trigger"]
    assert '<h1 id="headline" hx-swap-oob="true">' in counted.text
    assert "1 escalation is waiting on you." in counted.text
    assert (refused.status_code, refused.text.lstrip()[:3]) == (422, "<li")
    assert "btn-primary" not in answered.text
    row.refresh_from_db()
    assert row.state is EscalationState.ANSWERED
    assert "Accounts that expand" not in lead.get("/").text


def test_a_plan_is_shown_to_its_owner_without_asking_for_anything(
    signed_in: Client, bob: Membership, red: KeyResult
) -> None:
    row = escalated(red, bob, state=EscalationState.ANSWERED, plan="Call <b>every</b> store.")

    page = compact(signed_in.get("/").text)

    waits = page[page.index('id="waits"') :]
    assert "Recovery plan · Northwind SaaS · you carry it out" in waits
    assert "Call &lt;b&gt;every&lt;/b&gt; store." in waits
    assert "<b>7 days</b>" in waits
    assert url("outcome", row) not in waits
    assert "waiting on you." not in page


def test_a_raised_one_waits_for_the_sponsor(
    client: Client, clock: time_machine.Traveller, bob: Membership, red: KeyResult
) -> None:
    row = escalated(red, bob, state=EscalationState.RAISED)
    build.sign_in(client, red.engagement, Role.SPONSOR)

    assert url("verdict", row) in client.get("/").text


def test_a_card_says_how_many_weeks_it_is_red(
    signed_in: Client, bob: Membership, red: KeyResult
) -> None:
    red_weeks(red, bob)

    page = compact(signed_in.get("/").text)

    flag = f'<a class="flag" data-kind="quiet" href="/e/northwind/key-results/{red.public_id}/'
    assert f'{flag}#escalation">Red for two weeks</a>' in page


def test_a_review_that_is_near_waits_for_its_lead(lead: Client, alice: Membership) -> None:
    review = planned(alice, title="March review", scheduled_at=TUESDAY + DAY)
    planned(alice, title="Far away", scheduled_at=TUESDAY + 3 * DAY)
    planned(alice, title="Long gone", scheduled_at=TUESDAY - 3 * DAY)
    close(planned(alice, title="Over"))
    planned(build.member(alice.engagement, "Lena"), title="Another’s", scheduled_at=TUESDAY + DAY)

    page, counted = lead.get("/"), lead.get("/?part=waiting", headers=HTMX)

    assert page.context["waits"].reviews == [review]
    assert "Review · Northwind SaaS · tomorrow\u00a009:40" in page.text
    assert f"/e/northwind/reviews/{review.public_id}/" in page.text
    for text in (page.text[page.text.index('id="waiting"') :], counted.text):
        assert ">1</span>" in text


def test_what_waits_is_in_the_main_column_if_there_is_no_card(
    lead: Client, alice: Membership, onboarding: KeyResult
) -> None:
    act(alice, due_on=TUESDAY.date())
    without = lead.get("/").text
    build.change(onboarding, owner=alice)
    with_card = lead.get("/").text

    for page in (without, with_card):
        assert page.count('id="waits"') == page.count('id="waiting"') == 1
    assert without.index('id="waits"') < without.index('class="aside"')
    assert with_card.index('id="waits"') > with_card.index('class="aside"')


def test_it_costs_the_same_however_much_waits(
    lead: Client, alice: Membership, bob: Membership, red: KeyResult
) -> None:
    def ten_more() -> None:
        for _ in range(10):
            title = f"Row {len(made)}"
            row = build.live_key_result(red.objective, red.metric, title=title, owner_id=bob.pk)
            made.append(row)
            escalated(row, alice)
            act(alice, due_on=SOON)
            planned(alice, scheduled_at=TUESDAY + DAY)

    made: list[KeyResult] = []
    ten_more()

    waits = lead.get("/").context["waits"]
    assert [len(part) for part in (waits.escalations, waits.actions, waits.reviews)] == [10] * 3
    assert_constant_queries(lambda: lead.get("/"), grow=ten_more, name="my-week-waiting")
