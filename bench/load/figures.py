"""What was measured, and whether it is what was aimed at."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

RATE, P95 = 150.0, 0.250  # requests a second at least, seconds at most; and no error


class Answer(NamedTuple):
    """One request: its kind, when it began and how long it took, in seconds, and what was wrong."""

    kind: str
    began: float  # since the load began
    seconds: float
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Requests a second, times in seconds, errors."""

    count: int
    rate: float
    p50: float
    p95: float
    p99: float
    errors: int

    @property
    def keep(self) -> bool:
        return self.rate >= RATE and self.p95 <= P95 and not self.errors


def percentile(times: Sequence[float], share: float) -> float:
    """The time within which that share of all was answered (nearest rank); 0 for none."""
    ranked = sorted(times)
    return ranked[max(math.ceil(share * len(ranked)), 1) - 1] if ranked else 0.0


def figures(answers: Sequence[Answer], *, seconds: float, warm_up: float = 0.0) -> Figures:
    """Of what began and ended within the measured span; errors count whenever they come."""
    counted = [
        one for one in answers if one.began >= warm_up and one.began + one.seconds <= seconds
    ]
    times = [one.seconds for one in counted]
    return Figures(
        count=len(counted),
        rate=len(counted) / (seconds - warm_up),
        p50=percentile(times, 0.50),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        errors=sum(bool(one.error) for one in answers),
    )


def table(answers: Sequence[Answer], *, seconds: float, warm_up: float = 0.0) -> Iterator[str]:
    """Markdown: a row for each kind, what took longest in all first, then the total."""
    by_kind: dict[str, list[Answer]] = defaultdict(list)
    for one in answers:
        by_kind[one.kind].append(one)
    yield "| kind | requests | a second | p50 ms | p95 ms | p99 ms | errors |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    spent = {kind: sum(one.seconds for one in found) for kind, found in by_kind.items()}
    for kind in sorted(by_kind, key=lambda kind: -spent[kind]):
        yield _row(kind, figures(by_kind[kind], seconds=seconds, warm_up=warm_up))
    yield _row("**all**", figures(answers, seconds=seconds, warm_up=warm_up))


def verdict(found: Figures) -> Iterator[str]:
    """Each aim, with whether it was kept."""
    for text, kept in (
        (f"at least {RATE:.0f} requests a second: {found.rate:.0f}", found.rate >= RATE),
        (f"p95 at most {P95 * 1000:.0f} ms: {found.p95 * 1000:.0f} ms", found.p95 <= P95),
        (f"no errors: {found.errors}", not found.errors),
    ):
        yield f"{'kept  ' if kept else 'MISSED'} {text}"


def worst_errors(answers: Sequence[Answer], *, most: int = 10) -> list[tuple[str, int]]:
    """The errors that came most often, with their kind and how often."""
    return Counter(f"{one.kind}: {one.error}" for one in answers if one.error).most_common(most)


def _row(kind: str, found: Figures) -> str:
    times = " | ".join(f"{time * 1000:.0f}" for time in (found.p50, found.p95, found.p99))
    return f"| {kind} | {found.count} | {found.rate:.1f} | {times} | {found.errors} |"
