from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from engagements.models import Membership, Role
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.query_counts import assert_constant_queries
from tests.workspace.views.conftest import squeezed

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def clock(db: None) -> Iterator[time_machine.Traveller]:
    """Tuesday 10 March 2026, 09:40 in Berlin: the week's check-in was due on Monday at 10:00."""
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ines(client: Client) -> User:
    """A consultant of several clients, signed in."""
    person = build.user("Ines")
    client.force_login(person)
    return person


def joins(
    person: User, client_name: str, role: str = Role.CONTRIBUTOR, **fields: object
) -> Membership:
    engagement = build.engagement(client_name, **fields)
    return build.member(engagement, "Ines", role, user=person)


def cards(owner: Membership, *, count: int = 1) -> list[KeyResult]:
    objective = build.objective(owner, build.cycle(owner.engagement))
    metric = build.metric(owner.engagement)
    return [build.live_key_result(objective, metric) for _ in range(count)]


def test_the_headline_says_what_waits(client: Client, ines: User) -> None:
    cards(joins(ines, "Northwind SaaS"), count=3)
    cards(joins(ines, "Harbor Retail", due_weekday=1, due_time=dt.time(12)), count=2)
    cards(joins(ines, "Cedar Advisory", due_weekday=3), count=3)

    page = client.get("/")

    assert "8 check-ins to do. 3 are late, 2 are due by 12:00." in page.text
    assert "Tuesday 10 March 2026, 09:40 · Berlin time" in page.text
    assert "<b>0 of 8</b>" in page.text


def test_clients_come_by_urgency_with_their_facts(client: Client, ines: User) -> None:
    cards(joins(ines, "Cedar Advisory", due_weekday=3))
    cards(joins(ines, "Harbor Retail", due_weekday=1, due_time=dt.time(12)))
    cards(joins(ines, "Northwind SaaS"))

    page = client.get("/")

    order = [page.text.index(f'id="{slug}"') for slug in ("northwind", "harbor", "cedar")]
    assert order == sorted(order)
    text = squeezed(page.text)
    assert "Was due Mon 9 Mar 10:00, closes Sun 15 Mar 24:00" in text
    assert "· week 10 of 13 · pace 0.76" in text
    assert "Due today 12:00, in 2 h 20 min" in text
    assert "Due Thu 12 Mar 10:00, in 2 days" in text


def test_a_saved_card_counts_as_done(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    first, _ = cards(member, count=2)
    with scope(member.engagement_id):
        post(first, member)

    page = client.get("/")

    assert "1 check-in to do. It is late." in page.text
    assert "<b>1 of 2</b>" in page.text
    assert page.text.count('data-state="saved"') == 1


def test_after_a_late_save_the_card_is_saved_though_the_next_week_is_open(
    client: Client, ines: User, clock: time_machine.Traveller
) -> None:
    clock.move_to(at("2026-03-15T10:00"))  # a Sunday
    me = joins(ines, "Northwind SaaS")
    (card,) = cards(me)
    assert "1 check-in to do. It is late." in client.get("/").text

    with scope(me.engagement_id):
        post(card, me, now=at("2026-03-15T10:00"))
    page = client.get("/")

    assert 'data-state="saved"' in page.text
    note = "week of 9 Mar saved ✓ · week of 16 Mar open, due Mon 16 Mar"
    assert note in " ".join(page.text.split())
    assert "Undo<span" in page.text
    assert "Check in<span" in page.text
    assert "Your check-in is saved." in page.text
    assert "<b>1 of 1</b>" in page.text
    assert "1 not due yet" in page.text


def test_two_cycles_of_a_client_have_their_own_heads(client: Client, ines: User) -> None:
    me = joins(ines, "Northwind SaaS")
    cards(me)
    year = build.cycle(me.engagement, "2026", ends_on=dt.date(2026, 12, 30))
    build.live_key_result(build.objective(me, year))

    page = client.get("/")

    text = squeezed(page.text)
    assert "Northwind SaaS, 2026-Q1</a>" in text
    assert "Northwind SaaS, 2026</a>" in text
    assert "week 10 of 13" in text
    assert "week 10 of 52" in text


def test_green_without_evidence_reads_unverified(client: Client, ines: User) -> None:
    me = joins(ines, "Northwind SaaS")
    (card,) = cards(me)
    with scope(me.engagement_id):
        post(card, me, actual=5)

    assert "unverified · ✓ saved" in " ".join(client.get("/").text.split())


def test_when_all_is_saved_it_says_so(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    (only,) = cards(member)
    with scope(member.engagement_id):
        post(only, member)

    assert "Your check-in is saved." in client.get("/").text


def test_a_card_opens_without_a_script(client: Client, ines: User) -> None:
    first, _ = cards(joins(ines, "Northwind SaaS"), count=2)

    page = client.get(f"/?open={first.public_id}")

    assert page.text.count('data-state="open"') == 1
    assert "autofocus" in page.text


def test_after_a_saved_card_the_next_one_of_the_client_opens(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    first, second = cards(member, count=2)
    cards(joins(ines, "Aspen Care"))
    with scope(member.engagement_id):
        post(first, member)

    page = client.get(f"/?after={first.public_id}")

    assert re.search(rf'id="card-{second.public_id}"\s+data-state="open"', page.text)


def test_the_counts_come_alone_and_with_all_that_counts(client: Client, ines: User) -> None:
    cards(joins(ines, "Northwind SaaS"))

    part = client.get("/?part=counts", headers=HTMX)

    assert part.text.strip().startswith('<div class="sitting"')
    assert '<h1 id="headline" hx-swap-oob="true">' in part.text
    assert 'id="northwind-head" hx-swap-oob="true"' in part.text
    assert 'class="due"' not in part.text


def test_help_and_blockers_on_my_cards_wait_for_me(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    (mine,) = cards(member)
    with scope(member.engagement_id):
        post(mine, member, help_needed="Two days of billing.", blocker="No nightly export.")

    page = client.get("/")

    assert "Waiting on you" in page.text
    assert "Your request, still open" in page.text
    assert "the request of Ines" not in page.text
    assert "Two days of billing." in page.text
    assert "No nightly export." in page.text


@pytest.mark.parametrize("role", [Role.LEAD, Role.SPONSOR])
def test_asks_wait_for_the_lead_and_for_who_owns_the_objective(
    client: Client, ines: User, role: str
) -> None:
    me = joins(ines, "Northwind SaaS", role)
    bob = build.member(me.engagement, "Bob", Role.CONTRIBUTOR)
    objective = build.objective(bob if role == Role.LEAD else me, build.cycle(me.engagement))
    theirs = build.live_key_result(objective, owner_id=bob.pk)
    with scope(me.engagement_id):
        post(theirs, bob, help_needed="Two days of billing.", blocker="No nightly export.")

    page = client.get("/")

    assert "of Bob" in page.text
    assert "No nightly export." in page.text


def test_asks_of_others_wait_for_no_one_else(client: Client, ines: User) -> None:
    me = joins(ines, "Northwind SaaS")
    bob = build.member(me.engagement, "Bob", Role.CONTRIBUTOR)
    (theirs,) = cards(bob)
    with scope(me.engagement_id):
        post(theirs, bob, help_needed="Two days of billing.")

    assert "Two days of billing." not in client.get("/").text


def test_a_reader_sees_how_each_client_stands(client: Client, ines: User) -> None:
    sponsor = joins(ines, "Northwind SaaS", Role.SPONSOR)
    late, behind = cards(build.member(sponsor.engagement, "Bob", Role.CONTRIBUTOR), count=2)
    with scope(sponsor.engagement_id):
        assert late.owner is not None
        post(behind, late.owner, actual="8.8", confidence=1)

    assert "Sponsor · 1 late in all · 1 at risk" in squeezed(client.get("/").text)


def test_cards_of_others_are_not_mine(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    other = build.member(member.engagement, "Alice")
    cards(other)

    page = client.get("/")

    assert "Nothing is due." in page.text
    assert 'class="due"' not in page.text


def test_nothing_due_names_the_next_opening(
    client: Client, ines: User, clock: time_machine.Traveller
) -> None:
    cards(joins(ines, "Northwind SaaS", opens_days_before=0))
    clock.move_to(dt.datetime(2025, 12, 30, 9, tzinfo=dt.UTC))

    page = client.get("/")

    assert "Nothing is due. The next check-in opens Mon\u00a05\u00a0Jan\u00a02026." in page.text


def test_somebody_without_a_client_learns_how_to_begin(client: Client, ines: User) -> None:
    page = client.get("/")

    assert "You have no client here yet." in page.text
    assert "/engagements/new/" in page.text


def test_a_viewer_of_one_client_is_at_its_status_page_at_once(client: Client, ines: User) -> None:
    joins(ines, "Northwind SaaS", Role.VIEWER)

    assert client.get("/").headers["Location"] == "/e/northwind/status/"


def test_a_viewer_of_several_clients_chooses(client: Client, ines: User) -> None:
    joins(ines, "Northwind SaaS", Role.VIEWER)
    joins(ines, "Harbor Retail", Role.VIEWER)

    page = client.get("/").text

    assert "Two clients show you where they stand." in page
    assert page.index("/e/harbor/status/") < page.index("/e/northwind/status/")
    assert "/e/northwind/board/" not in page


@pytest.mark.parametrize(
    ("elsewhere", "tab"), [(Role.VIEWER, "Status pages"), (Role.CONTRIBUTOR, "My week")]
)
def test_the_first_tab_says_what_it_opens(
    client: Client, ines: User, elsewhere: Role, tab: str
) -> None:
    joins(ines, "Northwind SaaS", Role.VIEWER)
    joins(ines, "Harbor Retail", elsewhere)

    for address in ("/", "/e/northwind/status/"):
        links = re.findall(
            r'<a href="/"\s*(?:aria-current="page"\s*)?>\s*([^<]+?)\s*</a>',
            client.get(address).text,
        )
        assert tab in links


def test_strangers_sign_in_first(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/accounts/login/?next=/"


def test_its_queries_do_not_grow_with_its_cards(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    objective = build.objective(member, build.cycle(member.engagement))
    metric = build.metric(member.engagement)
    for number in range(10):
        mine = build.live_key_result(objective, metric)
        if number % 2:
            with scope(member.engagement_id):
                post(mine, member, help_needed="Help.", blocker="Blocked.")

    def ten_more() -> None:
        for _ in range(10):
            build.live_key_result(objective, metric)

    assert_constant_queries(lambda: client.get("/"), grow=ten_more, name="my-week")


def test_a_person_with_more_clients_than_a_scope_holds_finds_them_all_in_pages(
    client: Client, ines: User
) -> None:
    everyone = [joins(ines, f"Client {n:03}", slug=f"client-{n}") for n in range(201)]
    with scope(everyone[-1].engagement_id):
        build.change(everyone[-1].engagement, closed_at=TUESDAY, closed_by=everyone[-1])

    first, second = client.get("/").text, client.get("/?clients=2").text

    assert "Clients 1 to 200" in " ".join(first.split())
    assert 'href="?clients=2"' in first
    # Open ones come first, so the one that is closed is on the second page.
    assert set(re.findall(r"Client \d{3}", first)) == {f"Client {n:03}" for n in range(200)}
    assert "Clients 201 to 201" in " ".join(second.split())
    assert "Client 200" in client.get("/profile/?clients=2").text
