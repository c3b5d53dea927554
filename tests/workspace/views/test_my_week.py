"""The cards of My week, and the ways to other pages; how due a card is stands in tests/checkins."""

from __future__ import annotations

import datetime as dt
import re

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

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def ines(db: None, client: Client) -> User:
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
    assert "Was due Mon 9 Mar 10:00, closes Sun 15 Mar 24:00" in text
    assert "· week 10 of 13 · pace 0.76" in text
    assert "Due today 12:00, in 2 h 20 min" in text
    assert "Due Thu 12 Mar 10:00, in 2 days" in text


def test_a_saved_card_counts_as_done(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    first, _ = cards(member, count=2)
    with scope(member.engagement_id):
        post(first, member, actual=5)

    page = client.get("/")

    assert "1 check-in to do. It is late." in page.text
    assert "<b>1 of 2</b>" in page.text
    assert page.text.count('data-state="saved"') == 1
    assert "unverified · ✓ saved" in " ".join(page.text.split())


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


def test_without_a_script_the_address_opens_a_card_or_the_next_one_of_its_client(
    client: Client, ines: User
) -> None:
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

    part = client.get("/?part=counts", headers={"HX-Request": "true"})

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

    assert "Sponsor · 1 late in all · 1 at risk" in squeezed(client.get("/").text)


def test_people_without_a_client_learn_how_to_begin(client: Client, ines: User) -> None:
    assert "/engagements/new/" in client.get("/").text


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
def test_the_first_tab_says_what_it_opens(
    client: Client, ines: User, elsewhere: Role, tab: str
) -> None:
    joins(ines, "Northwind SaaS", Role.VIEWER)
    joins(ines, "Harbor Retail", elsewhere)

    for address in ("/", "/e/northwind/status/"):
        links = r'<a href="/"\s*(?:aria-current="page"\s*)?>\s*([^<]+?)\s*</a>'
        assert tab in re.findall(links, client.get(address).text)


def test_its_queries_do_not_grow_with_its_cards(client: Client, ines: User) -> None:
    member = joins(ines, "Northwind SaaS")
    objective = build.objective(member, build.cycle(member.engagement))
    metric = build.metric(member.engagement)

    def ten_more() -> None:
        with scope(member.engagement_id):
            for number in range(10):
                mine = build.live_key_result(objective, metric)
                if number % 2:
                    post(mine, member, help_needed="Help.", blocker="Blocked.")

    ten_more()
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
