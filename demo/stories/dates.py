"""When the story happens, counted back from today on the client's calendar. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from demo.stories.story import Answer, ClientStory, KeyResultStory, Meeting, Outcome, Person, Told

WEEK = dt.timedelta(days=7)
WEEKS = 13
COMMITTED_AT = dt.time(7, 30)
HELD = dt.timedelta(hours=2)  # from the start of a review until its summary is out
DAY = dt.timedelta(days=1)
FRESH_AT = dt.time(11, 30)
FRESH = dt.timedelta(hours=2)  # at least so long ago, and a day more at most
TOLD_WEEKS = 3  # of which it is on record who was told what
FRIDAY = 4
AFTER_MESSAGES = dt.time(10, 30)  # of the day
HALF_AN_HOUR = dt.timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Post:
    """One check-in of the story at the instant at which it is made."""

    at: dt.datetime
    day: dt.date
    monday: dt.date  # of the period that it is told of
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
        day = this_monday - one.ago * WEEK + one.day * DAY
        found.append((_instant(story, day, one.at), one))
    return sorted((pair for pair in found if pair[0] + HELD <= now), key=lambda pair: pair[0])


def answers(story: ClientStory, *, now: dt.datetime) -> list[tuple[dt.datetime, Answer]]:
    """What was answered to escalations by now."""
    this_monday = _monday(story, now=now)
    found = []
    for one in story.answers:
        day = this_monday - one.ago * WEEK + one.day * DAY
        found.append((_instant(story, day, one.at), one))
    return [pair for pair in found if pair[0] <= now]


def closes(story: ClientStory, *, now: dt.datetime) -> list[dt.datetime]:
    """When weeks closed since the commit, and the days of checkpoints: what M7 is judged at."""
    weeks = range(story.week - story.committed_in_week)
    days = {_monday(story, now=now) - ago * WEEK for ago in weeks}
    for at, answer in answers(story, now=now):
        if isinstance(answer, Outcome):
            days.add(at.astimezone(_zone(story)).date() + (answer.checkpoint + 1) * DAY)
    instants = (_instant(story, day, dt.time()) for day in days)
    return [at for at in instants if at <= now]


def rounds(story: ClientStory, *, now: dt.datetime) -> list[dt.datetime]:
    """When people were told of check-ins lately: on Fridays, and once these were due."""
    due_weekday, due_time = story.settings["due_weekday"], story.settings["due_time"]
    found = []
    for ago in range(TOLD_WEEKS):
        monday = _monday(story, now=now) - ago * WEEK
        found.append(_instant(story, monday + FRIDAY * DAY - WEEK, AFTER_MESSAGES))
        found.append(_instant(story, monday + due_weekday * DAY, due_time) + HALF_AN_HOUR)
    return [at for at in found if committed_at(story, now=now) < at <= now]


def _posts(story: ClientStory, key_result: KeyResultStory, *, now: dt.datetime) -> Iterator[Post]:
    last = _fresh(story, now=now) if key_result.is_fresh else None
    this_monday = _monday(story, now=last or now)
    for told in key_result.told:
        read = told.read
        monday = this_monday - read.ago * WEEK
        day = monday + read.day * DAY
        at = _instant(story, day, read.at or key_result.at)
        if last is not None and not read.ago:
            day, at = last.astimezone(_zone(story)).date(), last
        yield Post(at=at, day=day, monday=monday, key_result=key_result, told=told)


def _fresh(story: ClientStory, *, now: dt.datetime) -> dt.datetime:
    """The last late morning on the client's clock that is some hours ago."""
    today = now.astimezone(_zone(story)).date()
    days = (today - ago * DAY for ago in range(3))
    return next(at for day in days if (at := _instant(story, day, FRESH_AT)) <= now - FRESH)


def _monday(story: ClientStory, *, now: dt.datetime) -> dt.date:
    today = now.astimezone(_zone(story)).date()
    return today - dt.timedelta(days=today.weekday())


def _instant(story: ClientStory, day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, tzinfo=_zone(story)).astimezone(dt.UTC)


def _zone(story: ClientStory) -> ZoneInfo:
    return ZoneInfo(story.settings["time_zone"])
