from __future__ import annotations

from tests.checkins.views.conftest import signed_in
from tests.northwind import alice, bob, onboarding

__all__ = ["alice", "bob", "onboarding", "signed_in"]
