from __future__ import annotations

from reviews.views.my_week import my_week

__all__ = ["my_week"]
