"""The notification log: what became of each notice, who reads which, whom no email reaches."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from engagements.models import Membership, Role
from escalations.models import Escalation
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import TUESDAY
from tests.escalations.notices import MONDAY, add_notice, add_unsent_notice
from tests.query_counts import assert_constant_queries
from tests.reviews.running import escalate
from tests.workspace.views.conftest import squeezed

URL = "/e/northwind/reminders/"
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


@pytest.fixture
def escalation(onboarding: KeyResult) -> Escalation:
    return escalate(onboarding)


def rules(client: Client, **asked: str) -> list[str]:
    """Return the rules of the lines that this reader finds, newest first."""
    return [line.notice.rule for line in client.get(URL, asked).context["lines"]]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"envelope": None, "due_at": TUESDAY + 3 * DAY}, "Scheduled for Fri 13 Mar 09:40"),
        ({"envelope": None}, "Waiting for the next email of the day"),
        ({}, "On its way"),
        (
            {"dropped_at": TUESDAY},
            "Not sent: no longer needed, turned off, or no access, Tue 10 Mar 09:40",
        ),
        ({"failed_at": TUESDAY, "error": "No <box>"}, "Tue 10 Mar 09:40: No &lt;box&gt;"),
        ({"sent_at": TUESDAY + HOUR}, "Sent Tue 10 Mar 10:40"),
    ],
)
def test_a_line_says_who_got_what_when_and_what_became_of_it(
    lead: Client, bob: Membership, onboarding: KeyResult, fields: dict[str, Any], said: str
) -> None:
    build.change(onboarding, title="<b>Onboarding</b>")
    add_unsent_notice(bob, "reminder", onboarding, **fields)

    text = squeezed(lead.get(URL).text)

    address = f"/e/northwind/key-results/{onboarding.public_id}/"
    assert f'<strong>Bob</strong>· Due soon:<a href="{address}">&lt;b&gt;Onboarding' in text
    assert ">created 09:40</time>" in text
    assert f"{said} · week of 9 Mar" in text


def test_a_line_leads_to_what_its_rule_is_about(
    lead: Client, alice: Membership, bob: Membership, onboarding: KeyResult, escalation: Escalation
) -> None:
    add_notice(bob, "escalation_active", escalation, period=escalation.streak)
    add_notice(alice, "undelivered", bob)
    add_notice(bob, "prep_pack", onboarding)  # of a later release

    text = squeezed(lead.get(URL).text)

    assert f'<a href="/e/northwind/key-results/{onboarding.public_id}/">{onboarding}</a>' in text
    assert text.count(onboarding.title) == 1
    assert "red since the week of 2 Mar" in text
    assert '<a href="/e/northwind/members/">Bob</a>' in text
    assert "Prep pack</p>" in text


def test_days_and_lines_come_newest_first(
    lead: Client, alice: Membership, bob: Membership, onboarding: KeyResult
) -> None:
    add_notice(bob, "reminder", onboarding, created_at=TUESDAY - DAY)
    add_notice(bob, "overdue", onboarding, created_at=TUESDAY - HOUR)
    add_notice(alice, "missed_twice", onboarding, created_at=TUESDAY)

    assert rules(lead) == ["missed_twice", "overdue", "reminder"]
    text = squeezed(lead.get(URL).text)
    assert text.index("<h2>Tue 10 Mar</h2>") < text.index("<h2>Mon 9 Mar</h2>")
    assert text.count("<h2>Tue 10 Mar</h2>") == 1


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"rule": "reminder"}, ["reminder"]),
        ({"state": "dropped"}, ["overdue"]),
        ({"state": "sent", "rule": "overdue"}, []),
        ({"person": "Bob"}, ["overdue", "reminder"]),
        ({"person": "unknown"}, ["missed_twice", "overdue", "reminder"]),
        ({"state": "no-such"}, ["missed_twice", "overdue", "reminder"]),
    ],
)
def test_a_filter_leaves_the_lines_that_match(
    lead: Client, bob: Membership, onboarding: KeyResult, asked: dict[str, str], left: list[str]
) -> None:
    add_notice(bob, "reminder", onboarding)
    add_unsent_notice(bob, "overdue", onboarding, dropped_at=TUESDAY)
    add_notice(build.member(bob.engagement, "Lena"), "missed_twice", onboarding)
    if asked.get("person") == "Bob":
        asked = {"person": bob.public_id}

    assert sorted(rules(lead, **asked)) == left


def test_htmx_gets_the_lines_alone(lead: Client, bob: Membership, onboarding: KeyResult) -> None:
    add_notice(bob, "reminder", onboarding)

    text = lead.get(URL, {"state": "sent"}, headers={"HX-Request": "true"}).text

    assert text.strip().startswith('<div id="ledger"')
    assert "<h1>" not in text


def test_pages_keep_the_filter(lead: Client, bob: Membership, onboarding: KeyResult) -> None:
    for weeks in range(51):
        add_notice(bob, "reminder", onboarding, period=MONDAY - 7 * DAY * weeks)

    first, second = (lead.get(URL, {"rule": "reminder", "page": page}).text for page in "12")

    assert "1 to 50 of 51" in squeezed(first)
    assert "?rule=reminder&amp;page=2" in first
    assert "51 to 51 of 51" in squeezed(second)


def test_leads_see_first_whom_no_email_reaches(
    lead: Client, alice: Membership, bob: Membership, onboarding: KeyResult
) -> None:
    carol = build.member(alice.engagement, "Carol", Role.CONTRIBUTOR)
    for person, failed_at in ((bob, TUESDAY), (carol, TUESDAY - DAY)):
        add_unsent_notice(person, "overdue", onboarding, failed_at=failed_at, error="No mailbox")
    add_notice(carol, "missed_twice", onboarding, sent_at=TUESDAY)  # reached since

    page = lead.get(URL)

    assert list(page.context["unreached"]) == [bob]
    text = squeezed(page.text)
    assert "<h1>1 person does not get their emails.</h1>" in text
    assert f"<strong>Bob</strong>, {bob.email}: 1 notification not delivered" in text
    assert "No mailbox" in text


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.SPONSOR])
def test_champions_and_sponsors_read_it_without_addresses(
    client: Client, bob: Membership, onboarding: KeyResult, role: str
) -> None:
    error = f"No mailbox {bob.email}"
    add_unsent_notice(bob, "overdue", onboarding, failed_at=TUESDAY, error=error)
    build.sign_in(client, bob.engagement, role)

    page = client.get(URL)

    assert page.context["unreached"] == {}
    assert "Not delivered</span>" in page.text
    assert bob.email not in page.text


def test_contributors_read_own_lines(
    client: Client, bob: Membership, onboarding: KeyResult
) -> None:
    """A record by person of how late they are is for no colleague (M6.7)."""
    mine = build.sign_in(client, bob.engagement, Role.CONTRIBUTOR)
    add_notice(mine, "reminder", onboarding)
    add_notice(bob, "overdue", onboarding)

    page = client.get(URL, {"person": bob.public_id})

    assert [line.notice.person for line in page.context["lines"]] == [mine]
    assert 'name="person"' not in page.text
    assert "Bob" not in page.text.split("<main")[1]


def test_a_line_says_why_it_was_dropped_as_far_as_it_is_known(
    lead: Client, bob: Membership, onboarding: KeyResult, escalation: Escalation
) -> None:
    carol = build.member(bob.engagement, "Carol", Role.CONTRIBUTOR)
    add_unsent_notice(carol, "reminder", onboarding, dropped_at=TUESDAY)
    build.change(carol, removed_at=TUESDAY)
    add_unsent_notice(bob, "escalation_active", escalation, dropped_at=TUESDAY + HOUR)
    build.change(escalation, recovered_at=TUESDAY)

    text = squeezed(lead.get(URL).text)

    assert "Not sent: no access any longer, " in text
    assert "Not sent: no longer needed, Tue" in text


def test_no_client_reads_another(client: Client, bob: Membership, onboarding: KeyResult) -> None:
    add_notice(bob, "reminder", onboarding)
    build.sign_in(client, build.engagement("Harbor"))

    assert client.get("/e/harbor/reminders/").context["lines"] == []


def test_it_costs_the_same_for_ten_and_for_twenty_lines(
    lead: Client, alice: Membership, bob: Membership, onboarding: KeyResult, escalation: Escalation
) -> None:
    def add(number: int) -> None:
        week = MONDAY - 7 * DAY * number
        add_notice(bob, "reminder", onboarding, period=week)
        add_notice(alice, "undelivered", bob, period=week)
        add_notice(alice, "escalation_active", escalation, period=week)

    assert_constant_queries(lambda: lead.get(URL), add=add, name="reminder-list", rows=4)
