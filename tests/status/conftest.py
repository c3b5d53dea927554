from __future__ import annotations

import pytest
from django.test import Client

from engagements.models import Membership, Role
from tests import build
from tests.checkins.views.conftest import clock
from tests.northwind import alice, bob, onboarding
from tests.reviews.conftest import review

__all__ = ["alice", "bob", "clock", "onboarding", "review"]


@pytest.fixture
def dana(alice: Membership) -> Membership:
    """The client: a viewer."""
    return build.member(alice.engagement, "Dana", Role.VIEWER)


@pytest.fixture
def reader(client: Client, dana: Membership) -> Client:
    """Dana's browser."""
    build.log_in(client, dana)
    return client
