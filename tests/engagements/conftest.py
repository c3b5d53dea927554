from __future__ import annotations

import pytest
from django.test import Client

from engagements.models import Engagement, Membership
from tests import build


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
