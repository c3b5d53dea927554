"""The stages that follow from check-ins (M9, M9.1), and values as stored."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from okrs.formatting import is_early, plain, red_for
from okrs.models import KeyResult, Stage
from okrs.models.key_results import LIVE
from okrs.states import forecast, stage_for, weakest
from okrs.weeks import quarter, quarters_from, weeks_red
from scoring import PLAYBOOK_BANDS, Rag


@pytest.mark.parametrize("now", [*LIVE, Stage.DRAFT, Stage.CLOSED, "learning", "withdrawn"])
@pytest.mark.parametrize(
    ("method", "score", "confidence", "expected"),
    [
        pytest.param("linear", "0.40", 3, "on_track", id="M9.1-a-tenth-behind"),
        pytest.param("linear", "0.39", 3, "at_risk", id="M9.1-more-than-a-tenth-behind"),
        pytest.param("linear", "0.90", 2, "at_risk", id="M9.1-low-confidence"),
        pytest.param("linear", "0.61", 3, "on_track", id="M9.1-green"),
        pytest.param("ladder", "0.00", 3, "on_track", id="M9.2-ladder-by-confidence"),
        pytest.param("ladder", "1.00", 2, "at_risk", id="M9.2-ladder-low-confidence"),
        pytest.param("linear", None, 3, "committed", id="M9.1-no-score"),
    ],
)
def test_a_live_stage_follows_the_forecast(
    now: str, method: str, score: str | None, confidence: int, expected: str
) -> None:
    on_pace = forecast(
        KeyResult(method=method),
        score=None if score is None else Decimal(score),
        line=Decimal("0.50"),
        confidence=confidence,
        bands=PLAYBOOK_BANDS,
    )

    assert stage_for(now, on_pace=on_pace) == (expected if now in LIVE else now)


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (["on_track", "draft", "at_risk"], "draft"),
        (["on_track", "at_risk", "committed"], "at_risk"),
        (["on_track", "committed"], "committed"),
        (["closed", "on_track", "withdrawn"], "on_track"),
        (["withdrawn"], None),
        ([], None),
    ],
)
def test_an_objective_shows_its_weakest_stage(stages: list[str], expected: str | None) -> None:
    assert weakest(stages) == expected


@pytest.mark.parametrize(
    ("rag", "holds", "expected"),
    [
        (Rag.RED, True, True),
        (Rag.AMBER, True, True),
        ("red", True, True),
        (Rag.GREEN, True, False),
        (Rag.NO_DATA, True, False),
        (Rag.RED, False, False),
        (Rag.AMBER, None, False),
    ],
)
def test_early_is_red_or_amber_on_forecast(rag: str, *, holds: bool | None, expected: bool) -> None:
    assert is_early(rag, forecast_holds=holds) is expected


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, None), ("6.00", "6"), ("-0.0", "0"), ("1E+3", "1000"), ("0.250", "0.25")],
)
def test_a_value_is_kept_in_plain_digits(value: str | None, kept: str | None) -> None:
    assert plain(None if value is None else Decimal(value)) == kept


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("2026-Q1", "2026-01-01 2026-03-31"),
        ("2026-q2", "2026-04-01 2026-06-30"),
        ("2026-Q3", "2026-07-01 2026-09-30"),
        ("2026-Q4", "2026-10-01 2026-12-31"),
    ],
)
def test_a_quarter_is_read_from_its_name(name: str, days: str) -> None:
    found = quarter(name)

    assert found is not None
    assert (found.name, f"{found.starts_on} {found.ends_on}") == (name.upper(), days)


@pytest.mark.parametrize("name", ["Q1 2026", "2026-Q0", "2026-Q5", "0000-Q1", "٢٠٢٦-Q1", ""])
def test_no_other_name_is_a_quarter(name: str) -> None:
    assert quarter(name) is None


@pytest.mark.parametrize(
    ("day", "first", "second", "left"),
    [
        (dt.date(2026, 1, 1), "2026-Q1", "2026-Q2", [12, None]),
        (dt.date(2026, 9, 9), "2026-Q3", "2026-Q4", [3, None]),
        (dt.date(2026, 9, 10), "2026-Q4", "2026-Q3", [None, 3]),
        (dt.date(2026, 9, 30), "2026-Q4", "2026-Q3", [None, 0]),
        (dt.date(2026, 10, 1), "2026-Q4", "2027-Q1", [13, None]),
        (dt.date(2026, 12, 25), "2027-Q1", "2026-Q4", [None, 1]),
        (dt.date(2026, 12, 26), "2027-Q1", "2026-Q4", [None, 0]),
    ],
)
def test_the_current_quarter_with_its_full_weeks_comes_first_until_three_weeks_before_its_end(
    day: dt.date, first: str, second: str, left: list[int | None]
) -> None:
    assert [found.name for found in quarters_from(day)] == [first, second]
    assert [found.weeks_left for found in quarters_from(day)] == left


MONDAYS = {ago: dt.date(2026, 3, 9) - dt.timedelta(weeks=ago) for ago in range(-1, 6)}
TODAY = dt.date(2026, 3, 10)  # a Tuesday


@pytest.mark.parametrize(
    ("since", "last", "ends_on", "weeks"),
    [
        pytest.param(None, 0, None, 0, id="M7.1-not-red"),
        pytest.param(0, 0, None, 1, id="M7.1-this-week-is-the-first"),
        pytest.param(1, 0, None, 2, id="M7.1-two-weeks"),
        pytest.param(1, 1, None, 1, id="M7.1-no-check-in-in-this-week-yet"),
        pytest.param(3, 3, None, 3, id="M7.1-closed-weeks-without-check-in-stay-red"),
        pytest.param(3, 0, None, 4, id="M7.1-four-weeks"),
        pytest.param(0, -1, None, 2, id="M7.1-posted-ahead-from-friday"),
        pytest.param(-1, -1, None, 1, id="M7.1-first-week-posted-ahead"),
        pytest.param(4, 4, dt.date(2026, 2, 22), 2, id="M7.1-ended-on-the-sunday-of-week-two"),
        pytest.param(4, 4, dt.date(2026, 2, 18), 2, id="M7.1-ended-within-week-two"),
        pytest.param(1, 1, dt.date(2026, 3, 12), 1, id="M7.1-ends-this-week-without-check-in"),
        pytest.param(1, 0, dt.date(2026, 3, 12), 2, id="M7.1-ends-this-week-with-check-in"),
    ],
)
def test_closed_weeks_count_and_the_current_one_once_it_has_a_check_in(
    since: int | None, last: int, ends_on: dt.date | None, weeks: int
) -> None:
    red_since = None if since is None else MONDAYS[since]

    found = weeks_red(red_since=red_since, last_week=MONDAYS[last], today=TODAY, ends_on=ends_on)

    assert found == weeks


@pytest.mark.parametrize(
    ("weeks", "text"), [(1, "red for one week"), (2, "red for two weeks"), (12, "red for 12 weeks")]
)
def test_weeks_up_to_ten_are_written_in_words(weeks: int, text: str) -> None:
    assert red_for(weeks) == text
