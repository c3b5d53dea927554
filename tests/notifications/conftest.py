from __future__ import annotations

from tests.accounts.conftest import alice

__all__ = ["alice"]
