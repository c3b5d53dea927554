"""Moments and weeks in emails, on the reader's clock."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from okrs.formatting import NO_BREAK, write_day


def moment(at: dt.datetime, *, now: dt.datetime) -> str:
    """Return "today 10:00", "tomorrow 10:00" or "Mon 16 Mar 10:00"; midnight is 24:00."""
    local, today = timezone.localtime(at), timezone.localdate(now)
    on, time = local.date(), f"{local:%H:%M}"
    if local.time() == dt.time(0):
        on, time = on - dt.timedelta(days=1), "24:00"
    near = {0: "today", 1: "tomorrow"}.get((on - today).days)
    return f"{near or write_day(on, today=today)}{NO_BREAK}{time}"


def week_of(monday: dt.date, *, today: dt.date) -> str:
    """Return "the week of 2 Mar"."""
    return f"the week of {write_day(monday, today=today, weekday=False)}"
