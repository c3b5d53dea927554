from __future__ import annotations

import datetime as dt
from itertools import count

import pytest
from django.test import Client

from engagements.models import Membership, Role
from escalations.models import Escalation
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.escalations.escalating import compact
from tests.query_counts import assert_constant_queries, queries_of
from tests.reviews.meeting import act, decide, planned
from tests.reviews.running import checked, closed, key_results

URL = "/e/northwind/"
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def escalate(key_result: KeyResult, **fields: object) -> Escalation:
    values = {
        "streak": dt.date(2026, 2, 23),
        "opened_at": TUESDAY,
        "activated_at": TUESDAY,
        "cause": "strict",
        "huddle_due_at": TUESDAY + 48 * HOUR,
        **fields,
    }
    return Escalation.objects.create(
        engagement_id=key_result.engagement_id, key_result=key_result, **values
    )


def test_the_headline_says_how_it_stands(lead: Client, alice: Membership) -> None:
    good, bad = key_results(alice, "Onboarding", "Expansion", owner=alice)
    checked(good, alice, "4.5", "4.2")
    checked(bad, alice, "8.9", "8.95", confidence=2)

    text = lead.get(URL).text

    assert "<h1>1 of 2 key results is on pace. 1 is behind. 1 is red: Expansion.</h1>" in text
    assert "2026-Q1 · week 10 of 13 · pace 0.76" in text


def test_the_cycle_is_shown_at_a_glance(lead: Client, alice: Membership) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    checked(row, alice, "6")

    text = lead.get(URL).text

    assert f'<a href="/e/northwind/key-results/{row.public_id}/">Onboarding</a>' in text
    assert "Make first-time buyers want to return" in text
    assert "Score 0.60 of 1.00, amber; pace 0.76." in text
    assert "At risk" in text
    assert "Open cycle" in text


def test_what_is_late_or_overdue_is_counted(lead: Client, alice: Membership) -> None:
    row, _ = key_results(alice, "Onboarding", "Expansion", owner=alice)
    post(row, alice, now=TUESDAY)
    act(alice, due_on=dt.date(2026, 3, 9), now=TUESDAY - 7 * DAY)
    act(alice, due_on=dt.date(2026, 3, 20))

    text = lead.get(URL).text

    assert '<a href="/e/northwind/board/">1 check-in late</a>' in text
    assert ">1 action overdue</a>" in text


def test_open_escalations_are_shown_with_their_clocks(lead: Client, alice: Membership) -> None:
    one, other, third = key_results(alice, "Onboarding", "Expansion", "Latency", owner=alice)
    escalate(one)
    escalate(other, activated_at=None, cause="", huddle_due_at=None)
    escalate(third, recovered_at=TUESDAY)

    text = compact(lead.get(URL).text)

    assert "2 escalations open" in text
    assert text.count('class="clock" data-state="running"') == 1
    assert "but still early. It becomes active" in text
    assert text.index("<strong>Onboarding</strong>") < text.index("<strong>Expansion</strong>")
    assert "<strong>Latency</strong>" not in text


def test_the_headline_says_what_is_over_time(lead: Client, alice: Membership) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    checked(row, alice, "8.9", "8.9", confidence=2)
    escalate(row, streak=dt.date(2026, 1, 5), huddle_due_at=TUESDAY - HOUR)

    assert "1 escalation is overdue." in lead.get(URL).text


def test_what_is_asked_and_what_is_in_the_way_is_shown(lead: Client, alice: Membership) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    post(row, alice, help_needed="Two days of <billing>.", blocker="No nightly export.")

    text = lead.get(URL).text

    assert "Two days of &lt;billing&gt;." in text
    assert "No nightly export." in text
    assert f"/key-results/{row.public_id}/#asks" in text


def test_wins_are_counted_since_the_last_closed_review(lead: Client, alice: Membership) -> None:
    rose, stayed = key_results(alice, "Onboarding", "Expansion", owner=alice)
    checked(rose, alice, "8", until=at("2026-02-09T10:00"))
    checked(stayed, alice, "4", until=at("2026-02-09T10:00"))
    closed(alice)
    post(rose, alice, actual="4.5", insight="The call did it.")
    post(stayed, alice, actual="4")

    page = lead.get(URL)

    assert [win.key_result for win in page.context["page"].wins] == [rose]
    assert '<span class="num">8 → <strong>4.5\u00a0days</strong></span>' in page.text
    assert "since the review of 10\u00a0Feb" in page.text
    assert "The call did it." in page.text
    assert "On pace is worked out daily." in page.text
    assert "not red, on pace" in page.text


def test_red_and_behind_is_no_win(lead: Client, alice: Membership) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    post(row, alice, actual="8")

    text = lead.get(URL).text

    assert "No wins yet." in text


def test_the_last_decisions_are_shown_with_what_became_of_them(
    lead: Client, alice: Membership
) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    post(row, alice, actual=6, now=TUESDAY - 7 * DAY)
    decide(planned(alice), alice, "Call on day two.", key_result=row, now=TUESDAY - 7 * DAY)
    post(row, alice, actual=5)

    text = lead.get(URL).text

    address = f"/e/northwind/key-results/{row.public_id}/"
    assert f'since then 6\u00a0→ 5\u00a0days: <a href="{address}">Onboarding</a>' in text


def test_the_next_dates_come_in_order(lead: Client, alice: Membership) -> None:
    key_results(alice, "Onboarding", owner=alice)
    planned(alice, title="March review", scheduled_at=at("2026-03-12T14:00"))
    act(alice, "Ask for an export", due_on=dt.date(2026, 3, 13))
    build.cycle(
        alice.engagement,
        "2026-Q2",
        starts_on=dt.date(2026, 4, 1),
        ends_on=dt.date(2026, 6, 30),
    )

    found = [(date.on.isoformat(), date.what) for date in lead.get(URL).context["page"].dates]

    assert found == [
        ("2026-03-12", "March review"),
        ("2026-03-13", "Alice: Ask for an export"),
        ("2026-03-16", "Check-ins due"),
        ("2026-03-31", "2026-Q1 ends"),
        ("2026-04-01", "2026-Q2 starts"),
    ]


def test_a_review_that_runs_is_today_and_one_that_was_let_slip_is_no_date(
    lead: Client, alice: Membership
) -> None:
    planned(alice, title="February", scheduled_at=at("2026-02-10T14:00"))
    planned(alice, title="March", scheduled_at=at("2026-03-10T09:00"), started_at=TUESDAY)

    found = [(date.on.isoformat(), date.what) for date in lead.get(URL).context["page"].dates]

    assert found == [("2026-03-10", "March, running now")]


def test_a_huddle_and_a_checkpoint_are_dates(lead: Client, alice: Membership) -> None:
    one, other = key_results(alice, "Onboarding", "Expansion", owner=alice)
    escalate(one, huddle_at=at("2026-03-11T15:00"), huddle_set_by=alice, huddle_set_at=TUESDAY)
    escalate(
        other,
        outcome="change_bet",
        plan="Move the offer.",
        plan_owner=alice,
        checkpoint_on=dt.date(2026, 3, 24),
        answered_by=alice,
        answered_at=TUESDAY,
    )

    found = {date.what: date.on for date in lead.get(URL).context["page"].dates}

    assert found["Huddle: Onboarding"] == dt.date(2026, 3, 11)
    assert found["Checkpoint: Expansion"] == dt.date(2026, 3, 24)


def test_the_end_of_the_huddles_hours_is_a_date_until_it_is_set(
    lead: Client, alice: Membership
) -> None:
    row, other = key_results(alice, "Onboarding", "Expansion", owner=alice)
    escalate(row)
    escalate(other, activated_at=None, cause="", huddle_due_at=None)

    page = lead.get(URL)

    found = {date.what: date.on for date in page.context["page"].dates}
    assert found["Huddle due: Onboarding"] == dt.date(2026, 3, 12)
    assert "Huddle due: Expansion" not in found
    assert f'/key-results/{row.public_id}/#escalation">Huddle due: Onboarding</a>' in page.text


def test_an_escalation_says_who_must_act_and_leads_there(lead: Client, alice: Membership) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    escalate(row)

    text = compact(lead.get(URL).text)

    assert "Alice convenes a huddle within 48 hours" in text
    assert f'/key-results/{row.public_id}/#escalation">Schedule huddle<' in text


def test_whoever_looks_on_is_offered_nothing(
    client: Client, lead: Client, alice: Membership
) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    escalate(row)
    build.sign_in(client, alice.engagement, Role.SPONSOR)

    text = client.get(URL).text

    assert "Alice convenes a huddle" in text
    assert "Schedule huddle" not in text


def test_on_paper_it_names_the_client_and_the_day(lead: Client) -> None:
    assert '<p class="print-only">Northwind SaaS · Tue\u00a010\u00a0Mar</p>' in lead.get(URL).text


def test_whoever_does_not_plan_is_not_asked_to(client: Client, alice: Membership) -> None:
    build.sign_in(client, alice.engagement, Role.SPONSOR)

    text = client.get(URL).text

    assert "First steps" in text
    assert "btn-primary" not in text.split("<main")[1]
    assert "/import/" not in text


def test_what_is_drafted_is_said(lead: Client, alice: Membership) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    build.key_result(objective)

    text = lead.get(URL).text

    assert "1 objective is drafted. None is committed yet." in text
    assert "First steps" in text


def test_a_cycle_without_objectives_offers_to_draft_one(lead: Client, alice: Membership) -> None:
    cycle = build.cycle(alice.engagement)

    text = lead.get(URL).text

    assert "2026-Q1 has no objectives yet." in text
    assert f'href="/e/northwind/cycles/{cycle.public_id}/objectives/new/"' in text


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "said"),
    [
        ("2026-04-01", "2026-06-30", "No cycle is running. 2026-Q2 starts on 1\u00a0Apr."),
        (
            "2025-10-01",
            "2025-12-31",
            "No cycle is running. 2026-Q2 ended on 31\u00a0Dec\u00a02025.",
        ),
    ],
)
def test_between_cycles_it_says_which_one_is_next_or_was_last(
    lead: Client, alice: Membership, starts_on: str, ends_on: str, said: str
) -> None:
    dates = {"starts_on": starts_on, "ends_on": ends_on}
    build.cycle(
        alice.engagement,
        "2026-Q2",
        **{name: dt.date.fromisoformat(day) for name, day in dates.items()},
    )

    assert said in lead.get(URL).text


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.CHAMPION, Role.SPONSOR])
def test_all_members_see_it(client: Client, alice: Membership, role: str) -> None:
    build.sign_in(client, alice.engagement, role)

    assert client.get(URL).status_code == 200


def test_viewers_are_led_to_the_status_page(client: Client, alice: Membership) -> None:
    build.sign_in(client, alice.engagement, Role.VIEWER)

    answer = client.get(URL)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/e/northwind/status/")


def test_strangers_do_not(client: Client, alice: Membership) -> None:
    build.sign_in(client, build.engagement("Harbor"))

    assert client.get(URL).status_code == 404


def test_another_clients_work_stays_theirs(lead: Client, alice: Membership) -> None:
    theirs = build.member(build.engagement("Harbor"), "Carol")
    with scope(theirs.engagement_id):
        (row,) = key_results(theirs, "Their secret", owner=theirs)
        escalate(row)

    assert "Their secret" not in lead.get(URL).text


def test_looking_writes_nothing(lead: Client, alice: Membership) -> None:
    key_results(alice, "Onboarding", owner=alice)

    sent = queries_of(lambda: lead.get(URL))

    assert [sql for sql in sent if not sql.startswith("SELECT")] == []


def test_it_costs_the_same_for_ten_and_for_twenty_key_results(
    lead: Client, alice: Membership
) -> None:
    cycle = build.cycle(alice.engagement)
    metric = build.metric(alice.engagement)
    closed_one = closed(alice)
    review = planned(alice, title="March review")
    numbers = count()

    def grow() -> None:
        committed = {"committed_at": at("2026-01-05T10:00"), "committed_by": alice}
        for _ in range(2):
            title = f"Make buyer {next(numbers)} want to return"
            objective = build.objective(alice, cycle, title=title, **committed)
            for _ in range(5):
                row = build.live_key_result(objective, metric, owner=alice)
                post(row, alice, help_needed="Two days.", blocker="No export.", actual="4.5")
                escalate(row)
                act(alice)
        decide(review, alice, key_result=row)

    grow()

    assert closed_one.closed_at is not None
    assert_constant_queries(lambda: lead.get(URL), grow=grow, name="home")
