from __future__ import annotations

from tests.checkins.views.conftest import clock, signed_in

__all__ = ["clock", "signed_in"]
