from __future__ import annotations

from tests.engagements.conftest import alice

__all__ = ["alice"]
