from __future__ import annotations

from checkins.views.check_ins import check_in_create, check_in_preview, check_in_undo

__all__ = [
    "check_in_create",
    "check_in_preview",
    "check_in_undo",
]
