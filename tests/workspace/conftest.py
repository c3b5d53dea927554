from __future__ import annotations

from tests.reviews.conftest import alice, bob, onboarding, review

__all__ = ["alice", "bob", "onboarding", "review"]
