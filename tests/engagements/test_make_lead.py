"""An operator makes someone a program lead; the command reads slugs as the tables' owner."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client

from accounts.models import User
from engagements.models import Role
from tests import build
from tests.build import PASSWORD
from tests.checkins.posting import TUESDAY
from tests.engagements.test_operator_commands import run


@pytest.mark.parametrize(
    ("person", "joins"),
    [
        pytest.param({"role": Role.CONTRIBUTOR}, False, id="member"),
        pytest.param({"role": Role.VIEWER, "removed_at": TUESDAY}, False, id="removed"),
        pytest.param({"role": Role.CHAMPION, "user": None}, True, id="placeholder"),
        pytest.param("account", False, id="no-member-with-account"),
        pytest.param(None, True, id="stranger"),
    ],
)
def test_anyone_is_made_lead_by_address(
    committed: str, client: Client, person: dict[str, Any] | str | None, *, joins: bool
) -> None:
    engagement = build.engagement()
    if isinstance(person, dict):
        build.member(engagement, "Bob", **{"email": "bob@example.test", **person})
    elif person:
        build.user("Bob")

    printed = run("make_lead", "Bob@example.test", "northwind")

    if joins:
        path = printed.split("http://localhost:8000")[1].strip()
        client.post(path, {"name": "Bob", "password": PASSWORD})
    else:
        assert printed == "Bob@example.test is a program lead of Northwind SaaS now.\n"
        client.force_login(User.objects.get(email="bob@example.test"))
    assert client.get("/e/northwind/members/hand-over/").status_code == 200


@pytest.mark.parametrize(
    ("email", "slug", "error"),
    [
        ("alice@example.test", "northwind", "Alice is a program lead already."),
        ("bob@example.test", "northwind", "This account is closed. Run enable_user first."),
        ("bob", "northwind", "valid email"),
        ("alice@example.test", "nowhere", "No engagement “nowhere”. There are: northwind."),
    ],
)
def test_a_lead_is_not_made_of(committed: str, email: str, slug: str, error: str) -> None:
    build.member(build.engagement())
    build.user("Bob", is_active=False)

    with pytest.raises(CommandError, match=error):
        run("make_lead", email, slug)
