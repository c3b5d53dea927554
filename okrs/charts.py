"""Geometry of tracks, sparklines and the history chart: numbers in, SVG coordinates out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, TypedDict

from scoring import format_number

Point = tuple[Decimal, Decimal]

SPARK_WIDTH, SPARK_TOP, SPARK_FOOT = Decimal(120), Decimal(3), Decimal(37)


class Track(TypedDict):
    """A score on a width of 100: width of the bar, paths of the band gaps and of pace."""

    bar: str
    gaps: str
    pace: str


class Sparkline(TypedDict):
    """Paths on 120 by 40: the trace with its gaps, single points, the target."""

    trace: str
    dots: str
    goal: str


@dataclass(frozen=True)
class Axis:
    """A linear map of `low`..`high` to `start`..`end`."""

    low: Decimal
    high: Decimal
    start: Decimal
    end: Decimal

    def place(self, value: Decimal) -> Decimal:
        if self.low == self.high:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def coordinate(value: Decimal) -> str:
    """Write a number for SVG: at most one decimal, no trailing zero, no exponent."""
    written = f"{value:.1f}".removesuffix(".0")
    return "0" if written == "-0" else written


def track(*, score: Decimal | None, pace: Decimal | None, bands: Iterable[Decimal]) -> Track:
    """Draw the bar of the score, gaps at the lower bounds of the bands, a line at pace."""
    inner = [bound for bound in bands if bound < 1]
    return Track(
        bar=coordinate((score or Decimal(0)) * 100),
        gaps="".join(f"M{coordinate(bound * 100)} 6v6" for bound in inner),
        pace="" if pace is None else f"M{coordinate(pace * 100)} 0v18",
    )


def sparkline(
    values: Sequence[Decimal | None], *, goal: Decimal | None = None, periods: int = 0
) -> Sparkline:
    """Draw one value per period, oldest first; None leaves a gap. `periods` is the full width."""
    known = [value for value in values if value is not None]
    span = [*known, goal] if goal is not None else known
    if not span:
        return Sparkline(trace="", dots="", goal="")
    slots = max(periods, len(values)) - 1
    across = Axis(Decimal(0), Decimal(max(slots, 1)), Decimal(0), SPARK_WIDTH)
    up = Axis(min(span), max(span), SPARK_FOOT, SPARK_TOP)
    runs = unbroken(
        None if value is None else (across.place(Decimal(index)), up.place(value))
        for index, value in enumerate(values)
    )
    alone = [run[0] for run in runs if len(run) == 1]
    latest = [runs[-1][-1]] if runs else []
    return Sparkline(
        trace=lines(run for run in runs if len(run) > 1),
        dots=dots(dict.fromkeys([*alone, *latest])),
        goal="" if goal is None else f"M0 {coordinate(up.place(goal))}H{coordinate(SPARK_WIDTH)}",
    )


def unbroken(points: Iterable[Point | None]) -> list[list[Point]]:
    """Split points into runs; None ends a run."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def lines(runs: Iterable[Sequence[Point]]) -> str:
    return "".join(
        "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in run) for run in runs
    )


def dots(points: Iterable[Point]) -> str:
    return "".join(f"M{coordinate(x)} {coordinate(y)}h0" for x, y in points)


CHART_WIDTH, CHART_HEIGHT = Decimal(600), Decimal(256)
NICE_STEPS = tuple(Decimal(step) for step in ("1", "2", "2.5", "5", "10", "20"))
MOST_STEPS = 7
MOST_MONTHS = 3
LABEL_GAP = Decimal(6)  # percent of the height under which two labels would touch
SHORT = ((1_000_000, 1_000_000, "M"), (100_000, 1000, "k"), (0, 1, ""))  # from, unit, sign


@dataclass(frozen=True, kw_only=True)
class History:
    """The data of a chart of one key result over its cycle.

    `readings` holds one pair per period: the value with the day it was measured, or None with the
    period's Monday. `rungs` are thresholds with the score as text. The straight line leads from
    `start` to `goal`.
    """

    readings: Sequence[tuple[dt.date, Decimal | None]]
    starts_on: dt.date
    due_on: dt.date
    today: dt.date
    start: Decimal | None = None
    goal: Decimal | None = None
    rungs: Sequence[tuple[Decimal, str]] = ()

    @property
    def measured(self) -> list[tuple[dt.date, Decimal]]:
        return [(day, value) for day, value in self.readings if value is not None]

    @property
    def missing(self) -> list[dt.date]:
        return [day for day, value in self.readings if value is None]

    @property
    def expected(self) -> Decimal | None:
        """Return the value of the straight line today; None outside its days."""
        if self.start is None or self.goal is None:
            return None
        if not self.starts_on <= self.today <= self.due_on or self.starts_on == self.due_on:
            return None
        share = Decimal((self.today - self.starts_on).days) / (self.due_on - self.starts_on).days
        return self.start + share * (self.goal - self.start)


@dataclass(frozen=True, kw_only=True)
class Label:
    """A text, `at` percent of its axis."""

    at: str
    text: str
    anchor: str = ""


def history_chart(history: History) -> dict[str, Any]:
    """Draw values over the cycle, straight line, today, rungs and labelled axes.

    Paths are on 600 by 256; labels in percent, so that text doesn't scale with the chart.
    """
    ends = [value for value in (history.start, history.goal) if value is not None]
    thresholds = [threshold for threshold, _ in history.rungs]
    heights = [*(value for _, value in history.measured), *ends, *thresholds]
    ticks = nice_ticks(heights or [Decimal(0)])
    days = [history.starts_on, history.due_on, *(day for day, _ in history.measured)]
    across = Axis(_ordinal(min(days)), _ordinal(max(days)), Decimal(0), CHART_WIDTH)
    up = Axis(ticks[0], ticks[-1], CHART_HEIGHT, Decimal(0))
    runs = unbroken(
        None if value is None else (across.place(_ordinal(day)), up.place(value))
        for day, value in history.readings
    )
    now = across.place(_ordinal(history.today))
    is_shown, at = 0 <= now <= CHART_WIDTH, now / CHART_WIDTH * 100
    anchor = "end" if at > 95 else "mid" if at >= 5 else ""
    return {
        "grid": _rules(ticks, up),
        "rungs": _rules(thresholds, up),
        "straight": _straight(history, across=across, up=up),
        "now": f"M{coordinate(now)} 0V{coordinate(CHART_HEIGHT)}" if is_shown else "",
        "trace": lines(run for run in runs if len(run) > 1),
        "dots": dots(point for run in runs for point in run),
        "today": Label(at=coordinate(at), text="today", anchor=anchor) if is_shown else None,
        "values": _tick_labels(ticks, up),
        "marks": _marks(history, up),
        "days": month_labels(min(days), max(days)),
    }


def nice_ticks(values: Sequence[Decimal]) -> list[Decimal]:
    """Return two to eight ticks around all values, in steps of 1, 2, 2.5 or 5."""
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1
    rough = (high - low) / MOST_STEPS
    power = Decimal(10) ** rough.adjusted()
    for step in (nice * power for nice in NICE_STEPS):
        first = (low / step).to_integral_value(ROUND_FLOOR)
        last = (high / step).to_integral_value(ROUND_CEILING)
        if last - first <= MOST_STEPS:
            break
    return [(first + index) * step for index in range(int(last - first) + 1)]


def month_labels(first: dt.date, last: dt.date) -> tuple[Label, ...]:
    """Label the first and last day, and firsts of months between them where there is space."""
    across = Axis(_ordinal(first), _ordinal(last), Decimal(0), Decimal(100))
    days = (first + dt.timedelta(days=after) for after in range(1, (last - first).days + 1))
    months = [(across.place(_ordinal(day)), day) for day in days if day.day == 1]
    inner = [(at, day) for at, day in months if 20 <= at <= 80]
    every = -(-len(inner) // MOST_MONTHS) or 1
    return (
        Label(at="0", text=_day(first)),
        *(Label(at=coordinate(at), text=_day(day), anchor="mid") for at, day in inner[::every]),
        Label(at="100", text=_day(last), anchor="end"),
    )


def _day(on: dt.date) -> str:
    return f"{on.day}\u00a0{on:%b}"


def _ordinal(on: dt.date) -> Decimal:
    return Decimal(on.toordinal())


def _rules(values: Iterable[Decimal], up: Axis) -> str:
    width = coordinate(CHART_WIDTH)
    return "".join(f"M0 {coordinate(up.place(value))}H{width}" for value in values)


def _percent(value: Decimal, up: Axis) -> str:
    return coordinate(up.place(value) / CHART_HEIGHT * 100)


def _straight(history: History, *, across: Axis, up: Axis) -> str:
    if history.start is None or history.goal is None:
        return ""
    first = (across.place(_ordinal(history.starts_on)), up.place(history.start))
    last = (across.place(_ordinal(history.due_on)), up.place(history.goal))
    return lines([[first, last]])


def _marks(history: History, up: Axis) -> tuple[Label, ...]:
    """Label rungs on the right, else target and baseline, where labels don't overlap."""
    marks = [*history.rungs]
    if history.goal is not None and not history.rungs:
        marks.append((history.goal, "target"))
    if history.start is not None:
        marks.append((history.start, "baseline"))
    labels: list[Label] = []
    for value, text in marks:
        at = _percent(value, up)
        if all(abs(Decimal(at) - Decimal(other.at)) >= LABEL_GAP for other in labels):
            labels.append(Label(at=at, text=text))
    return tuple(labels)


def _tick_labels(ticks: Sequence[Decimal], up: Axis) -> tuple[Label, ...]:
    most = max(abs(ticks[0]), abs(ticks[-1]))
    unit, sign = next((unit, sign) for least, unit, sign in SHORT if most >= least)
    return tuple(
        Label(at=_percent(tick, up), text=format_number(tick / unit) + (sign if tick else ""))
        for tick in ticks
    )
