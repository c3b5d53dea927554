from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from checkins.commands import answer_help_request, resolve_blocker, undo_check_in
from checkins.periods import Timeliness
from checkins.queries.thread import ThreadEntry
from engagements.models import Membership
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import TUESDAY, at, page_of, post
from tests.query_counts import assert_constant_queries

MINUTE = dt.timedelta(minutes=1)
MONDAY = "2026-03-09"
NEXT_WEEK = at("2026-03-17T09:00")


def thread(key_result: KeyResult, now: dt.datetime = TUESDAY) -> dict[str, ThreadEntry]:
    page = page_of(key_result, now=now)
    return {entry.period.isoformat(): entry for entry in page.thread}


def test_the_thread_has_the_newest_on_top_and_gaps_that_count_red_after_red(
    onboarding: KeyResult, bob: Membership
) -> None:
    """M4.1, M7.1."""
    post(onboarding, bob, actual=9, now=at("2026-02-03T09:00"))
    post(onboarding, bob, actual=5, now=at("2026-02-17T09:00"))

    page = page_of(onboarding, now=TUESDAY)

    newest = [(f"{one.period:%m-%d}", one.is_missed, one.counts_red) for one in page.thread[:6]]
    assert newest == [
        ("03-02", True, False),
        ("02-23", True, False),
        ("02-16", False, False),
        ("02-09", True, True),
        ("02-02", False, False),
        ("01-26", True, False),
    ]
    assert (page.check_ins, page.missed) == (2, 7)


@pytest.mark.parametrize(
    ("cadence", "committed", "periods"),
    [
        pytest.param("weekly", "02-26", ["2026-03-02"], id="none-before-the-commit-nor-open"),
        pytest.param("biweekly", "01-27", ["2026-02-16", "2026-02-02"], id="by-the-present-rhythm"),
    ],
)
def test_these_periods_are_missed(
    onboarding: KeyResult, cadence: str, committed: str, periods: list[str]
) -> None:
    build.change(onboarding, committed_at=at(f"2026-{committed}T12:00"))
    build.change(onboarding.engagement, cadence=cadence)

    assert list(thread(onboarding)) == periods


def test_what_was_superseded_or_undone_stays_readable_and_its_period_may_be_missed(
    onboarding: KeyResult, bob: Membership
) -> None:
    before = NEXT_WEEK - dt.timedelta(weeks=2)
    first, _, third = (post(onboarding, bob, actual=value, now=before) for value in (7, 6, 5))
    restored = undo_check_in(check_in=third, by=bob, now=before)
    check_in = post(onboarding, bob)
    undo = undo_check_in(check_in=check_in, by=bob, now=TUESDAY)

    corrected, undone = thread(onboarding)["2026-03-02"], thread(onboarding)[MONDAY]

    earlier = [(each.check_in, each.undo) for each in (*corrected.earlier, *undone.earlier)]
    assert (corrected.current, undone.current) == (restored, None)
    assert earlier == [(third, restored), (first, None), (check_in, undo)]
    assert [len(each.folded) for each in (corrected, undone)] == [2, 0]
    assert not undone.is_missed
    assert thread(onboarding, now=NEXT_WEEK)[MONDAY].is_missed


@pytest.mark.parametrize(
    ("is_undone", "is_late"),
    [
        pytest.param(False, False, id="M6.3-a-correction-makes-nothing-late"),
        pytest.param(True, True, id="M6.3-the-first-post-was-undone"),
    ],
)
def test_the_first_post_in_effect_is_late_or_not(
    onboarding: KeyResult, bob: Membership, *, is_undone: bool, is_late: bool
) -> None:
    early = at("2026-03-09T09:00")
    first = post(onboarding, bob, now=early)
    if is_undone:
        undo_check_in(check_in=first, by=bob, now=early)
    post(onboarding, bob, now=TUESDAY)

    assert thread(onboarding)[MONDAY].is_late is is_late


@pytest.mark.parametrize(
    "settings", [{"due_weekday": 4, "due_time": dt.time(17)}, {"cadence": "monthly"}]
)
def test_new_settings_leave_what_was_posted_as_it_was(
    onboarding: KeyResult, bob: Membership, settings: dict[str, Any]
) -> None:
    post(onboarding, bob, now=at("2026-02-16T09:55"))
    post(onboarding, bob, now=at("2026-02-24T09:00"))

    build.change(onboarding.engagement, **settings)

    found = thread(onboarding)
    assert found["2026-02-16"].timeliness is Timeliness.ON_TIME
    assert found["2026-02-23"].timeliness is Timeliness.LATE


def test_nothing_is_late_or_missed_that_was_due_before_the_commit(
    onboarding: KeyResult, bob: Membership
) -> None:
    build.change(onboarding, committed_at=at("2026-03-10T08:00"))
    posted = post(onboarding, bob)
    (entry,) = page_of(onboarding, now=TUESDAY + MINUTE).thread
    undo_check_in(check_in=posted, by=bob, now=TUESDAY + MINUTE)

    (after,) = page_of(onboarding, now=NEXT_WEEK).thread

    assert (entry.is_late, after.is_missed) == (False, False)


def test_open_asks_are_shown_until_they_are_closed(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, help_needed="A data person", blocker="No access")
    page = page_of(onboarding, now=TUESDAY)
    (asked,), (blocked,) = page.help_requests, page.blockers

    answer_help_request(help_request=asked, answer="Lena", by=bob, now=TUESDAY)
    resolve_blocker(blocker=blocked, by=bob, now=TUESDAY)
    page = page_of(onboarding, now=TUESDAY)

    assert (asked.text, blocked.text) == ("A data person", "No access")
    assert (page.help_requests, page.blockers) == ([], [])
    assert (page.thread[0].help_requests, page.thread[0].blockers) == ([asked], [blocked])


def test_the_chart_has_a_point_per_check_in_and_a_hole_per_gap(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=7, now=at("2026-02-24T09:00"))
    post(onboarding, bob, actual=6)

    history = page_of(onboarding, now=TUESDAY).history

    assert list(history.readings[-3:]) == [
        (dt.date(2026, 2, 24), Decimal(7)),  # when it was measured
        (dt.date(2026, 3, 2), None),  # the Monday of what was missed
        (dt.date(2026, 3, 10), Decimal(6)),
    ]
    assert (history.start, history.goal) == (Decimal(9), Decimal(4))
    assert history.today == dt.date(2026, 3, 10)


def test_the_chart_keeps_days_in_order_though_two_periods_are_open(
    onboarding: KeyResult, bob: Membership
) -> None:
    row = build.live_key_result(
        onboarding.objective, method="ladder", ladder=[["4", "1.0"], ["6", "0.7"]]
    )
    saturday, days = at("2026-03-14T09:00"), [dt.date(2026, 3, 11), dt.date(2026, 3, 12)]
    for actual, day in ((7, days[1]), (6, days[0])):
        post(row, bob, actual=actual, now=saturday, measured_on=day)

    history = page_of(row, now=saturday).history

    assert history.measured == [(days[0], Decimal(6)), (days[1], Decimal(7))]
    assert list(history.rungs) == [(Decimal(4), "1.00"), (Decimal(6), "0.70")]


def test_it_takes_as_many_queries_however_long_the_thread(
    onboarding: KeyResult, bob: Membership
) -> None:
    onboarding.engagement = bob.engagement  # the gate has read it

    def add(week: int) -> None:
        now = at("2026-01-06T09:00") + dt.timedelta(weeks=week)
        asks = {"help_needed": f"A data person, {week}", "blocker": f"No access, {week}"}
        post(onboarding, bob, now=now, **asks)

    def read() -> None:
        page = page_of(onboarding, now=TUESDAY)
        assert [entry.current.author.name for entry in page.thread if entry.current]
        assert [one.asked_by.name for one in page.help_requests]
        assert [one.opened_by.name for one in page.blockers]
        assert page.key_result.objective.cycle.name
        assert page.key_result.objective.owner.name

    assert_constant_queries(read, add=add, name="key_result_page", rows=3)
