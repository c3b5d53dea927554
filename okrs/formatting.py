"""Texts for values, units, days and drawings, on screens and in emails."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal

from okrs.charts import History
from scoring import Rag, Scale, format_number, format_score, format_unit

NO_BREAK = "\u00a0"
EARLY = "Early, on pace"  # while `is_early`
YES_NO = "yes/no"  # the unit of values that are 1 or 0
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(number: int) -> str:
    """Spell out numbers up to ten."""
    return WORDS[number] if number < len(WORDS) else str(number)


def write_weeks(number: int) -> str:
    """Return "two weeks"."""
    return f"{in_words(number)} week{'' if number == 1 else 's'}"


def red_for(weeks: int) -> str:
    """Return "red for two weeks"."""
    return f"red for {write_weeks(weeks)}"


def write_value(value: Decimal | None, *, unit: str = "") -> str:
    """Write a value with its unit: "54.5%", "1 day", "yes"; "not measured yet" for none (M5.5)."""
    if value is None:
        return "not measured yet"
    if unit == YES_NO:
        return "yes" if value else "no"
    return f"{format_number(value)}{format_unit(sign_of(value, unit=unit))}"


def write_figure(value: Decimal, *, unit: str = "") -> str:
    """Write a value whose unit is written elsewhere: "1,420", "yes" for a yes/no."""
    return write_value(value, unit=unit) if unit == YES_NO else format_number(value)


def write_unit(unit: str) -> str:
    """Write a unit without a value: "%" for percent, nothing for a yes/no."""
    return {"percent": "%", YES_NO: ""}.get(unit, unit)


def sign_of(value: Decimal, *, unit: str) -> str:
    """Return the sign or unit after the value: "%", "day", "days"."""
    return "%" if unit == "percent" else name_unit(value, unit=unit)


def name_unit(value: Decimal, *, unit: str) -> str:
    """Return the unit in singular or plural: "1 day", "2 days"; signs such as "ms" stay."""
    one_of_many = re.match(r"\A[a-z -]{2,}[a-rt-z]s\Z", unit)
    return unit[:-1] if abs(value) == 1 and one_of_many else unit


def write_day(on: dt.date, *, today: dt.date, weekday: bool = True) -> str:
    """Write a day with no-break spaces: "Mon 16 Mar", with the year if it is another one."""
    name = f"{on:%a} " if weekday else ""
    year = "" if on.year == today.year else f" {on.year}"
    return f"{name}{on.day} {on:%b}{year}".replace(" ", NO_BREAK)


def write_due_day(on: dt.date, *, today: dt.date) -> str:
    """Write by when an open action is due: "by 16 Mar", or "overdue since 3 Mar"."""
    day = write_day(on, today=today, weekday=False)
    return f"overdue since {day}" if on < today else f"by {day}"


def write_distance(on: dt.date, *, today: dt.date) -> str:
    """Write how far away a day is: "today", "tomorrow", "in 6 days", "3 days ago"."""
    days = (on - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    if days in near:
        return near[days]
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def write_start(at: dt.datetime, *, today: dt.date, near: bool = False) -> str:
    """Write when something began or takes place: "Mon 16 Mar 10:00", at midnight "Mon 16 Mar".

    The clock is that of `at`. With `near` it is "today 10:00" or "tomorrow 10:00" where it fits.
    """
    day = _write_near(at.date(), today=today, near=near)
    return day if _is_midnight(at) else f"{day}{NO_BREAK}{at:%H:%M}"


def write_end(at: dt.datetime, *, today: dt.date, near: bool = False) -> str:
    """Write a deadline likewise: "Mon 16 Mar 10:00", at midnight "end of Sun 15 Mar"."""
    if not _is_midnight(at):
        return write_start(at, today=today, near=near)
    return f"end of{NO_BREAK}{_write_near(last_day(at), today=today, near=near)}"


def write_due(at: dt.datetime, *, today: dt.date) -> str:
    """Write it after "due": "today by 10:00", "Mon 16 Mar 10:00", "by end of Sun 15 Mar"."""
    end = write_end(at, today=today, near=True)
    if _is_midnight(at):
        return f"by {end}"
    is_near = (at.date() - today).days in (0, 1)
    return f"{write_distance(at.date(), today=today)} by{NO_BREAK}{at:%H:%M}" if is_near else end


def last_day(at: dt.datetime) -> dt.date:
    """Return the day that ends with this deadline: midnight belongs to the day before."""
    return at.date() - dt.timedelta(days=1) if _is_midnight(at) else at.date()


def write_hours(length: dt.timedelta) -> str:
    """Write a span of time: "45 h 56 min", "8 min"."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else ""]
    return " ".join(filter(None, parts))


def describe_track(
    *, score: Decimal | None, rag: Rag, pace: Decimal | None, scale: Scale | str
) -> str:
    """Describe a track: "Score 0.75 of 1.00, green; pace 0.76."."""
    text = "Not measured yet"
    if score is not None:
        most = format_score(1, scale=scale)
        text = f"Score {format_score(score, scale=scale)} of {most}, {rag.label.lower()}"
    return f"{text}." if pace is None else f"{text}; pace {format_score(pace, scale=scale)}."


def describe_trend(
    values: Sequence[Decimal | None], *, title: str, unit: str, goal: Decimal | None
) -> str:
    """Describe a sparkline: "Incidents: from 9 to 5 a month; target 3 a month."."""
    known = [value for value in values if value is not None]
    if not known:
        return f"{title}: not measured yet."
    first, latest = known[0], write_value(known[-1], unit=unit)
    moved = f"from {write_value(first, unit=unit)} to {latest}" if len(known) > 1 else latest
    aim = "" if goal is None else f"; target {write_value(goal, unit=unit)}"
    return f"{title}: {moved}{aim}."


def describe_history(history: History, *, title: str, unit: str) -> str:
    """Describe a history chart: first and latest value, the straight line, the gaps."""

    def short(day: dt.date) -> str:
        return write_day(day, today=history.today, weekday=False)

    measured = history.measured
    ends = measured if len(measured) < 2 else [measured[0], measured[-1]]
    texts = [f"{write_value(value, unit=unit)} on {short(day)}" for day, value in ends]
    sentences = [f"{title}: {', '.join(texts) or 'not measured yet'}."]
    if history.expected is not None:
        expected = write_value(history.expected.quantize(Decimal("0.1")), unit=unit)
        sentences.append(f"The straight line to the target is at {expected} today.")
    if history.missing:
        sentences.append(f"No value for {', '.join(map(short, history.missing))}.")
    return " ".join(sentences)


def _write_near(on: dt.date, *, today: dt.date, near: bool) -> str:
    is_near = near and 0 <= (on - today).days <= 1
    return write_distance(on, today=today) if is_near else write_day(on, today=today)


def _is_midnight(at: dt.datetime) -> bool:
    return (at.hour, at.minute) == (0, 0)  # to the minute, as it is written


def plain(value: Decimal | None) -> str | None:
    """Write a value for JSON: only digits, no trailing zeros."""
    return None if value is None else f"{value.normalize() + 0:f}"
