from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from engagements.models import Role
from tests import build
from tests.build import PASSWORD
from tests.checkins.posting import TUESDAY
from tests.engagements.conftest import saved

PLACE = {"time_zone": "Europe/Oslo", "country": "NO"}
pytestmark = pytest.mark.django_db


def run(*arguments: str, **options: Any) -> str:
    said = io.StringIO()
    call_command(*arguments, stdout=said, **options)
    return said.getvalue()


def test_the_first_lead_joins_by_the_printed_link(client: Client) -> None:
    said = run("create_lead", "Lea@example.test", client="Harbor", name="Lea")

    path = said.split("http://localhost:8000")[1].strip()
    client.post(path, {"name": "Lea", "password": PASSWORD})
    assert client.get("/e/harbor/members/").status_code == 200
    assert User.objects.get().email == "lea@example.test"


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password from a pipe."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))


@pytest.mark.usefixtures("stdin")
def test_the_first_lead_gets_a_password_from_a_pipe(client: Client) -> None:
    run("create_lead", "lea@example.test", client="Harbor", password=True)

    assert client.login(email="lea@example.test", password=PASSWORD)
    assert client.get("/e/harbor/settings/").status_code == 200


@pytest.mark.usefixtures("stdin")
def test_the_first_person_creates_the_first_engagement_in_the_browser(client: Client) -> None:
    said = run("create_lead", "lea@example.test", name="Lea", password=True)

    assert "create the first engagement" in said
    assert client.login(email="lea@example.test", password=PASSWORD)
    assert 'href="/engagements/new/"' in client.get("/").text
    with pytest.raises(CommandError, match="Set --client"):
        run("create_lead", "bob@example.test", password=True)
    assert client.post("/engagements/new/", {"client_name": "Harbor", **PLACE}).status_code == 302


@pytest.mark.parametrize(
    ("email", "options", "error"),
    [
        ("lea@example.test", {}, "Set --client"),
        ("lea", {"client": "Harbor"}, "valid email"),
        ("lea@example.test", {"client": "H", "password": True}, "12 characters"),
    ],
)
def test_it_refuses(
    monkeypatch: pytest.MonkeyPatch, email: str, options: dict[str, Any], error: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))

    with pytest.raises(CommandError, match=error):
        run("create_lead", email, **options)
    assert not User.objects.exists()


def test_somebody_with_an_account_leads_at_once(client: Client) -> None:
    alice = build.user("Alice")

    assert "signs in as its lead" in run("create_lead", "ALICE@example.test", client="Harbor")

    client.force_login(alice)
    assert client.get("/e/harbor/settings/").status_code == 200


def test_closing_an_account_removes_its_memberships_and_opening_it_restores_those(
    client: Client,
) -> None:
    engagement = build.engagement()
    alice, lead = build.member(engagement, "Alice"), build.member(engagement, "Lead")
    viewer = build.member(build.engagement("Harbor"), "Alice", Role.VIEWER, user=alice.user)
    gone = build.member(build.engagement("Mills"), "Alice", user=alice.user)
    build.change(gone, removed_at=TUESDAY, removed_by=build.member(gone.engagement, "Olga"))
    build.change(engagement, workflow_owner=alice)
    build.metric(engagement, steward=alice)
    build.log_in(client, alice)

    printed = run("disable_user", "Alice@example.test")

    assert "Northwind SaaS: removed Alice, who is steward of 1 metric." in printed
    assert "Harbor: removed Alice, who owns nothing." in printed
    assert [saved(one).removed_at is None for one in (alice, viewer, gone, lead)] == [
        *(False, False, False),
        True,
    ]
    assert saved(engagement).workflow_owner is None
    assert not User.objects.get(email=alice.email).is_active

    printed = run("enable_user", "alice@example.test")

    assert "Northwind SaaS: Alice is program lead again." in printed
    assert [saved(one).removed_at is None for one in (alice, viewer, gone)] == [True, True, False]
    assert User.objects.get(email=alice.email).is_active
    assert "/login/" in client.get("/")["Location"]  # the old session has ended
    with pytest.raises(CommandError, match="is not closed"):
        run("enable_user", "alice@example.test")


def test_the_only_lead_keeps_the_account_as_on_the_page() -> None:
    alice = build.member(build.engagement())
    build.member(build.engagement("Harbor"), user=alice.user)
    build.member(build.engagement("Mills"), "Alice", Role.VIEWER, user=alice.user)

    with pytest.raises(CommandError) as error:
        run("disable_user", "alice@example.test")

    for slug in ("northwind", "harbor"):
        assert f"manage.py make_lead EMAIL {slug}" in str(error.value)
    assert "mills" not in str(error.value)
    assert saved(alice).removed_at is None
    assert User.objects.get(email=alice.email).is_active


@pytest.mark.parametrize("command", ["disable_user", "enable_user"])
def test_an_unknown_address_is_named(command: str) -> None:
    with pytest.raises(CommandError, match="There is no account with the address nobody@"):
        run(command, "nobody@example.test")
