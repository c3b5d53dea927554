"""Timing pages against a bare one.

A ratio is the median over the rounds of a page's time to the bare view's, or least to least where
that is lower: noise only adds. CPU is the same of the thread's own time, without what it waits for
PostgreSQL; a machine that others use moves it least.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.pages.asking import Asker, Page

CALLS = 6  # of one page in a slot
SEED = 2026
FREE = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT set_config")


@dataclass(kw_only=True)
class Timings:
    """Seconds a call by round: on the wall, and of this thread's CPU; queries and bytes of one."""

    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    queries: int = 0
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What a page came out at; `wall` is its median in seconds."""

    name: str
    queries: int
    size: int
    wall: float
    ratio: float
    cpu_ratio: float
    most: float | None
    aim: float | None

    def is_kept(self, *, slack: float) -> bool:
        """By the wall: a query that became slow must show, and CPU does not see it."""
        return self.most is None or self.ratio <= self.most * slack


def compared(pages: Sequence[Page], *, rounds: int, calls: int = CALLS) -> list[Figure]:
    """All pages against the first one, the bare view."""
    ask, chance = Asker(), random.Random(SEED)  # noqa: S311 - an order, no secret
    timings = {page.name: _warmed(page, ask=ask) for page in pages}
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for page in chance.sample(pages, len(pages)):
            _slot(page, timings[page.name], ask=ask, calls=calls)
    gc.unfreeze()
    bare = timings[pages[0].name]
    return [_figure(page, timings[page.name], bare=bare) for page in pages]


def _warmed(page: Page, *, ask: Asker) -> Timings:
    for _ in range(3):
        ask(page)
    with CaptureQueriesContext(connection) as captured:
        _, body = ask(page)
    sent = [query["sql"] for query in captured.captured_queries]
    return Timings(queries=sum(not sql.startswith(FREE) for sql in sent), size=len(body))


def _slot(page: Page, timings: Timings, *, ask: Asker, calls: int) -> None:
    wall, cpu = time.perf_counter(), time.thread_time()
    for _ in range(calls):
        ask(page)
    timings.walls.append((time.perf_counter() - wall) / calls)
    timings.cpus.append((time.thread_time() - cpu) / calls)


def _figure(page: Page, timings: Timings, *, bare: Timings) -> Figure:
    return Figure(
        name=page.name,
        queries=timings.queries,
        size=timings.size,
        wall=median(timings.walls),
        ratio=_ratio(timings.walls, bare.walls),
        cpu_ratio=_ratio(timings.cpus, bare.cpus),
        most=page.most,
        aim=page.aim,
    )


def _ratio(seconds: Sequence[float], bare: Sequence[float]) -> float:
    paired = median(one / base for one, base in zip(seconds, bare, strict=True))
    return min(paired, min(seconds) / min(bare))
