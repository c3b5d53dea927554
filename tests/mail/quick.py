"""The product's settings with a beat that rings every second, for tests that wait for it."""

from __future__ import annotations

from config.settings import *  # noqa: F403, TID251
from config.settings import CELERY_BEAT_SCHEDULE  # noqa: TID251

for entry in CELERY_BEAT_SCHEDULE.values():
    entry["schedule"] = 1.0
