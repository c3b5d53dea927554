"""What M6.4 and M7.7 ask for at an instant, worked out anew, one key result at a time.

Nothing here uses the product's clock: periods, wall clocks and working days are its own, written
the plain way round. It reads the rows as the tables' owner.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

from engagements.models import Engagement, Membership
from okrs.models import Cycle, KeyResult
from tenancy.scoping import unscoped
from tests.escalations.notices import Told

DAY = dt.timedelta(days=1)
RHYTHM = attrgetter("cadence", "time_zone", "due_weekday", "due_time", "opens_days_before")
Known = tuple[str, int, int, dt.date]  # rule, person, subject, period
MAY_READ = {"contributor", "champion", "lead", "sponsor"}


class Span(NamedTuple):
    monday: dt.date
    opens_at: dt.datetime
    due_at: dt.datetime
    closes_at: dt.datetime


class Oracle:
    """Says what is told at an instant where nothing else was told before than `known`."""

    def __init__(self) -> None:
        with unscoped():
            rows = KeyResult.objects.using("owner").select_related(
                "engagement", "objective__cycle", "owner__user", "objective__owner__user"
            )
            self.key_results = list(rows.order_by("id"))
            self.leads: dict[int, list[Membership]] = defaultdict(list)
            leads = Membership.objects.using("owner").filter(role="lead").select_related("user")
            for one in leads:
                self.leads[one.engagement_id].append(one)

    def told(self, now: dt.datetime, known: Collection[Told] = ()) -> set[Told]:
        once = {one[:4] for one in known}
        return {
            one
            for key_result in self.key_results
            if key_result.stage in {"committed", "on_track", "at_risk"}
            and key_result.committed_at is not None
            and key_result.committed_at <= now
            for one in (
                *_to_owner(key_result, now),
                *_missed(key_result, self.leads[key_result.engagement_id], now, once),
            )
            if one[:4] not in once
        }


def _to_owner(key_result: KeyResult, now: dt.datetime) -> Iterator[Told]:
    owner = key_result.owner
    if owner is None or not _hears(owner) or not owner.user.wants_reminders:
        return
    for span in _empty(key_result):
        if not span.opens_at <= now < span.closes_at:
            continue
        at = remind_at(span, engagement=key_result.engagement, person=owner)
        if at <= now < span.due_at and _was_asked(key_result, span):
            yield Told("reminder", owner.pk, key_result.pk, span.monday, at)
        if span.due_at < now and _was_asked(key_result, span):
            yield Told("overdue", owner.pk, key_result.pk, span.monday, span.due_at)


def _missed(
    key_result: KeyResult, leads: Sequence[Membership], now: dt.datetime, known: set[Known]
) -> Iterator[Told]:
    boss = key_result.objective.owner
    recent = _recent_mondays(key_result.engagement, key_result.objective.cycle, now)
    running: list[Span] = []
    for streak in _streaks(key_result, now):
        last = streak[-1]
        if last.monday not in recent:
            continue
        if _wants_digests(boss):
            yield Told("missed", boss.pk, key_result.pk, last.monday, last.closes_at)
        running = streak
    spans = spans_of(key_result.engagement, key_result.objective.cycle)
    if len(running) < 2 or running[-1] != [one for one in spans if one.closes_at <= now][-1]:
        return
    for lead in filter(_wants_digests, leads):
        heard = [("missed_twice", lead.pk, key_result.pk, one.monday) for one in running]
        if known.isdisjoint(heard):
            yield Told(*heard[-1], running[-1].closes_at)


def _streaks(key_result: KeyResult, now: dt.datetime) -> Iterator[list[Span]]:
    """For each missed period all that were missed in a row up to it."""
    empty = set(_empty(key_result))
    streak: list[Span] = []
    for span in spans_of(key_result.engagement, key_result.objective.cycle):
        if span.closes_at <= now:
            streak = [*streak, span] if span in empty and _was_asked(key_result, span) else []
            if streak:
                yield streak


def _empty(key_result: KeyResult) -> list[Span]:
    filled = {point[0] for point in key_result.trail}
    spans = spans_of(key_result.engagement, key_result.objective.cycle)
    return [span for span in spans if span.monday.isoformat() not in filled]


def _was_asked(key_result: KeyResult, span: Span) -> bool:
    """Committed by then, under the rhythm that still holds, and not done (M6.3)."""
    assert key_result.due_on is not None
    spans = spans_of(key_result.engagement, key_result.objective.cycle)
    due = [one.due_at.astimezone(key_result.engagement.zone).date() for one in spans]
    # After its due date it is asked once more.
    if sum(key_result.due_on < day for day in due[: spans.index(span)]) > 0:
        return False
    filled = [point[0] for point in key_result.trail]
    if key_result.is_finished and span.monday.isoformat() > max(filled):
        return False
    marks = (key_result.committed_at, key_result.engagement.rhythm_since)
    return key_result.committed_at is not None and all(
        at <= span.due_at for at in marks if at is not None
    )


def _hears(person: Membership) -> bool:
    signs_in = person.user is not None and person.user.is_active
    return signs_in and person.removed_at is None and person.role in MAY_READ


def _wants_digests(person: Membership) -> bool:
    return _hears(person) and person.user is not None and person.user.wants_digests


def remind_at(span: Span, *, engagement: Engagement, person: Membership) -> dt.datetime:
    assert person.user is not None
    zone, country = engagement.time_zone, engagement.country
    return _remind_at(span, zone, country, person.user.time_zone, person.user.message_at)


@cache
def _remind_at(
    span: Span, zone: str, country: str, own_zone: str, message_at: dt.time
) -> dt.datetime:
    """Back from the due day to the last working day whose message comes in time; where that is
    before the opening, forward from there.
    """
    day = span.due_at.astimezone(ZoneInfo(zone)).date() - DAY
    while not works(day, country) or wall(day, message_at, own_zone) >= span.due_at:
        day -= DAY
    if wall(day, message_at, own_zone) >= span.opens_at:
        return wall(day, message_at, own_zone)
    for ahead in range(30):
        day = span.opens_at.date() + (ahead - 5) * DAY
        at = wall(day, message_at, own_zone)
        if works(day, country) and span.opens_at <= at < span.due_at:
            return at
    return span.opens_at


@cache
def calendar(country: str) -> frozenset[dt.date]:
    try:
        return frozenset(holidays.country_holidays(country, years=range(2025, 2029)))
    except NotImplementedError:
        return frozenset()


def works(day: dt.date, country: str) -> bool:
    weekend = {5, 6} if country == "SA" else {6, 7}
    return day.isoweekday() not in weekend and day not in calendar(country)


@cache
def wall(day: dt.date, time: dt.time, zone: str) -> dt.datetime:
    """The first instant at which the zone's clock shows this; where it skips it, as much later."""
    naive, tz = dt.datetime.combine(day, time), ZoneInfo(zone)
    around = [naive.replace(tzinfo=dt.UTC) + hours * dt.timedelta(hours=1) for hours in (-36, 36)]
    offsets = {at.astimezone(tz).utcoffset() or dt.timedelta() for at in around}
    instants = [(naive - offset).replace(tzinfo=dt.UTC) for offset in offsets]
    shown = [at for at in instants if at.astimezone(tz).replace(tzinfo=None) == naive]
    return min(shown) if shown else max(instants)


def _recent_mondays(engagement: Engagement, cycle: Cycle, now: dt.datetime) -> set[dt.date]:
    """The last two that have closed, as if the cycle went on for half a year."""
    longer = Cycle(starts_on=cycle.starts_on, ends_on=cycle.ends_on + 180 * DAY)
    closed = [one.monday for one in spans_of(engagement, longer) if one.closes_at <= now]
    return set(closed[-2:])


def spans_of(engagement: Engagement, cycle: Cycle) -> list[Span]:
    return _spans(*RHYTHM(engagement), cycle.starts_on, cycle.ends_on)


@cache
def _spans(
    cadence: str, zone: str, weekday: int, time: dt.time, before: int, first: dt.date, last: dt.date
) -> list[Span]:
    """The Mondays in the cycle, or the first after it starts; each closes as the next begins."""
    days = [first + index * DAY for index in range((last - first).days + 90)]
    mondays = [day for day in days if day.weekday() == 0]
    if cadence == "biweekly":
        mondays = mondays[::2]
    if cadence == "monthly":  # the weeks with the month's first due weekday
        mondays = [day for day in mondays if (day + weekday * DAY).day <= 7]
    count = max(1, sum(day <= last for day in mondays))
    midnight = dt.time(0)
    return [
        Span(
            monday,
            wall(monday - before * DAY, midnight, zone),
            wall(monday + weekday * DAY, time, zone),
            wall(mondays[index + 1], midnight, zone),
        )
        for index, monday in enumerate(mondays[:count])
    ]
