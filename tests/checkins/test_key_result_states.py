"""The state of a key result, from all that was posted, corrected and undone (M7.1, M7.8)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkins.commands import undo_check_in
from checkins.models import CheckIn
from checkins.periods import fill, fillable_periods, rhythm_of
from checkins.rules import RedRun, recompute_state, red_run
from engagements.models import Membership
from okrs.models import KeyResult
from okrs.states import KeyResultState
from scoring import Rag, linear, rag
from tests import build
from tests.checkins.posting import TUESDAY, at, post, stored

FIRST, SECOND, THIRD = (dt.date(2026, 2, day) for day in (2, 9, 16))


def row(place: int, week: dt.date, band: str = "", *, undoes: int | None = None) -> CheckIn:
    """Make the row of that place; without a band it undoes the row `undoes`."""
    kind = "update" if band else "undo"
    return CheckIn(pk=place, week=week, rag=band or "red", kind=kind, supersedes_id=undoes)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [row(1, FIRST, "red"), row(2, THIRD, "red")],
            RedRun(since=FIRST, reported=2),
            id="M7.1-silent-weeks-stay-red",
        ),
        pytest.param(
            [row(1, FIRST, "red"), row(2, SECOND, "amber"), row(3, THIRD, "red")],
            RedRun(since=THIRD, reported=1),
            id="M7.1-a-better-week-ends-the-run",
        ),
        pytest.param(
            [row(1, FIRST, "red"), row(2, SECOND, "amber"), row(3, SECOND, "red")],
            RedRun(since=FIRST, reported=2),
            id="M7.1-the-last-of-a-week-counts",
        ),
        pytest.param(
            [row(1, FIRST, "red"), row(2, SECOND, "amber"), row(3, SECOND, undoes=2)],
            RedRun(since=FIRST, reported=1),
            id="M7.8-undone-in-its-week",
        ),
        pytest.param(
            [row(1, FIRST, "red"), row(2, SECOND, undoes=1)],
            None,
            id="M7.8-undone-in-a-later-week-leaves-red",
        ),
        pytest.param(
            [
                *(row(1, FIRST, "red"), row(2, SECOND, undoes=1), row(3, SECOND, "red")),
                *(row(4, SECOND, undoes=3), row(5, THIRD, "red")),
            ],
            RedRun(since=THIRD, reported=1),
            id="M7.8-another-one-undone-in-that-week",
        ),
    ],
)
def test_the_red_weeks_at_the_end(rows: list[CheckIn], expected: RedRun | None) -> None:
    assert red_run(rows) == expected


START = at("2026-01-02T12:00")
Step = tuple[str, int, Decimal]
steps = st.lists(
    st.tuples(
        st.sampled_from(["post", "post", "undo"]),
        st.integers(0, 200),  # hours since the step before
        st.decimals(3, 10, places=1),
    ),
    max_size=12,
)


class Book:
    """A simple model of the state: a stack of values per period."""

    def __init__(self) -> None:
        self.stacks: dict[dt.date, list[Decimal]] = {}
        self.restored: set[dt.date] = set()  # periods that show what an undo put back

    @property
    def values(self) -> dict[dt.date, Decimal]:
        return {day: stack[-1] for day, stack in sorted(self.stacks.items()) if stack}

    def red_since(self) -> dt.date | None:
        since = None
        for day, value in self.values.items():
            is_red = rag(linear(value, baseline=9, target=4)) is Rag.RED
            since = (since or day) if is_red else None
        return since


def play(key_result: KeyResult, by: Membership, script: list[Step]) -> Book:
    book, now = Book(), START
    rhythm = rhythm_of(key_result)
    for kind, hours, value in script:
        now += dt.timedelta(hours=hours)
        is_open = {period.monday for period in fillable_periods(rhythm, now)}
        if kind == "post":
            period = fill(fillable_periods(rhythm, now), set(book.values))
            post(key_result, by, actual=str(value), now=now)
            book.stacks.setdefault(period.monday, []).append(value)
            book.restored.discard(period.monday)
        elif book.values and max(book.values) in is_open - book.restored:
            undo(key_result, by, now=now, book=book)
    return book


def undo(key_result: KeyResult, by: Membership, *, now: dt.datetime, book: Book) -> None:
    period = max(book.values)
    standing = CheckIn.objects.current().get(key_result=key_result, period=period)
    undo_check_in(check_in=standing, by=by, now=now)
    stack = book.stacks[period]
    if len(stack) > 1:
        stack.append(stack[-2])
        book.restored.add(period)
    else:
        stack.clear()


@pytest.fixture(autouse=True)
def lock_order() -> None:
    """Each example is many posts in one transaction, as no process makes them."""


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=steps)
def test_the_stored_standing_is_what_the_history_adds_up_to(
    onboarding: KeyResult, bob: Membership, script: list[Step]
) -> None:
    with transaction.atomic():
        key_result = build.live_key_result(onboarding.objective)

        book = play(key_result, bob, script)

        found = recompute_state(key_result)
        assert stored(key_result) == found
        assert [point[:2] for point in found.trail] == _trail(book)
        assert found.value == (list(book.values.values())[-1] if book.values else None)
        assert found.red_since == book.red_since()


def _trail(book: Book) -> list[list[Any]]:
    return [[day.isoformat(), f"{value.normalize():f}"] for day, value in book.values.items()]


def test_without_a_check_in_there_is_no_data(onboarding: KeyResult) -> None:
    assert recompute_state(onboarding) == KeyResultState() == stored(onboarding)


MONDAY = at("2026-03-09T09:00")
RED, AMBER = "8.8", "7"


def test_a_correction_in_the_same_band_restarts_no_clock(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=RED, now=MONDAY)
    post(onboarding, bob, actual="8.9")

    assert stored(onboarding).checked_in_at == MONDAY


def test_a_correction_into_another_band_starts_its_clock(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=AMBER, now=MONDAY)
    post(onboarding, bob, actual=RED)

    assert stored(onboarding).checked_in_at == TUESDAY


def test_an_undo_restarts_no_clock(onboarding: KeyResult, bob: Membership) -> None:
    """M6.2."""
    post(onboarding, bob, actual=RED, now=MONDAY)
    undo_check_in(check_in=post(onboarding, bob, actual=AMBER), by=bob, now=TUESDAY)

    assert (stored(onboarding).rag, stored(onboarding).checked_in_at) == (Rag.RED, MONDAY)


def test_what_was_taken_back_starts_no_clock(onboarding: KeyResult, bob: Membership) -> None:
    taken_back = post(onboarding, bob, actual=RED, now=MONDAY)
    undo_check_in(check_in=taken_back, by=bob, now=MONDAY)
    post(onboarding, bob, actual=RED)

    assert stored(onboarding).checked_in_at == TUESDAY


def test_the_check_in_of_the_next_period_starts_a_clock_of_its_own(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=RED, now=at("2026-03-02T09:00"))
    post(onboarding, bob, actual=RED, now=MONDAY)

    assert stored(onboarding).checked_in_at == MONDAY
