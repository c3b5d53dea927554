from __future__ import annotations

from notifications.views.profile import profile, sessions_end
from notifications.views.unsubscribe import notices_stop

__all__ = [
    "notices_stop",
    "profile",
    "sessions_end",
]
