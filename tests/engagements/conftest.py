from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connections
from django.db.models import Model
from django.test import Client

from engagements.models import Engagement, Membership
from tenancy.scoping import scope
from tests import build

HTMX = {"HX-Request": "true"}
Row = TypeVar("Row", bound=Model)


@pytest.fixture
def engagement(db: None) -> Engagement:
    return build.engagement()


@pytest.fixture
def alice(engagement: Engagement) -> Membership:
    """A lead of Northwind."""
    return build.member(engagement, "Alice")


@pytest.fixture
def lead(engagement: Engagement, client: Client) -> Membership:
    """A lead of Northwind, signed in."""
    return build.sign_in(client, engagement)


def saved(row: Row) -> Row:
    """Return the row as it is stored, with all that its properties join."""
    with scope(getattr(row, "engagement_id", row.pk)):
        return type(row)._default_manager.select_related().get(pk=row.pk)


def at_once(members: list[Membership], doing: Callable[[Membership], Any]) -> list[Any]:
    """Let these members do it at the same time, each on a connection of their own."""
    start = Barrier(len(members), timeout=20)

    def run(member: Membership) -> Any:
        try:
            start.wait()
            with scope(member.engagement_id):
                return doing(member)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(members)) as pool:
        return list(pool.map(run, members))
