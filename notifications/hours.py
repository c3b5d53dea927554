"""When people get messages: their hours, and the working days of their clients (M6.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import holidays

from accounts.models import User, is_quiet, zone_of
from engagements.places import country_of, weekend_of

DAY = dt.timedelta(days=1)
GRACE = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Clock:
    """The delivery times of people with the same time zone and hours.

    Their weekend is that of the country in which the zone's city lies.
    """

    zone: str
    message_at: dt.time
    quiet_from: dt.time
    quiet_until: dt.time

    def local(self, now: dt.datetime) -> dt.datetime:
        return now.astimezone(zone_of(self.zone))

    def is_quiet(self, at: dt.time) -> bool:
        return is_quiet(at, since=self.quiet_from, until=self.quiet_until)

    def is_awake(self, now: dt.datetime) -> bool:
        return not self.is_quiet(self.local(now).time())

    def is_weekend(self, day: dt.date) -> bool:
        return day.weekday() in weekend_of(country_of(self.zone))

    def message_of_the_day(self, now: dt.datetime) -> tuple[dt.date, dt.datetime] | None:
        """Return the day whose email is due now and the end of its period, or None.

        Notices due after the hour of the email go into the next day's, even if this one is late.
        An hour within quiet hours moves to their end.
        """
        local = self.local(now)
        until = dt.datetime.combine(local.date(), self._hour, local.tzinfo).astimezone(dt.UTC)
        may = not self.is_weekend(local) and now >= until and self.is_awake(now)
        return (local.date(), until) if may else None

    def next_message(self, now: dt.datetime) -> dt.datetime:
        """Return when the next daily email is sent, if there is anything to send: aware UTC."""
        local = self.local(now)
        days = (local.date() + ahead * DAY for ahead in range(8))
        ahead = (dt.datetime.combine(day, self._hour, local.tzinfo) for day in days)
        return next(at for at in ahead if at > local and not self.is_weekend(at)).astimezone(dt.UTC)

    def waits_until(self, now: dt.datetime, *, is_daily: bool) -> dt.datetime | None:
        """When a message that was made may be sent, if not now: a retry keeps the hours too.

        The message of a day that is over goes no earlier than the next day's, which may take it
        along.
        """
        local = at = self.local(now)
        if self.is_quiet(at.time()):
            is_evening = at.time() >= self.quiet_until
            day = at.date() + DAY if is_evening else at.date()
            at = dt.datetime.combine(day, self.quiet_until, at.tzinfo)
        while is_daily and self.is_weekend(at):
            at = dt.datetime.combine(at.date() + DAY, dt.time(0), at.tzinfo)
        if is_daily and at.time() < self._hour:
            at = self._after_the_hour(at)
        return None if at == local else at.astimezone(dt.UTC)

    def _after_the_hour(self, day: dt.datetime) -> dt.datetime:
        """Return an instant shortly after the gathering, unless it is in quiet hours."""
        hour = dt.datetime.combine(day.date(), self._hour, day.tzinfo)
        return hour if self.is_quiet((hour + GRACE).time()) else hour + GRACE

    @property
    def _hour(self) -> dt.time:
        return self.quiet_until if self.is_quiet(self.message_at) else self.message_at


def clock_of(person: User) -> Clock:
    return Clock(person.time_zone, person.message_at, person.quiet_from, person.quiet_until)


def is_working_day(day: dt.date, country: str) -> bool:
    """`country` is a code of ISO 3166-1 such as "DE"; an unknown one has no holidays."""
    is_weekend = day.weekday() in weekend_of(country)
    return not is_weekend and day not in _holidays(country.upper(), day.year)


def working_days(first: dt.date, last: dt.date, country: str) -> Iterator[dt.date]:
    """Those from the first to the last day, both included, in their order."""
    for days in range((last - first).days + 1):
        day = first + days * DAY
        if is_working_day(day, country):
            yield day


@lru_cache(maxsize=4096)
def _holidays(country: str, year: int) -> frozenset[dt.date]:
    """Public holidays of the whole country, those moved from a weekend included."""
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()
