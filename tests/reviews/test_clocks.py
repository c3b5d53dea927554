from __future__ import annotations

import datetime as dt

import pytest

from reviews.clocks import clock_of
from tests.checkins.posting import at


@pytest.mark.parametrize(
    ("started", "closed", "now", "expected"),
    [
        ("", "", "14:00", (45, "planned", "idle")),
        ("14:00", "", "14:00", (45, "of 45 left", "")),
        ("14:00", "", "14:13", (32, "of 45 left", "")),
        ("14:00", "", "14:45", (0, "of 45 left", "")),
        ("14:00", "", "14:50", (5, "over 45", "over")),
        ("14:00", "14:38", "20:00", (38, "of 45 taken", "idle")),
    ],
)
def test_the_clock_ticks_by_the_minute(
    started: str, closed: str, now: str, expected: tuple[int, str, str]
) -> None:
    def moment(text: str) -> dt.datetime | None:
        return at(f"2026-03-10T{text}") if text else None

    clock = clock_of(
        minutes=45,
        started_at=moment(started),
        closed_at=moment(closed),
        now=at(f"2026-03-10T{now}"),
    )

    assert (clock.minutes, clock.words, clock.state) == expected
