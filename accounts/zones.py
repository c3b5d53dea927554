"""Time zones by the names that people gave, whatever this machine makes of them."""

from __future__ import annotations

import logging
from functools import lru_cache
from zoneinfo import ZoneInfo

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone, or UTC where this machine does not know the name: nobody is left out for it."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):  # "Europe" is a folder
        logger.warning("There is no time zone %r here: its people are told by UTC.", name)
        return ZoneInfo("UTC")
