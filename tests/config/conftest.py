from __future__ import annotations

from tests.northwind import alice, bob, onboarding

__all__ = ["alice", "bob", "onboarding"]
