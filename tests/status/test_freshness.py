"""When a status page says that the last check-in came."""

from __future__ import annotations

import datetime as dt

from checkins.commands import undo_check_in
from engagements.models import Membership
from status.snapshots import build_snapshot
from tests.checkins.posting import post
from tests.status.quarter import key_result, objective, week


def test_what_was_taken_back_is_no_last_check_in(alice: Membership) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    post(row, alice, actual=1, now=week(9))
    newest = post(row, alice, actual=2, now=week(10))
    undo_check_in(check_in=newest, by=alice, now=week(10) + dt.timedelta(minutes=1))
    now = week(10) + dt.timedelta(hours=2)

    live = build_snapshot(alice.engagement, day=now.date(), is_due=False)

    assert live["stamp"].replace("\u00a0", " ") == "Last check-in 2 Mar 2026, 09:00 CET"


def test_the_last_check_in_is_found_behind_ever_so_many_that_were_taken_back(
    alice: Membership,
) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    post(row, alice, actual=1, now=week(9))
    now = week(10)
    for minutes in range(3):
        now = week(10) + dt.timedelta(minutes=2 * minutes)
        again = post(row, alice, actual=2, now=now)
        undo_check_in(check_in=again, by=alice, now=now + dt.timedelta(minutes=1))

    live = build_snapshot(alice.engagement, day=now.date(), is_due=False)

    assert live["stamp"].replace("\u00a0", " ") == "Last check-in 2 Mar 2026, 09:00 CET"
