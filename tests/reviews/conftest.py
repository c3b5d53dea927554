from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from engagements.models import Membership
from reviews.models import Review
from tests.checkins.posting import TUESDAY
from tests.northwind import alice, bob, onboarding
from tests.reviews.meeting import planned

__all__ = ["alice", "bob", "onboarding"]


@pytest.fixture
def review(alice: Membership) -> Review:
    """The March review, planned and not started."""
    return planned(alice)


@pytest.fixture
def clock(db: None) -> Iterator[time_machine.Traveller]:
    """Tuesday 10 March 2026, 09:40 in Berlin."""
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lead(client: Client, clock: time_machine.Traveller, alice: Membership) -> Client:
    """Alice, the program lead, signed in."""
    assert alice.user is not None
    client.force_login(alice.user)
    return client
