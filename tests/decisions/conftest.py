from __future__ import annotations

from tests.reviews.conftest import alice, bob, clock, lead, onboarding, review

__all__ = ["alice", "bob", "clock", "lead", "onboarding", "review"]
