from __future__ import annotations

from tests.reviews.conftest import lead

__all__ = ["lead"]
