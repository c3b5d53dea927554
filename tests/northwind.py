"""Fixtures of one client, Northwind; a conftest.py names those that its tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engagements.models import Membership, Role
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build


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
