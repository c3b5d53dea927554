from __future__ import annotations

from tests.reviews.conftest import alice, bob, onboarding, review
from tests.reviews.views.conftest import clock, lead

__all__ = ["alice", "bob", "clock", "lead", "onboarding", "review"]
