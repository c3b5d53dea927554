from __future__ import annotations

from checkins.models.asks import Blocker, HelpRequest
from checkins.models.check_ins import CheckIn, CheckInKind, CheckInQuerySet

__all__ = [
    "Blocker",
    "CheckIn",
    "CheckInKind",
    "CheckInQuerySet",
    "HelpRequest",
]
