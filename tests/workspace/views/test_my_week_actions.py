"""A person's own actions wait on My week: overdue or due within seven days, in every client."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from engagements.models import Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act
from tests.workspace.views.conftest import squeezed

HTMX = {"HX-Request": "true"}
SOON = dt.date(2026, 3, 12)
LATER = TUESDAY + dt.timedelta(days=3)


@pytest.fixture
def bobs(client: Client, clock: time_machine.Traveller, bob: Membership) -> Client:
    assert bob.user is not None
    client.force_login(bob.user)
    return client


def test_waits_and_is_counted(bobs: Client, bob: Membership) -> None:
    act(bob, "Ask for an export", due_on=SOON)

    page = bobs.get("/")

    assert "Waiting on you" in squeezed(page.text)
    assert "Action · Northwind SaaS ·" in squeezed(page.text)
    assert "due Thu 12 Mar, in 2 days" in squeezed(page.text)
    assert "Ask for an export" in squeezed(page.text)
    assert (
        '?part=waiting" hx-trigger="action-changed from:body, escalation-changed from:body"'
        in squeezed(page.text)
    )
    assert 'hx-swap="outerHTML">1</span>' in squeezed(page.text)


def test_is_marked_once_its_day_has_gone_by(
    bobs: Client, bob: Membership, clock: time_machine.Traveller
) -> None:
    act(bob, due_on=SOON)
    clock.move_to(LATER)

    page = bobs.get("/")

    assert '<span class="flag">Overdue</span>since Thu 12 Mar, yesterday' in squeezed(page.text)


def test_waits_no_longer_than_a_week_ahead(bobs: Client, bob: Membership) -> None:
    act(bob, "In a week", due_on=dt.date(2026, 3, 17))
    act(bob, "In eight days", due_on=dt.date(2026, 3, 18))

    page = bobs.get("/")

    assert "In a week" in squeezed(page.text)
    assert "In eight days" not in squeezed(page.text)


def test_of_somebody_else_does_not_wait(bobs: Client, alice: Membership) -> None:
    act(alice, "Write to the board", due_on=SOON)

    assert "Write to the board" not in squeezed(bobs.get("/").text)


def test_of_every_client_is_there(bobs: Client, bob: Membership) -> None:
    other = build.engagement("Harbor Retail")
    there = build.member(other, "Bob", Role.CONTRIBUTOR, user=bob.user)
    with scope(other.id):
        act(there, "Count the shops", due_on=SOON)
    act(bob, "Ask for an export", due_on=SOON)

    page = bobs.get("/")

    assert "Action · Harbor Retail" in squeezed(page.text)
    assert "Action · Northwind SaaS" in squeezed(page.text)
    assert "/e/harbor/actions/" in squeezed(page.text)


def test_is_done_there_in_one_click(bobs: Client, bob: Membership) -> None:
    action = act(bob, due_on=SOON)
    done = f"/e/northwind/actions/{action.public_id}/done/"
    assert f'hx-post="{done}"' in squeezed(bobs.get("/").text)

    row = bobs.post(done, {"at": "my-week", "next": "/"}, headers=HTMX)
    counts = bobs.get("/?part=waiting&below", headers=HTMX)
    alone = bobs.get("/?part=waiting", headers=HTMX)

    assert "Northwind SaaS" in row.text
    assert ">Undo<" in row.text
    assert 'hx-swap="outerHTML">0</span>' in counts.text
    assert 'id="waiting-below" hx-swap-oob="true"></span>' in counts.text
    assert "waiting-below" not in alone.text  # a page without cards has no such place


def test_goes_back_to_my_week_without_script(bobs: Client, bob: Membership) -> None:
    action = act(bob, due_on=SOON)

    answer = bobs.post(f"/e/northwind/actions/{action.public_id}/done/", {"next": "/"})

    assert answer["Location"] == "/"


def test_costs_the_same_however_many_wait(bobs: Client, bob: Membership) -> None:
    def ten_more() -> None:
        for _ in range(10):
            act(bob, due_on=SOON)

    ten_more()

    assert_constant_queries(lambda: bobs.get("/"), grow=ten_more, name="my-week-actions")
