"""When the story happens, counted back from today on the client's calendar. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from reviews.demo.story import ClientStory, KeyResultStory, Meeting, Person, Told

WEEK = dt.timedelta(days=7)
WEEKS = 13
COMMITTED_AT = dt.time(7, 30)
HELD = dt.timedelta(hours=2)  # from the start of a review until its summary is out


@dataclass(frozen=True, kw_only=True)
class Post:
    """One check-in of the story at the instant at which it is made."""

    at: dt.datetime
    day: dt.date
    key_result: KeyResultStory
    told: Told

    @property
    def author(self) -> Person:
        """The owner; for owners who have not signed in yet the lead writes it down."""
        return self.key_result.owner or Person.LEAD


@dataclass(frozen=True, kw_only=True)
class Span:
    """A cycle's dates, from a Monday to a Sunday, and a name that is true for them."""

    starts_on: dt.date
    ends_on: dt.date

    @property
    def name(self) -> str:
        """ "Sep–Nov 2026", or "Nov 2026–Jan 2027"."""
        first = f"{self.starts_on:%b}"
        if self.starts_on.year != self.ends_on.year:
            first = f"{self.starts_on:%b %Y}"
        return f"{first}–{self.ends_on:%b %Y}"

    def next(self) -> Span:
        return Span(starts_on=self.starts_on + WEEKS * WEEK, ends_on=self.ends_on + WEEKS * WEEK)


def span_of(story: ClientStory, *, now: dt.datetime) -> Span:
    """The cycle in whose week of the story the client is now."""
    starts_on = _monday(story, now=now) - (story.week - 1) * WEEK
    return Span(starts_on=starts_on, ends_on=starts_on + WEEKS * WEEK - dt.timedelta(days=1))


def committed_at(story: ClientStory, *, now: dt.datetime) -> dt.datetime:
    ago = story.week - story.committed_in_week
    return _instant(story, _monday(story, now=now) - ago * WEEK, COMMITTED_AT)


def posts(story: ClientStory, *, now: dt.datetime) -> list[Post]:
    """What was checked in until now, in the order of time."""
    found = [post for one in story.key_results for post in _posts(story, one, now=now)]
    return sorted((post for post in found if post.at <= now), key=lambda post: post.at)


def meetings(story: ClientStory, *, now: dt.datetime) -> list[tuple[dt.datetime, Meeting]]:
    """The reviews that were held and published by now, in the order of time."""
    this_monday = _monday(story, now=now)
    found = []
    for one in story.meetings:
        day = this_monday - one.ago * WEEK + dt.timedelta(days=one.day)
        found.append((_instant(story, day, one.at), one))
    return sorted((pair for pair in found if pair[0] + HELD <= now), key=lambda pair: pair[0])


def _posts(story: ClientStory, key_result: KeyResultStory, *, now: dt.datetime) -> Iterator[Post]:
    this_monday = _monday(story, now=now)
    for told in key_result.told:
        read = told.read
        day = this_monday - read.ago * WEEK + dt.timedelta(days=read.day)
        at = _instant(story, day, read.at or key_result.at)
        yield Post(at=at, day=day, key_result=key_result, told=told)


def _monday(story: ClientStory, *, now: dt.datetime) -> dt.date:
    today = now.astimezone(_zone(story)).date()
    return today - dt.timedelta(days=today.weekday())


def _instant(story: ClientStory, day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, tzinfo=_zone(story)).astimezone(dt.UTC)


def _zone(story: ClientStory) -> ZoneInfo:
    return ZoneInfo(story.settings["time_zone"])
