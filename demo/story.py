"""The demo as data: its people, its clients, and when their events happen, counted back from today.

Standard library only: `make run` reads it before Django is there.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DAY, WEEK = dt.timedelta(days=1), dt.timedelta(weeks=1)
WEEKS = 13  # of every cycle
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FRESH_AT = dt.time(11, 30)
FRESH = dt.timedelta(hours=2)  # the least age of a fresh check-in; the most is a day more

DOMAIN = "@demo.test"
PASSWORD = "plumbline-demo"  # noqa: S105 - public; production refuses to start with it
PEOPLE = {
    "lead": "Jonas Bauer",
    "consultant": "Ines Marlow",
    "champion": "Lena Cho",
    "sponsor": "Priya Raman",
    "client": "Dana Whitlock",
}
CLIENTS = ("northwind", "harbor", "cedar", "lakeside")


def address(person: str) -> str:
    return f"{person}{DOMAIN}"


@dataclass(frozen=True, kw_only=True)
class Span:
    """A cycle's dates, from a Monday to a Sunday."""

    starts_on: dt.date

    @property
    def ends_on(self) -> dt.date:
        return self.starts_on + WEEKS * WEEK - DAY

    @property
    def name(self) -> str:
        """ "Sep–Nov 2026", or "Nov 2026–Jan 2027"."""
        is_one_year = self.starts_on.year == self.ends_on.year
        first = f"{self.starts_on:%b}" if is_one_year else f"{self.starts_on:%b %Y}"
        return f"{first}–{self.ends_on:%b %Y}"

    def next(self) -> Span:
        return Span(starts_on=self.starts_on + WEEKS * WEEK)


@dataclass(frozen=True, kw_only=True)
class Story:
    """A client in the given week of its cycle, as its file in `stories/` describes it.

    An event's `at` is "now", "fresh" (the latest late morning that is some hours ago), or like
    "3 Mon 09:10": the week of the cycle, the day and the time on the client's clock.
    """

    client_name: str
    slug: str
    week: int
    access: str
    settings: Mapping[str, Any]
    people: Mapping[str, str]
    champions: Mapping[str, str]
    key_results: Mapping[str, Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings["time_zone"])

    def span(self, now: dt.datetime) -> Span:
        return Span(starts_on=self.monday(now) - (self.week - 1) * WEEK)

    def monday(self, now: dt.datetime) -> dt.date:
        today = now.astimezone(self.zone).date()
        return today - today.weekday() * DAY

    def instant(self, day: dt.date, time: dt.time = dt.time.min) -> dt.datetime:
        return dt.datetime.combine(day, time, tzinfo=self.zone).astimezone(dt.UTC)

    def instant_of(self, event: Mapping[str, Any], *, now: dt.datetime) -> dt.datetime:
        """Return when an event happens; `now` for one that is not in the past."""
        if event["at"] == "now":
            return now
        if event["at"] == "fresh":
            return self._fresh(now)
        week, weekday, time = event["at"].split()
        # The weeks of a fresh key result count back from its last check-in, so that none is missing.
        is_fresh = self.key_results.get(event.get("metric", ""), {}).get("is_fresh", False)
        monday = self.monday(self._fresh(now) if is_fresh else now)
        day = monday + (int(week) - self.week) * WEEK + WEEKDAYS.index(weekday) * DAY
        return self.instant(day, dt.time.fromisoformat(time))

    def _fresh(self, now: dt.datetime) -> dt.datetime:
        today = now.astimezone(self.zone).date()
        mornings = (self.instant(today - ago * DAY, FRESH_AT) for ago in range(3))
        return next(at for at in mornings if at <= now - FRESH)


def read_stories() -> list[Story]:
    folder = Path(__file__).parent / "stories"
    texts = ((folder / f"{name}.toml").read_text(encoding="utf-8") for name in CLIENTS)
    return [Story(**tomllib.loads(text, parse_float=Decimal)) for text in texts]
