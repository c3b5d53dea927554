from __future__ import annotations

from tests.checkins.views.conftest import clock, signed_in
from tests.reviews.conftest import lead

__all__ = ["clock", "lead", "signed_in"]
