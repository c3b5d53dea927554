from __future__ import annotations

from typing import TypeVar

import pytest
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
