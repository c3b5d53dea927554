from __future__ import annotations

from tests.okrs.conftest import cycle, lead, objective

__all__ = ["cycle", "lead", "objective"]
