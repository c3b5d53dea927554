"""The rules of a value, and the state that check-ins, corrections and undos add up to (M7.1, M7.8)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from checkins import rules
from checkins.commands import undo_check_in
from checkins.models import CheckIn
from engagements.models import Membership
from metrics.models import Metric
from okrs.models import KeyResult
from scoring import Rag
from tests.checkins.posting import TUESDAY, at, post, stored

ENOUGH = "The form did it."


WEEK = 7 * 24  # hours


@pytest.mark.parametrize(
    ("insight", "next_action", "expected"),
    [
        (ENOUGH, "Wait  and\nsee", ["next action"]),
        ("", " ", ["insight", "next action"]),
        ("Three\u00a0words only", ENOUGH, ["insight"]),
        (ENOUGH, "Roll it out\nnow", []),
    ],
)
def test_under_four_words_is_thin(insight: str, next_action: str, expected: list[str]) -> None:
    words = {"insight": insight, "next_action": next_action}

    assert rules.thin_parts(**words) == expected
    assert rules.is_thin(**words) == bool(expected)


@pytest.mark.parametrize(
    ("low", "high", "actual", "warning"),
    [
        pytest.param(0, 365, 400, "outside the expected range (0–365)", id="M4.5-both"),
        pytest.param(0, None, -1, "below the expected minimum (0)", id="M4.5-minimum"),
        pytest.param(None, 30, 31, "above the expected maximum (30)", id="M4.5-maximum"),
        pytest.param(0, 30, 30, "", id="M4.5-on-the-edge"),
        pytest.param(None, None, 31, "", id="M4.5-no-range"),
    ],
)
def test_a_value_out_of_range_gives_a_warning(
    low: int | None, high: int | None, actual: int, warning: str
) -> None:
    row = KeyResult(metric=Metric(valid_low=low, valid_high=high))

    found = rules.outside_range(row, actual=Decimal(actual))

    assert warning in found
    assert bool(found) is bool(warning)


def look(key_result: KeyResult, actual: str, confidence: int | None = 4) -> rules.Preview:
    day = dt.date(2026, 3, 10)
    return rules.preview(
        key_result=key_result, actual=Decimal(actual), confidence=confidence, day=day
    )


def test_a_preview_shows_the_score_of_a_post_and_writes_nothing(
    onboarding: KeyResult, bob: Membership
) -> None:
    found = look(onboarding, "5.2")

    assert not CheckIn.objects.exists()
    check_in = post(onboarding, bob, actual="5.2")
    assert (found.score, found.rag) == (check_in.score, Rag(check_in.rag))
    assert found.explanation == "(5.2 − 9) ÷ (4 − 9) = 0.76, green from 0.61"
    assert (found.pace, found.on_pace) == (Decimal("0.76"), True)
    assert look(check_in.key_result, "5").was == Decimal("0.76")
    assert look(onboarding, "400").warning.startswith("400 is outside the expected range")
    assert look(onboarding, "5", confidence=None).on_pace is False


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
            rules.RedRun(since=FIRST, reported=2),
            id="M7.1-silent-weeks-stay-red",
        ),
        pytest.param(
            [row(1, FIRST, "red"), row(2, SECOND, "amber"), row(3, SECOND, "red")],
            rules.RedRun(since=FIRST, reported=2),
            id="M7.1-the-last-of-a-week-counts",
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
            rules.RedRun(since=THIRD, reported=1),
            id="M7.8-another-one-undone-in-that-week",
        ),
    ],
)
def test_the_red_weeks_at_the_end(rows: list[CheckIn], expected: rules.RedRun | None) -> None:
    assert rules.red_run(rows) == expected


MONDAY = at("2026-03-09T09:00")


@pytest.mark.parametrize(
    ("script", "checked_in_at"),
    [
        pytest.param([("red", MONDAY), ("red", TUESDAY)], MONDAY, id="M5.9-same-band"),
        pytest.param([("amber", MONDAY), ("red", TUESDAY)], TUESDAY, id="M5.9-another-band"),
        pytest.param(
            [("red", MONDAY), ("amber", TUESDAY), ("undo", TUESDAY)], MONDAY, id="M6.2-undo"
        ),
        pytest.param(
            [("red", MONDAY), ("undo", MONDAY), ("red", TUESDAY)], TUESDAY, id="M6.2-undone"
        ),
        pytest.param(
            [("red", MONDAY - dt.timedelta(weeks=1)), ("red", MONDAY)],
            MONDAY - dt.timedelta(weeks=1),
            id="M5.9-same-band-in-the-next-period",
        ),
    ],
)
def test_the_clock_of_a_band_starts_with_the_check_in_that_brought_it(
    onboarding: KeyResult,
    bob: Membership,
    script: list[tuple[str, dt.datetime]],
    checked_in_at: dt.datetime,
) -> None:
    values = {"red": "8.8", "amber": "7"}
    check_in: CheckIn | None = None
    for step, now in script:
        if step in values:
            check_in = post(onboarding, bob, actual=values[step], now=now)
        elif check_in is not None:
            undo_check_in(check_in=check_in, by=bob, now=now)

    assert (stored(onboarding).rag, stored(onboarding).checked_in_at) == (Rag.RED, checked_in_at)
