"""Moments and weeks as a mail says them, on the clock of its reader."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from okrs.formatting import NO_BREAK, write_day


def moment(at: dt.datetime, *, now: dt.datetime) -> str:
    """ "today 10:00", "tomorrow 10:00", "Mon 16 Mar 10:00"; midnight ends the day before."""
    local, today = timezone.localtime(at), timezone.localdate(now)
    on, time = local.date(), f"{local:%H:%M}"
    if local.time() == dt.time(0):
        on, time = on - dt.timedelta(days=1), "24:00"
    near = {0: "today", 1: "tomorrow"}.get((on - today).days)
    return f"{near or write_day(on, today=today)}{NO_BREAK}{time}"


def week_of(monday: dt.date, *, today: dt.date) -> str:
    """ "the week of 2 Mar"."""
    return f"the week of {write_day(monday, today=today, weekday=False)}"
