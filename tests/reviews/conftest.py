from __future__ import annotations

import pytest

from engagements.models import Membership
from reviews.models import Review
from tests.northwind import alice, bob, onboarding
from tests.reviews.meeting import planned

__all__ = ["alice", "bob", "onboarding"]


@pytest.fixture
def review(alice: Membership) -> Review:
    """The March review, planned and not started."""
    return planned(alice)
