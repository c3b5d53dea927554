"""Working days: Monday to Friday without the public holidays of a country."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

import holidays

FRIDAY = 4
DAY = dt.timedelta(days=1)


def is_working_day(day: dt.date, country: str) -> bool:
    """`country` is a code of ISO 3166-1 such as "DE"; an unknown one has no holidays."""
    return day.weekday() <= FRIDAY and day not in _holidays(country.upper(), day.year)


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
