from __future__ import annotations

import datetime as dt
from itertools import islice
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
from tests.workspace.views.conftest import squeezed

URL = "/e/northwind/reminders/"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def lead(client: Client, alice: Membership) -> Client:
    assert alice.user is not None
    client.force_login(alice.user)
    return client


@pytest.fixture
def escalation(onboarding: KeyResult) -> Escalation:
    return Escalation.objects.create(
        engagement_id=onboarding.engagement_id,
        key_result=onboarding,
        streak=MONDAY - 7 * DAY,
        opened_at=TUESDAY,
        activated_at=TUESDAY,
        cause="strict",
        huddle_due_at=TUESDAY + 48 * HOUR,
    )


def test_it_says_who_was_told_what_when_and_by_which_rule(
    lead: Client, bob: Membership, onboarding: KeyResult
) -> None:
    add_notice(bob, "missed_twice", onboarding, sent_at=TUESDAY + HOUR)

    text = squeezed(lead.get(URL).text)

    assert "<strong>Bob</strong>·" in text
    assert f'<a href="/e/northwind/key-results/{onboarding.public_id}/">{onboarding}</a>' in text
    assert "Sent Tue 10 Mar 10:40" in text
    assert "week of 9 Mar" in text


@pytest.mark.parametrize(
    ("rule", "fields", "said"),
    [
        (
            "reminder",
            {"envelope": None, "due_at": TUESDAY + 3 * DAY},
            "Scheduled for Fri 13 Mar 09:40",
        ),
        ("reminder", {"envelope": None}, "Waiting for the next email of the day"),
        ("reminder", {}, "On its way"),
        (
            "reminder",
            {"dropped_at": TUESDAY},
            "Not sent: no longer needed, turned off, or no access, Tue 10 Mar 09:40",
        ),
        (
            "reminder",
            {"failed_at": TUESDAY, "error": "Mailbox <full>"},
            "Tue 10 Mar 09:40: Mailbox &lt;full&gt;",
        ),
        ("reminder", {"sent_at": TUESDAY}, "Sent Tue 10 Mar 09:40"),
    ],
)
def test_it_says_what_became_of_it(
    lead: Client,
    bob: Membership,
    onboarding: KeyResult,
    rule: str,
    fields: dict[str, Any],
    said: str,
) -> None:
    add_unsent_notice(bob, rule, onboarding, **fields)

    assert said in squeezed(lead.get(URL).text)


def test_lines_of_an_escalation_lead_to_its_key_result(
    lead: Client, bob: Membership, onboarding: KeyResult, escalation: Escalation
) -> None:
    add_notice(bob, "escalation_active", escalation, period=escalation.streak)

    text = squeezed(lead.get(URL).text)

    assert f'<a href="/e/northwind/key-results/{onboarding.public_id}/">{onboarding}</a>' in text
    assert "red since the week of 2 Mar" in text


def test_an_undelivered_line_names_whom_no_mail_reached(
    lead: Client, alice: Membership, bob: Membership
) -> None:
    add_notice(alice, "undelivered", bob)

    assert '<a href="/e/northwind/members/">Bob</a>' in squeezed(lead.get(URL).text)


def test_a_rule_of_another_room_is_shown_by_its_name(
    lead: Client, bob: Membership, onboarding: KeyResult
) -> None:
    add_notice(bob, "prep_pack", onboarding)

    text = squeezed(lead.get(URL).text)

    assert "Prep pack</p>" in text
    assert onboarding.title not in text


def test_days_and_lines_come_newest_first(
    lead: Client, alice: Membership, bob: Membership, onboarding: KeyResult
) -> None:
    add_notice(bob, "reminder", onboarding, created_at=TUESDAY - DAY)
    add_notice(bob, "overdue", onboarding, created_at=TUESDAY - HOUR)
    add_notice(alice, "missed_twice", onboarding, created_at=TUESDAY)

    page = lead.get(URL)

    assert [one.notice.rule for one in page.context["lines"]] == [
        "missed_twice",
        "overdue",
        "reminder",
    ]
    text = squeezed(page.text)
    assert text.index("<h2>Tue 10 Mar</h2>") < text.index("<h2>Mon 9 Mar</h2>")
    assert text.count("<h2>Tue 10 Mar</h2>") == 1


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"rule": "reminder"}, ["reminder"]),
        ({"state": "dropped"}, ["overdue"]),
        ({"state": "sent", "rule": "overdue"}, []),
        ({"person": "unknown"}, ["missed_twice", "overdue", "reminder"]),
        ({"state": "no-such"}, ["missed_twice", "overdue", "reminder"]),
    ],
)
def test_the_filter_lets_through_what_it_is_asked_for(
    lead: Client,
    alice: Membership,
    bob: Membership,
    onboarding: KeyResult,
    asked: dict[str, str],
    left: list[str],
) -> None:
    add_notice(bob, "reminder", onboarding)
    add_unsent_notice(bob, "overdue", onboarding, dropped_at=TUESDAY)
    add_notice(alice, "missed_twice", onboarding)

    page = lead.get(URL, asked)

    assert sorted(one.notice.rule for one in page.context["lines"]) == left


def test_the_filter_finds_one_persons_lines(
    lead: Client, alice: Membership, bob: Membership, onboarding: KeyResult
) -> None:
    add_notice(bob, "reminder", onboarding)
    add_notice(alice, "missed_twice", onboarding)

    page = lead.get(URL, {"person": bob.public_id})

    assert [one.notice.person for one in page.context["lines"]] == [bob]
    assert page.context["filter"]["person"].value() == bob.public_id


def test_a_filter_that_finds_nothing_can_be_cleared(lead: Client) -> None:
    text = squeezed(lead.get(URL, {"state": "sent"}).text)

    assert "Nothing matches." in text
    assert f'<a href="{URL}">Clear the filter</a>' in text


def test_it_says_that_nobody_was_told_anything_yet(lead: Client) -> None:
    assert "No notifications yet." in squeezed(lead.get(URL).text)


def test_htmx_gets_the_lines_alone(lead: Client, bob: Membership, onboarding: KeyResult) -> None:
    add_notice(bob, "reminder", onboarding)

    text = squeezed(lead.get(URL, {"state": "sent"}, headers={"HX-Request": "true"}).text)

    assert text.strip().startswith('<div id="ledger"')
    assert "<h1>" not in text


def test_long_ledgers_are_paged_and_the_filter_stays(
    lead: Client, bob: Membership, onboarding: KeyResult
) -> None:
    for weeks in range(51):
        add_notice(bob, "reminder", onboarding, period=MONDAY - 7 * DAY * weeks)

    page = lead.get(URL, {"rule": "reminder", "page": "1"})

    assert "1 to 50 of 51" in squeezed(page.text)
    assert "?rule=reminder&amp;page=2" in squeezed(page.text)
    assert "51 to 51 of 51" in squeezed(lead.get(URL, {"rule": "reminder", "page": "2"}).text)


def test_leads_see_first_whom_no_mail_reaches_and_what_to_do(
    lead: Client, bob: Membership, onboarding: KeyResult
) -> None:
    add_unsent_notice(bob, "overdue", onboarding, failed_at=TUESDAY, error="No such mailbox")

    text = squeezed(lead.get(URL).text)

    assert "<h1>1 person does not get their emails.</h1>" in text
    assert f"<strong>Bob</strong>, {bob.email}: 1 notification not delivered" in text
    assert "No such mailbox" in text
    assert "they can change it in their profile" in text


def test_whom_a_later_mail_reached_is_no_longer_named(
    lead: Client, bob: Membership, onboarding: KeyResult
) -> None:
    add_unsent_notice(bob, "overdue", onboarding, failed_at=TUESDAY - DAY)
    add_notice(bob, "missed_twice", onboarding, sent_at=TUESDAY)

    assert "<h1>Notification log</h1>" in squeezed(lead.get(URL).text)


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.SPONSOR])
def test_champions_and_sponsors_read_it_but_only_leads_are_asked_to_mend(
    client: Client, alice: Membership, bob: Membership, onboarding: KeyResult, role: str
) -> None:
    add_unsent_notice(
        bob, "overdue", onboarding, failed_at=TUESDAY, error=f"No mailbox {bob.email}"
    )
    build.sign_in(client, alice.engagement, role)

    text = squeezed(client.get(URL).text)

    assert "Not delivered</span>" in text
    assert "<h1>Notification log</h1>" in text
    assert "Every notification about" in text
    assert "invite them" not in text
    assert bob.email not in text


def test_contributors_read_their_own_lines_alone(
    client: Client, alice: Membership, bob: Membership, onboarding: KeyResult
) -> None:
    mine = build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)
    add_notice(mine, "reminder", onboarding)
    add_notice(bob, "overdue", onboarding)

    page = client.get(URL, {"person": bob.public_id})

    assert [one.notice.person for one in page.context["lines"]] == [mine]
    assert "<h1>Notification log</h1>" in squeezed(page.text)
    assert 'name="person"' not in squeezed(page.text)
    assert "Bob" not in squeezed(page.text).split("<main")[1]


def test_a_contributor_who_was_told_nothing_reads_so(
    client: Client, alice: Membership, bob: Membership, onboarding: KeyResult
) -> None:
    add_notice(bob, "reminder", onboarding)
    build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)

    assert "No notifications yet." in squeezed(client.get(URL).text)


def test_a_line_of_somebody_who_left_says_why_it_was_not_told(
    lead: Client, bob: Membership, onboarding: KeyResult
) -> None:
    add_unsent_notice(bob, "reminder", onboarding, dropped_at=TUESDAY)
    Membership.objects.filter(pk=bob.pk).update(removed_at=TUESDAY)

    assert "Not sent: no access any longer, " in squeezed(lead.get(URL).text)


def test_a_line_of_an_escalation_that_is_over_says_so(
    lead: Client, bob: Membership, escalation: Escalation
) -> None:
    add_unsent_notice(bob, "escalation_active", escalation, dropped_at=TUESDAY + HOUR)
    Escalation.objects.filter(pk=escalation.pk).update(recovered_at=TUESDAY)

    assert "Not sent: no longer needed, " in squeezed(lead.get(URL).text)


def test_the_time_of_a_line_says_what_it_is(
    lead: Client, bob: Membership, onboarding: KeyResult
) -> None:
    add_notice(bob, "reminder", onboarding)

    assert ">created 09:40</time>" in squeezed(lead.get(URL).text)


def test_another_clients_lines_stay_theirs(
    lead: Client, bob: Membership, onboarding: KeyResult
) -> None:
    add_notice(bob, "reminder", onboarding)
    theirs = build.sign_in(lead, build.engagement("Harbor"))

    assert "No notifications yet." in squeezed(lead.get("/e/harbor/reminders/").text)
    assert theirs.engagement_id != bob.engagement_id


def test_names_are_escaped(lead: Client, bob: Membership, onboarding: KeyResult) -> None:
    KeyResult.objects.filter(pk=onboarding.pk).update(title="<b>Bold</b>")
    add_notice(bob, "reminder", onboarding)

    text = squeezed(lead.get(URL).text)

    assert "&lt;b&gt;Bold&lt;/b&gt;" in text
    assert "<b>Bold</b>" not in text


def test_it_costs_the_same_for_ten_and_for_twenty_lines(
    lead: Client, alice: Membership, bob: Membership, onboarding: KeyResult, escalation: Escalation
) -> None:
    weeks = iter(MONDAY - 7 * DAY * number for number in range(20))

    def grow() -> None:
        for week in islice(weeks, 4):
            add_notice(bob, "reminder", onboarding, period=week)
            add_notice(alice, "undelivered", bob, period=week)
            add_notice(alice, "escalation_active", escalation, period=week)

    grow()

    assert_constant_queries(lambda: lead.get(URL), grow=grow, name="reminder-list")
