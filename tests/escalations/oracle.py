"""M7.1, M7.2 and M7.4 read to the letter, week by week from the raw check-ins, in plain Python.

Slow and simple on purpose, and independent of the product: of its code only the pace is used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from scoring import pace
from tests.checkins.generating import Card

DAY, WEEK, QUARTER = dt.timedelta(days=1), dt.timedelta(days=7), dt.timedelta(minutes=15)
EARLY = "0.30"
Weeks = dict[dt.date, bool]


@dataclass
class Expected:
    """An escalation as it ought to be."""

    streak: dt.date
    opened_at: dt.datetime
    activated_at: dt.datetime | None = None
    cause: str = ""
    huddle_due_at: dt.datetime | None = None
    answered: bool = False
    checkpoint_on: dt.date | None = None
    raised_at: dt.datetime | None = None
    raised_for: str = ""
    recovered_at: dt.datetime | None = None
    decided: bool = False

    @property
    def is_open(self) -> bool:
        return self.recovered_at is None and not self.decided


class Reader:
    """Reads one key result's history, and keeps the escalations that follow from it."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.zone = ZoneInfo(card.zone)
        self.expected: list[Expected] = []

    def judge(self, now: dt.datetime) -> None:
        """What a sweep at this instant must do, when none has run since the last one."""
        today = self._day(now)
        this_week = today - DAY * today.weekday()
        weeks = self._weeks(now, this_week=this_week)
        run = _run(weeks)
        for one in self.expected:
            if one.is_open and (not run or run[0] != one.streak):
                one.recovered_at = now
        if not run or this_week - WEEK > self.card.ends_on:
            return
        closed = [week for week in run if week < this_week]
        # In the week after the cycle only what the close of its last week decided.
        reported = this_week in run and this_week <= self.card.ends_on
        # Red was posted after a week that closed red, or a week closed red after a red week.
        is_due = len(closed) >= 2 or (reported and len(closed) == 1)
        if is_due and all(one.streak != run[0] for one in self.expected):
            self.expected.append(Expected(streak=run[0], opened_at=now))
            self._start(self.expected[-1], self._cause(this_week, now=now), now=now)
        for one in self.expected:
            if not one.is_open:
                continue
            # At the first close at which it is not early any more.
            if one.activated_at is None and one.opened_at < self._midnight(this_week):
                self._start(one, self._cause(this_week, now=now), now=now)
            self._raise(one, red_weeks=len(closed) + reported, today=today, now=now)

    def _raise(self, one: Expected, *, red_weeks: int, today: dt.date, now: dt.datetime) -> None:
        is_in_cycle = today - DAY * today.weekday() <= self.card.ends_on
        if one.huddle_due_at is None or one.raised_at is not None or not is_in_cycle:
            return
        is_due, why = red_weeks >= 3 and now >= one.huddle_due_at, "no_plan"
        if one.answered:
            assert one.checkpoint_on is not None
            is_due, why = today > one.checkpoint_on, "checkpoint"
        if is_due:
            one.raised_at, one.raised_for = now, why

    def _start(self, one: Expected, cause: str, *, now: dt.datetime) -> None:
        if cause:
            one.activated_at, one.cause = now, cause
            one.huddle_due_at = huddle_due(now, self.card.zone, self.card.pauses_weekends)

    def _cause(self, this_week: dt.date, *, now: dt.datetime) -> str:
        """Why it is not early as the last week closed; empty where it is."""
        card, closed_at = self.card, self._midnight(this_week)
        row = card.key_result
        if card.setting == "strict":
            return "strict"
        assert row.starts_on is not None
        assert row.due_on is not None
        line = pace(start=row.starts_on, due=row.due_on, today=this_week - DAY)
        is_silent = row.silent_from is not None and row.silent_from <= this_week
        if f"{line:.2f}" > EARLY and (is_silent or not row.on_pace):
            return "pace"
        if self._confidence(now) < 3:
            return "confidence"
        for opened_at, resolved_at in card.blockers:
            if opened_at < closed_at and not (resolved_at and resolved_at < closed_at):
                return "blocker"
        return ""

    def _confidence(self, now: dt.datetime) -> int:
        """Of the check-in that stands for the newest period."""
        standing: dict[dt.date, int | None] = {}
        for post in self.card.posts:
            if post.posted_at <= now:
                standing[post.period] = post.confidence if post.kind == "update" else None
        newest = max(period for period, said in standing.items() if said is not None)
        said = standing[newest]
        assert said is not None
        return said

    def _weeks(self, now: dt.datetime, *, this_week: dt.date) -> Weeks:
        """Each week from the first check-in on: red or not; the open one only if reported."""
        said = dict(self._said(now))
        weeks: Weeks = {}
        if not said:
            return weeks
        week, was_red = min(said), False
        while week <= max(this_week, *said):
            report = said.get(week)
            if report is None and week >= this_week:
                break
            weeks[week] = was_red = was_red if report is None else report == "red"
            week += WEEK
        return weeks

    def _said(self, now: dt.datetime) -> Iterator[tuple[dt.date, str | None]]:
        """By week the band that stands; none where what was said was taken back in its week.

        What is taken back in a later week leaves red in that one.
        """
        week_of: dict[int, dt.date] = {}
        left: set[dt.date] = set()
        for post in self.card.posts:
            if post.posted_at > now:
                return
            day = self._day(post.posted_at)
            week = post.period if day <= post.period + 6 * DAY else day - DAY * day.weekday()
            week_of[post.pk] = week
            if post.kind == "update":
                yield week, post.rag
            else:
                assert post.supersedes_id is not None
                if week_of[post.supersedes_id] != week:
                    left.add(week)
                yield week, "no data" if week in left else None

    def _day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zone).date()

    def _midnight(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(0), self.zone).astimezone(dt.UTC)


def _run(weeks: Weeks) -> list[dt.date]:
    """The red weeks in a row at the end; none where the last one is not red."""
    run: list[dt.date] = []
    for week, is_red in weeks.items():
        run = [*run, week] if is_red else []
    return run


@lru_cache(maxsize=1000)
def huddle_due(now: dt.datetime, zone: str, pauses_weekends: bool) -> dt.datetime:
    """48 hours on, counted by the quarter of an hour."""
    at, left = now, 48 * 4
    while left:
        is_paused = pauses_weekends and at.astimezone(ZoneInfo(zone)).weekday() >= 5
        at, left = at + QUARTER, left - (not is_paused)
    return at
