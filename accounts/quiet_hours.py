"""Quiet hours, in which a person gets no emails, in their own time zone (M6.4)."""

from __future__ import annotations

import datetime as dt


def is_quiet(at: dt.time, *, since: dt.time, until: dt.time) -> bool:
    """Whether this time of day lies in them: `since` counts, `until` does not.

    They may run over midnight; where both are the same there are none.
    """
    if since <= until:
        return since <= at < until
    return at >= since or at < until
