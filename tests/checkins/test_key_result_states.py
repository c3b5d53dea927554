"""The stored state of a key result after any posts and undos, against a simple model of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkins.commands import undo_check_in
from checkins.models import CheckIn
from checkins.periods import fill, fillable_periods, rhythm_of
from checkins.rules import UNDO_FOR, recompute_state
from engagements.models import Membership
from okrs.models import KeyResult
from scoring import Rag, linear, rag
from tests import build
from tests.checkins.posting import at, post, stored

MINUTE = dt.timedelta(minutes=1)
FIRST, DUE, WEEK = dt.date(2026, 1, 1), dt.date(2026, 3, 31), dt.timedelta(weeks=1)
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
        self.posted_at: dict[dt.date, dt.datetime] = {}
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
        now += dt.timedelta(hours=hours) if kind == "post" else MINUTE
        is_open = {period.monday for period in fillable_periods(rhythm, now)}
        if kind == "post":
            period = fill(fillable_periods(rhythm, now), set(book.values))
            post(key_result, by, actual=str(value), now=now)
            book.stacks.setdefault(period.monday, []).append(value)
            book.posted_at[period.monday] = now
            book.restored.discard(period.monday)
        elif book.values and max(book.values) in is_open - book.restored:
            if now - book.posted_at[max(book.values)] >= UNDO_FOR:
                continue
            undo(key_result, by, now=now, book=book)
    return book


def is_on_pace(score: Decimal, measured_on: dt.date) -> bool:
    """Read M9.2 in whole hundredths, for a line from 1 January to 31 March and enough confidence."""
    days = min(max((measured_on - FIRST).days, 0), 89)
    line = (2 * 100 * days + 89) // (2 * 89)
    return int(score * 100) >= (0 if line <= 20 else (line * line + 50) // 100)


def silent_on(last: dt.date, measured_on: dt.date) -> dt.date | None:
    """Read M9.2 and M6.3: two missed weeks in a row, or the day after the due date."""
    if measured_on >= DUE:
        return None
    after_due = DUE + dt.timedelta(days=1)
    return min(last + 3 * WEEK, after_due) if last + 2 * WEEK <= DUE else after_due


def undo(key_result: KeyResult, by: Membership, *, now: dt.datetime, book: Book) -> None:
    period = max(book.values)
    in_effect = CheckIn.objects.current().get(key_result=key_result, period=period)
    undo_check_in(check_in=in_effect, by=by, now=now)
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
def test_the_stored_state_is_what_the_history_adds_up_to(
    onboarding: KeyResult, bob: Membership, script: list[Step]
) -> None:
    with transaction.atomic():
        key_result = build.live_key_result(onboarding.objective)

        book = play(key_result, bob, script)

        found = recompute_state(key_result)
        assert stored(key_result) == found
        assert [point[:2] for point in found.trail] == [
            [day.isoformat(), f"{value.normalize():f}"] for day, value in book.values.items()
        ]
        assert found.value == (list(book.values.values())[-1] if book.values else None)
        assert found.red_since == book.red_since()
        key_result.refresh_from_db()
        judged: tuple[bool | None, dt.date | None] = (None, None)
        if found.score is not None and found.period and found.measured_on:
            judged = (
                is_on_pace(found.score, found.measured_on),
                silent_on(found.period, found.measured_on),
            )
        assert (key_result.on_pace, key_result.silent_from) == judged
