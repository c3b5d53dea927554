from __future__ import annotations

from tests.reviews.views.conftest import lead

__all__ = ["lead"]
