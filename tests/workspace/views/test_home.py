from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from engagements.commands.invitations import send_invitation
from engagements.models import Invitation, Membership, Role
from okrs.models import Cycle
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.escalations.escalating import compact
from tests.query_counts import assert_constant_queries, queries_of
from tests.reviews.meeting import act, decide, planned
from tests.reviews.running import checked, closed, escalate, key_results, run
from tests.reviews.running import recovery_plan as plan

URL = "/e/northwind/"
DAY = dt.timedelta(days=1)
NEXT_QUARTER = {"starts_on": dt.date(2026, 4, 1), "ends_on": dt.date(2026, 6, 30)}
LAST_QUARTER = {"starts_on": dt.date(2025, 10, 1), "ends_on": dt.date(2025, 12, 31)}


def dates(client: Client) -> list[tuple[str, str]]:
    """Return the next dates of the page, each with its text."""
    return [(f"{date.on:%m-%d}", date.what) for date in client.get(URL).context["page"].dates]


def test_it_shows_the_cycle_and_what_needs_attention(lead: Client, alice: Membership) -> None:
    build.cycle(alice.engagement, "Empty")  # comes after the one with objectives
    good, bad, late = key_results(alice, "Onboarding", "Expansion", "Latency", owner=alice)
    checked(good, alice, "6")
    checked(bad, alice, "8.9", "8.95", confidence=2)
    post(bad, alice, help_needed="Two days of <billing>.", blocker="No nightly export.")
    act(alice, due_on=dt.date(2026, 3, 9), now=TUESDAY - 7 * DAY)
    act(alice, due_on=dt.date(2026, 3, 20))

    sent = queries_of(lambda: lead.get(URL))
    text = lead.get(URL).text

    assert [sql for sql in sent if not sql.lstrip("(").startswith("SELECT")] == []
    assert "2026-Q1 · week 10 of 13 · pace 0.76" in text
    assert f'<a href="/e/northwind/key-results/{good.public_id}/">Onboarding</a>' in text
    assert "Make first-time buyers want to return" in text
    assert "Score 0.60 of 1.00, amber; pace 0.76." in text
    assert '<a href="/e/northwind/board/">1 check-in late</a>' in text
    assert ">1 action overdue</a>" in text
    assert "Two days of &lt;billing&gt;." in text
    assert "No nightly export." in text
    assert f"/key-results/{bad.public_id}/#asks" in text
    assert late.latest_value is None


@pytest.mark.parametrize("role", [Role.LEAD, Role.SPONSOR])
def test_open_escalations_are_shown_with_who_must_act(
    client: Client, lead: Client, alice: Membership, role: str
) -> None:
    titles = ("Onboarding", "Expansion", "Latency", "Renewals")
    active, watched, over, convened = key_results(alice, *titles, owner=alice)
    escalate(active)
    escalate(convened, huddle_at=TUESDAY + DAY)
    escalate(watched, watched=True)
    escalate(over, recovered_at=TUESDAY)
    if role != Role.LEAD:
        build.sign_in(client, alice.engagement, role)

    text = compact(client.get(URL).text)

    assert "2 escalations open" in text
    assert "1 red key result watched" in text
    assert text.count('class="clock" data-state="running"') == 2
    assert "watched: pace" in text
    assert text.index("<strong>Onboarding</strong>") < text.index("<strong>Expansion</strong>")
    assert "<strong>Latency</strong>" not in text
    assert "Alice calls a huddle within 48 hours" in text
    for key_result, label in ((active, "Schedule huddle"), (convened, "Record recovery plan")):
        button = f'/key-results/{key_result.public_id}/#escalation">{label}<'
        assert (button in text) == (role == Role.LEAD)


def test_wins_are_counted_since_the_last_closed_review(lead: Client, alice: Membership) -> None:
    rose, stayed, red = key_results(alice, "Onboarding", "Expansion", "Latency", owner=alice)
    checked(rose, alice, "8", until=at("2026-02-09T10:00"))
    checked(stayed, alice, "4", until=at("2026-02-09T10:00"))
    closed(alice)
    post(rose, alice, actual="4.5", insight="The call did it.")
    post(stayed, alice, actual="4")
    post(red, alice, actual="8")

    page = lead.get(URL)

    assert [win.key_result for win in page.context["page"].wins] == [rose]
    assert '<span class="num">8 → <strong>4.5\u00a0days</strong></span>' in page.text
    assert "since the review of 10\u00a0Feb" in page.text
    assert "The call did it." in page.text


def test_the_last_decisions_show_what_became_of_them(lead: Client, alice: Membership) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    post(row, alice, actual=6, now=TUESDAY - 7 * DAY)
    decide(planned(alice), alice, "Call on day two.", key_result=row, now=TUESDAY - 7 * DAY)
    post(row, alice, actual=5)

    address = f"/e/northwind/key-results/{row.public_id}/"
    said = f'since then 6\u00a0→ 5\u00a0days: <a href="{address}">Onboarding</a>'
    assert said in lead.get(URL).text


def test_the_next_dates_come_in_order(lead: Client, alice: Membership) -> None:
    key_results(alice, "Onboarding", owner=alice)
    planned(alice, title="February", scheduled_at=at("2026-02-10T14:00"))  # never held
    planned(alice, title="March", scheduled_at=at("2026-03-10T09:00"), started_at=TUESDAY)
    planned(alice, title="March review", scheduled_at=at("2026-03-12T14:00"))
    act(alice, "Ask for an export", due_on=dt.date(2026, 3, 13))
    build.cycle(alice.engagement, "2026-Q2", **NEXT_QUARTER)

    assert dates(lead) == [
        ("03-10", "March, running now"),
        ("03-12", "March review"),
        ("03-13", "Alice: Ask for an export"),
        ("03-16", "Check-ins due"),
        ("03-31", "2026-Q1 ends"),
        ("04-01", "2026-Q2 starts"),
    ]


def test_an_escalation_is_a_date_by_what_it_waits_for(lead: Client, alice: Membership) -> None:
    titles = ("Onboarding", "Expansion", "Latency", "Watched")
    unset, convened, planned_for, watched = key_results(alice, *titles, owner=alice)
    escalate(unset)
    huddle: dict[str, Any] = {
        "huddle_at": at("2026-03-11T15:00"),
        "huddle_set_by": alice,
        "huddle_set_at": TUESDAY,
    }
    escalate(convened, **huddle)
    escalate(planned_for, **plan(planned_for))
    escalate(watched, watched=True)

    assert dates(lead)[:5] == [
        ("03-11", "Huddle due: Onboarding"),
        ("03-11", "Huddle: Expansion"),
        ("03-16", "Check-ins due"),
        ("03-24", "Checkpoint: Latency"),
        ("03-31", "2026-Q1 ends"),
    ]
    link = f'/key-results/{unset.public_id}/#escalation">Huddle due: Onboarding</a>'
    assert link in lead.get(URL).text


@pytest.mark.parametrize(
    ("cycles", "objectives", "said"),
    [
        ([], 0, "No cycle yet. Start with a quarter."),
        ([LAST_QUARTER, NEXT_QUARTER], 0, "No cycle is running. Q1 starts on 1\u00a0Apr."),
        ([LAST_QUARTER], 0, "No cycle is running. Q0 ended on 31\u00a0Dec\u00a02025."),
        ([{}], 0, "Q0 has no objectives yet."),
        ([{}], 1, "1 objective is drafted. None is committed yet."),
        ([{}], 4, "4 objectives are drafted. None is committed yet."),
    ],
)
def test_before_there_are_figures_the_headline_says_what_is_missing(
    lead: Client, alice: Membership, cycles: list[dict[str, Any]], objectives: int, said: str
) -> None:
    made = [build.cycle(alice.engagement, f"Q{n}", **days) for n, days in enumerate(cycles)]
    for number in range(objectives):
        build.objective(alice, made[0], title=f"Objective {number}")

    assert f"<h1>{said}</h1>" in compact(lead.get(URL).text)


def test_the_headline_counts_overdue_escalations(lead: Client, alice: Membership) -> None:
    (row,) = key_results(alice, "Onboarding", owner=alice)
    checked(row, alice, "8.9", "8.9", confidence=2)
    escalate(row, huddle_due_at=TUESDAY - DAY)

    said = "The only key result is behind pace and red: Onboarding. 1 escalation is overdue."
    assert f"<h1>{said}</h1>" in compact(lead.get(URL).text)


def test_viewers_are_led_to_the_status_page(client: Client, alice: Membership) -> None:
    build.sign_in(client, alice.engagement, Role.VIEWER)

    assert client.get(URL).headers["Location"] == "/e/northwind/status/"


def test_it_costs_the_same_for_ten_and_twenty_key_results(lead: Client, alice: Membership) -> None:
    cycle, metric = build.cycle(alice.engagement), build.metric(alice.engagement)
    closed(alice)
    review = planned(alice, title="March review")

    def add(number: int) -> None:
        """An objective with five key results."""
        committed = {"committed_at": at("2026-01-05T10:00"), "committed_by": alice}
        title = f"Make buyer {number} want to return"
        objective = build.objective(alice, cycle, title=title, **committed)
        for _ in range(5):
            row = build.live_key_result(objective, metric, owner=alice)
            post(row, alice, help_needed="Two days.", blocker="No export.", actual="4.5")
            escalate(row)
            act(alice)
        decide(review, alice, key_result=row)

    assert_constant_queries(lambda: lead.get(URL), add=add, name="home", rows=2)


def listed(client: Client) -> str:
    steps = client.get(URL).text.partition("First steps")[2].partition("</ol>")[0]
    return re.sub(r"[ \n]+", " ", steps)


def primary(client: Client) -> list[str]:
    """Return the addresses to which the steps lead with their dark buttons."""
    return re.findall(r'<a class="btn btn-primary" href="(.*?)"', listed(client))


def test_a_new_client_begins_with_a_quarter_or_a_sheet(lead: Client, alice: Membership) -> None:
    text = listed(lead)
    first_form = text.partition("</form>")[0]
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="(.*?)"', first_form))
    lead.post("/e/northwind/cycles/new/", form)

    assert "Start with 2026-Q1, 1\xa0Jan to 31\xa0Mar, 3 weeks left" in text
    assert 'name="starts_on" value="2026-04-01"' in text
    assert '<a class="btn" href="/e/northwind/import/">Import sheet</a>' in text
    with scope(alice.engagement_id):
        cycle = Cycle.objects.get()
    assert (cycle.name, f"{cycle.starts_on}") == ("2026-Q1", "2026-01-01")
    assert f"{cycle.ends_on}" == "2026-03-31"
    assert primary(lead) == ["/e/northwind/import/"]
    assert f'href="/e/northwind/cycles/{cycle.public_id}/objectives/new/"' in listed(lead)


def test_each_step_leads_to_the_next_until_a_check_in(lead: Client, alice: Membership) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    address = f"/e/northwind/objectives/{objective.public_id}/"
    assert primary(lead) == [f"{address}key-results/new/"]

    draft = build.key_result(objective)
    assert primary(lead) == [address]
    assert "1 objective, 1 key result" in listed(lead)
    assert "0 of 1 committed." in listed(lead)

    draft.delete()
    build.change(objective, committed_at=TUESDAY, committed_by=alice)
    metric, bob = build.metric(alice.engagement), build.member(alice.engagement, "Bob")
    build.live_key_result(objective, metric, owner_id=bob.pk)
    own = build.live_key_result(objective, metric, owner_id=alice.pk)
    assert primary(lead) == [f"/e/northwind/key-results/{own.public_id}/check-in/"]

    post(own, alice, now=TUESDAY)
    assert "First steps" not in lead.get(URL).text


def test_a_closed_client_offers_nothing_to_do(lead: Client, alice: Membership) -> None:
    draft = build.key_result(build.objective(alice, build.cycle(alice.engagement)))
    ours, card = f"objectives/{draft.objective.public_id}/", f"key-results/{draft.public_id}/"
    offers = {"": "First steps", "reviews/": "Join", ours: "Quality gate", card: "Commit it on the"}
    run(alice)
    for closed_by in (None, alice):
        closed_at = TUESDAY if closed_by else None
        build.change(alice.engagement, closed_at=closed_at, closed_by=closed_by)
        shown = [words in lead.get(f"{URL}{path}").text for path, words in offers.items()]
        assert shown == [closed_by is None] * 4


def test_people_are_counted_as_named_invited_and_here(lead: Client, alice: Membership) -> None:
    engagement = alice.engagement
    for name in ("Ana", "Ben", "Cem"):
        build.member(engagement, name, Role.CONTRIBUTOR, user=None)
    with scope(engagement.id):
        named = Membership.objects.filter(engagement=engagement, user=None).order_by("name")
        send_invitation(membership=named[0], by=alice, now=timezone.now())
        ran_out = send_invitation(membership=named[1], by=alice, now=timezone.now())
        Invitation.objects.filter(pk=ran_out.pk).update(expires_at=timezone.now())

    steps = lead.get(URL).context["page"].steps

    assert (steps.people, steps.to_invite, steps.to_join, steps.has_people) == (4, 2, 1, False)
    assert "2 not invited yet, 1 not joined yet." in listed(lead)


@pytest.mark.parametrize(("role", "drafts"), [(Role.CONTRIBUTOR, True), (Role.SPONSOR, False)])
def test_members_are_offered_what_they_may_do(
    client: Client, alice: Membership, role: Role, drafts: bool
) -> None:
    build.sign_in(client, alice.engagement, role)
    build.cycle(alice.engagement)

    text = listed(client)

    assert "/import/" not in text
    assert ("Draft first objective" in text) == drafts
    assert drafts or "btn-primary" not in text


def test_the_steps_cost_the_same_however_much_there_is(lead: Client, alice: Membership) -> None:
    cycle = build.cycle(alice.engagement)

    def add(number: int) -> None:
        build.key_result(build.objective(alice, cycle, title=f"Objective {number}"))
        build.member(alice.engagement, f"Person {number}", Role.CONTRIBUTOR, user=None)

    assert_constant_queries(lambda: lead.get(URL), add=add, name="home-first-steps")
