from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from engagements.models import Membership
from tests.checkins.posting import TUESDAY


@pytest.fixture(autouse=True)
def clock(db: None) -> Iterator[time_machine.Traveller]:
    """Tuesday 10 March 2026, 09:40 in Berlin: the week's check-in was due on Monday at 10:00."""
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def signed_in(client: Client, bob: Membership) -> Client:
    """Bob, who answers for the key result."""
    assert bob.user is not None
    client.force_login(bob.user)
    return client
