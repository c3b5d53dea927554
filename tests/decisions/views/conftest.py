from __future__ import annotations

from tests.reviews.views.conftest import clock, lead

__all__ = ["clock", "lead"]
