"""The stories that seeded key results tell: check-ins week by week, and the standing they leave.

Each is scored, banded and staged by the functions that a post uses; the statements copy them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from checkins.models import CheckIn
from checkins.thinness import is_thin
from checkins.weeks import red_run
from okrs.models import Direction, KeyResult, Stage
from okrs.standing import early_until, expected_pace, stage_for
from reviews.figures import plain
from reviews.seeding.shapes import COURSES, SHAPES, Course, Shape
from scoring import rag, score

WEEK = dt.timedelta(days=7)
AFTER = dt.timedelta(days=27)  # the cycle ends so long after the running week has begun
NEVER_LEFT_OUT = 4  # of the last weeks, so that what is red is so without a break
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Span:
    """The weeks that are reported: so many before the Monday of the week that runs."""

    monday: dt.date
    weeks: int

    @property
    def starts_on(self) -> dt.date:
        return self.monday - self.weeks * WEEK

    @property
    def ends_on(self) -> dt.date:
        return self.monday + AFTER

    @property
    def mondays(self) -> list[dt.date]:
        return [self.starts_on + index * WEEK for index in range(self.weeks)]


@lru_cache(maxsize=4)
def stories(span: Span) -> tuple[list[Row], list[Row]]:
    """Standings, one per shape and course; and their check-ins, oldest first."""
    standings, posts = [], []
    for place, shape in enumerate(SHAPES):
        for slot, course in enumerate(COURSES):
            named = {"shape": place, "slot": slot}
            own = list(_posts(shape, course, place=place, slot=slot, span=span))
            standings.append(named | _standing(shape, own, span=span))
            posts += [named | post for post in own]
    return standings, posts


def terms(shape: Shape) -> Row:
    """What the score is worked out from, as a key result and its check-ins keep it."""
    return {
        "method": shape.method.value,
        "direction": (Direction.HIGHER if shape.higher_is_better else Direction.LOWER).value,
        "baseline": shape.baseline,
        "target": shape.target,
        "ladder": [list(rung) for rung in shape.rungs],
    }


def _posts(shape: Shape, course: Course, *, place: int, slot: int, span: Span) -> Iterator[Row]:
    left_out = (place * 3 + slot * 5) % (2 * span.weeks)  # every other one misses a week
    for index, monday in enumerate(span.mondays):
        if index == left_out and index < span.weeks - NEVER_LEFT_OUT:
            continue
        actual = shape.value(_way(course, index, weeks=span.weeks, slot=slot))
        found = score(
            method=shape.method,
            actual=actual,
            baseline=shape.baseline,
            target=shape.target,
            rungs=[(Decimal(at), Decimal(gives)) for at, gives in shape.rungs],
            higher_is_better=shape.higher_is_better,
        )
        yield {
            "monday": monday,
            "actual": actual,
            "score": found,
            "rag": rag(found).value,
            "confidence": max(1, course.confidence - (index + slot) % 4 // 3),
            "insight": course.insight,
            "next_action": course.next_action,
            "is_thin": is_thin(insight=course.insight, next_action=course.next_action),
            "evidence_url": "https://example.com/figures" if (place + slot) % 2 else "",
            "minutes": 450 + (place * 13 + slot * 7 + index * 11) % 140,  # of Monday, before ten
            "seconds": 20 + (place * 7 + slot * 3 + index * 5) % 40,
            **terms(shape),
        }


def _way(course: Course, index: int, *, weeks: int, slot: int) -> Decimal:
    ahead = weeks - index  # 1 in the last week
    if ahead <= len(course.last):
        return Decimal(course.last[-ahead])
    sway = Decimal((slot * 7 + index * 5) % 5 - 2) / 100
    return max(Decimal(0), course.way(Decimal(index + 1) / weeks) + sway)


def _standing(shape: Shape, posts: list[Row], *, span: Span) -> Row:
    last = posts[-1]
    reds = red_run([CheckIn(week=one["monday"], rag=one["rag"]) for one in posts])
    row = KeyResult(starts_on=span.starts_on, due_on=span.ends_on, method=shape.method.value)
    line = expected_pace(row, today=last["monday"])
    return last | {
        "stage": stage_for(
            stage=Stage.COMMITTED,
            method=shape.method,
            score=last["score"],
            pace=line or Decimal(0),
            confidence=last["confidence"],
        ).value,
        "early_until": early_until(row),
        "red_since": reds.since if reds else None,
        "red_reported": reds.reported if reds else 0,
        "trail": [[one["monday"], plain(one["actual"]), f"{one['score']:.2f}"] for one in posts],
    }
