from __future__ import annotations

from collections.abc import Iterator

import pytest

from engagements.models import Membership, Role
from engagements.scoping import scope
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.reviews.meeting import planned


@pytest.fixture
def alice(db: None) -> Iterator[Membership]:
    """The program lead of Northwind; the test runs in the engagement's scope."""
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        yield lead


@pytest.fixture
def bob(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Bob", Role.CONTRIBUTOR)


@pytest.fixture
def onboarding(alice: Membership, bob: Membership) -> KeyResult:
    """Live, Bob's: days from 9 down to 4 in the first quarter of 2026, valid from 0 to 365."""
    objective = build.objective(alice, build.cycle(alice.engagement))
    return build.live_key_result(objective, build.metric(alice.engagement), owner_id=bob.pk)


@pytest.fixture
def review(alice: Membership) -> Review:
    """The March review, planned and not started."""
    return planned(alice)
