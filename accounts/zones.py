"""Time zones by name, with a fallback for names that this machine doesn't know."""

from __future__ import annotations

import logging
from functools import lru_cache
from zoneinfo import ZoneInfo

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return the zone, or UTC if this machine doesn't know the name, so that jobs go on."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):  # "Europe" is a folder
        logger.warning("Unknown time zone %r, UTC is used instead.", name)
        return ZoneInfo("UTC")
