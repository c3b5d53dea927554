"""Geometry of tracks and sparklines: numbers in, SVG coordinates out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

Point = tuple[Decimal, Decimal]

SPARK_WIDTH, SPARK_TOP, SPARK_FOOT = Decimal(120), Decimal(3), Decimal(37)


@dataclass(frozen=True, kw_only=True)
class Track:
    """A score on a width of 100: width of the bar, paths of the band gaps and of pace."""

    bar: str
    gaps: str
    pace: str


@dataclass(frozen=True, kw_only=True)
class Sparkline:
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
