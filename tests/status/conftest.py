from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from engagements.models import Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY
from tests.northwind import bob, onboarding
from tests.reviews.conftest import review

__all__ = ["bob", "onboarding", "review"]


@pytest.fixture(autouse=True)
def clock(db: None) -> Iterator[time_machine.Traveller]:
    """Tuesday 10 March 2026, 09:40 in Berlin: the week's check-in was due on Monday at 10:00."""
    with time_machine.travel(TUESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def alice(clock: None) -> Iterator[Membership]:
    """The program lead of Northwind; the test runs in the engagement's scope."""
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        yield lead


@pytest.fixture
def dana(alice: Membership) -> Membership:
    """The client: a viewer."""
    return build.member(alice.engagement, "Dana", Role.VIEWER)
