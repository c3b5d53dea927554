"""My week: cards, what waits for a person, and the ways to other pages."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from engagements.models import Membership, Role
from escalations.models import EscalationState
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import HTMX, TUESDAY, at, post
from tests.escalations.escalating import compact, escalated
from tests.escalations.test_pages import url
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act, close, planned
from tests.workspace.views.conftest import squeezed

pytestmark = pytest.mark.usefixtures("clock")

DAY = dt.timedelta(days=1)
SOON = dt.date(2026, 3, 12)


@pytest.fixture
def ines(db: None, client: Client) -> User:
    """A consultant of several clients, signed in."""
    person = build.user("Ines")
    client.force_login(person)
    return person


def joins(person: User, client: str, role: str = Role.CONTRIBUTOR, **fields: object) -> Membership:
    return build.member(build.engagement(client, **fields), "Ines", role, user=person)


def cards(owner: Membership, *, count: int = 1) -> list[KeyResult]:
    objective = build.objective(owner, build.cycle(owner.engagement))
    metric = build.metric(owner.engagement)
    return [build.live_key_result(objective, metric) for _ in range(count)]


def test_clients_come_by_urgency_under_one_headline(client: Client, ines: User) -> None:
    cards(joins(ines, "Cedar Advisory", due_weekday=3), count=3)
    cards(joins(ines, "Harbor Retail", due_weekday=1, due_time=dt.time(12)), count=2)
    northwind = joins(ines, "Northwind SaaS")
    (card, *_) = cards(northwind, count=3)
    colleague = build.member(northwind.engagement, "Alice")
    build.live_key_result(card.objective, owner_id=colleague.pk)

    page = client.get("/")

    assert "<b>0 of 8</b>" in page.text
    text = squeezed(page.text)
    assert "8 check-ins to do. 3 are late, 2 are due by 12:00." in text
    assert "Tuesday 10 March 2026, 09:40 · Berlin time" in text
    order = [text.index(f'id="{slug}"') for slug in ("northwind", "harbor", "cedar")]
    assert order == sorted(order)
    assert "Was due Mon 9 Mar 10:00, closes end of Sun 15 Mar" in text
    assert "· week 10 of 13 · pace 0.76" in text
    assert "Due today 12:00, in 2 h 20 min" in text
    assert "Due Thu 12 Mar 10:00, in 2 days" in text


def test_after_a_late_save_the_card_is_saved_though_the_next_week_is_open(
    client: Client, ines: User, clock: time_machine.Traveller
) -> None:
    sunday = at("2026-03-15T10:00")
    clock.move_to(sunday)
    me = joins(ines, "Northwind SaaS")
    (card,) = cards(me)
    with scope(me.engagement_id):
        post(card, me, now=sunday)

    text = squeezed(client.get("/").text)

    assert 'data-state="saved"' in text
    assert "week of 9 Mar saved ✓ · week of 16 Mar open, due Mon 16 Mar" in text
    assert "Your check-in is saved." in text
    assert "<b>1 of 1</b>" in text
    assert "1 not due yet" in text
    assert "Undo<span" in text
    assert "Check in<span" in text


def test_two_cycles_of_a_client_have_their_own_heads(client: Client, ines: User) -> None:
    me = joins(ines, "Northwind SaaS")
    cards(me)
    year = build.cycle(me.engagement, "2026", ends_on=dt.date(2026, 12, 30))
    build.live_key_result(build.objective(me, year))

    text = squeezed(client.get("/").text)

    for words in ("SaaS, 2026-Q1</a>", "SaaS, 2026</a>", "week 10 of 13", "week 10 of 52"):
        assert words in text


def test_without_a_script_the_address_opens_a_card_or_the_next(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    first, second = cards(member, count=2)
    cards(joins(ines, "Aspen Care"))

    named = client.get(f"/?open={first.public_id}").text
    with scope(member.engagement_id):
        post(first, member)
    after = client.get(f"/?after={first.public_id}").text

    for page, card in ((named, first), (after, second)):
        assert re.search(rf'id="card-{card.public_id}"\s+data-state="open"', page)
        assert page.count('data-state="open"') == 1
        assert "autofocus" in page


def test_the_counts_come_alone_and_with_all_that_counts(client: Client, ines: User) -> None:
    cards(joins(ines, "Northwind SaaS"))

    part = client.get("/?part=counts", headers=HTMX)

    assert part.text.strip().startswith('<div class="sitting"')
    assert '<h1 id="headline" hx-swap-oob="true">' in part.text
    assert 'id="northwind-head" hx-swap-oob="true"' in part.text
    assert 'class="due"' not in part.text


def test_a_reader_sees_the_state_of_each_client(client: Client, ines: User) -> None:
    sponsor = joins(ines, "Northwind SaaS", Role.SPONSOR)
    late, behind = cards(build.member(sponsor.engagement, "Bob", Role.CONTRIBUTOR), count=2)
    with scope(sponsor.engagement_id):
        assert late.owner is not None
        post(behind, late.owner, actual="8.8", confidence=1)

    assert "Sponsor · 1 late in all · 1 behind pace" in squeezed(client.get("/").text)


def test_viewers_get_their_only_status_page_or_choose_one(client: Client, ines: User) -> None:
    joins(ines, "Northwind SaaS", Role.VIEWER)
    assert client.get("/").headers["Location"] == "/e/northwind/status/"
    joins(ines, "Harbor Retail", Role.VIEWER)

    page = client.get("/").text

    assert page.index("/e/harbor/status/") < page.index("/e/northwind/status/")
    assert "/e/northwind/board/" not in page


@pytest.mark.parametrize(
    ("elsewhere", "tab"), [(Role.VIEWER, "Status pages"), (Role.CONTRIBUTOR, "My week")]
)
def test_the_first_tab_names_a_page(client: Client, ines: User, elsewhere: Role, tab: str) -> None:
    joins(ines, "Northwind SaaS", Role.VIEWER)
    joins(ines, "Harbor Retail", elsewhere)

    for address in ("/", "/e/northwind/status/"):
        links = r'<a href="/"\s*(?:aria-current="page"\s*)?>\s*([^<]+?)\s*</a>'
        assert tab in re.findall(links, client.get(address).text)


def test_more_clients_than_a_scope_holds_come_in_pages(
    client: Client, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("engagements.access", "tenancy.scoping"):
        monkeypatch.setattr(f"{module}.MAX_ENGAGEMENTS", 2)
    *_, last = [joins(ines, f"Client {n}", slug=f"client-{n}") for n in range(3)]
    build.change(last.engagement, closed_at=TUESDAY, closed_by=last)

    first, second = client.get("/").text, client.get("/?clients=2").text

    assert "Clients 1 to 2" in " ".join(first.split())
    assert 'href="?clients=2"' in first
    # Open ones come first, so the one that is closed is on the second page.
    assert set(re.findall(r"Client \d", first)) == {"Client 0", "Client 1"}
    assert "Clients 3 to 3" in " ".join(second.split())
    assert "Client 2" in client.get("/profile/?clients=2").text


@pytest.fixture
def red(alice: Membership, bob: Membership) -> KeyResult:
    """Bob's, under an objective of Alice, who convenes where a team has no champion."""
    objective = build.objective(alice, build.cycle(alice.engagement))
    title = "Accounts that expand within thirty days"
    metric = build.metric(alice.engagement)
    return build.live_key_result(objective, metric, title=title, owner_id=bob.pk)


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


@pytest.mark.parametrize(
    ("reader", "waits"), [("owner", 1), ("lead", 2), ("owner of the objective", 2), ("another", 0)]
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
    build.log_in(client, people[reader])

    page = client.get("/")

    # One's own request is shown, and someone else answers it.
    assert page.context["waits"].asks.total == waits
    for text in ("Two days of billing.", "No nightly export."):
        assert (text in page.text) == (reader != "another")
    assert ("Waiting for an answer" in page.text) == (reader == "owner")


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


def test_an_escalation_is_answered_there(lead: Client, bob: Membership, red: KeyResult) -> None:
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


def test_a_plan_asks_its_owner_nothing(signed_in: Client, bob: Membership, red: KeyResult) -> None:
    row = escalated(red, bob, state=EscalationState.ANSWERED, plan="Call <b>every</b> store.")

    page = compact(signed_in.get("/").text)

    flag = f'<a class="flag" data-kind="quiet" href="/e/northwind/key-results/{red.public_id}/'
    assert f'{flag}#escalation">Red for two weeks</a>' in page
    waits = page[page.index('id="waits"') :]
    assert "Recovery plan · Northwind SaaS · you carry it out" in waits
    assert "Call &lt;b&gt;every&lt;/b&gt; store." in waits
    assert "<b>7 days</b>" in waits
    assert url("outcome", row) not in waits
    assert "waiting on you." not in page


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


@pytest.mark.parametrize("name", ["my-week", "my-week-waiting"])
def test_its_queries_grow_neither_with_its_cards_nor_with_what_waits(
    lead: Client, alice: Membership, bob: Membership, red: KeyResult, name: str
) -> None:
    def add(number: int) -> None:
        if name == "my-week":
            mine = build.live_key_result(red.objective, red.metric, owner_id=alice.pk)
            if number % 2:
                post(mine, alice, help_needed="Help.", blocker="Blocked.")
        theirs = build.live_key_result(red.objective, red.metric, owner_id=bob.pk)
        escalated(theirs, alice, weeks=1)
        act(alice, due_on=SOON)
        planned(alice, scheduled_at=TUESDAY + DAY)

    assert_constant_queries(lambda: lead.get("/"), add=add, name=name)
