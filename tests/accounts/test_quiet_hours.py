from __future__ import annotations

import datetime as dt

import pytest

from accounts.quiet_hours import is_quiet


def clock(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


@pytest.mark.parametrize(
    ("since", "until", "at", "quiet"),
    [
        ("20:00", "07:00", "19:59", False),
        ("20:00", "07:00", "20:00", True),
        ("20:00", "07:00", "23:59", True),
        ("20:00", "07:00", "00:00", True),
        ("20:00", "07:00", "06:59", True),
        ("20:00", "07:00", "07:00", False),
        ("12:00", "14:00", "13:00", True),
        ("12:00", "14:00", "14:00", False),
        ("12:00", "14:00", "20:00", False),
        ("00:00", "08:00", "00:00", True),
        ("20:00", "00:00", "23:00", True),
        ("20:00", "00:00", "00:00", False),
        ("09:00", "09:00", "09:00", False),
    ],
)
def test_a_time_is_quiet_from_the_first_minute_to_before_the_last(
    since: str, until: str, at: str, quiet: bool
) -> None:
    assert is_quiet(clock(at), since=clock(since), until=clock(until)) is quiet
