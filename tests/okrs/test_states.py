"""The stages that follow from check-ins (M9, M9.1), and values as stored."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import Engagement
from metrics.models import Metric
from okrs.formatting import plain, red_for
from okrs.headlines import count_forecasts
from okrs.models import Forecast, KeyResult, Stage
from okrs.models.key_results import LIVE
from okrs.states import (
    draft_score,
    early_until,
    explain_key_result,
    is_early,
    is_finished,
    judge,
    stage_for,
    weakest,
)
from okrs.weeks import quarter, quarters_from, weeks_red
from scoring import Rag

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 3, 10)  # a Tuesday
LINK = "https://example.test/proof"


START, DUE = dt.date(2026, 1, 1), dt.date(2026, 4, 11)  # a hundred days
LADDER = {"method": "ladder", "ladder": [["4", "1"], ["6", "0.7"], ["8", "0.3"]]}


@pytest.mark.parametrize("now", [*LIVE, Stage.DRAFT, Stage.CLOSED, "learning", "withdrawn"])
@pytest.mark.parametrize(
    ("terms", "score", "confidence", "expected"),
    [
        pytest.param({}, "0.25", 3, "on_track", id="M9.1-enough-at-pace-0.50"),
        pytest.param({}, "0.24", 3, "at_risk", id="M9.1-a-hundredth-short"),
        pytest.param({"commitment": "aspirational"}, "0.15", 3, "on_track", id="M9.1-aspirational"),
        pytest.param({}, "0.90", 2, "at_risk", id="M9.1-low-confidence"),
        pytest.param(LADDER, "0.00", 3, "on_track", id="M9.2-no-rung-due-yet"),
        pytest.param(LADDER | {"baseline": Decimal(8)}, "0.00", 5, "at_risk", id="M9.2-floor"),
        pytest.param(LADDER, "1.00", 2, "at_risk", id="M9.2-ladder-low-confidence"),
        pytest.param({}, None, 3, "committed", id="M9.1-no-score"),
    ],
)
def test_a_live_stage_follows_the_forecast(
    now: str, terms: dict[str, Any], score: str | None, confidence: int, expected: str
) -> None:
    terms = {"baseline": Decimal(9), "target": Decimal(4), "direction": "lower", **terms}
    key_result = KeyResult(starts_on=START, due_on=DUE, **terms)

    on_pace = judge(
        key_result,
        score=None if score is None else Decimal(score),
        confidence=confidence,
        day=dt.date(2026, 2, 20),
    )

    assert stage_for(now, on_pace=on_pace) == (expected if now in LIVE else now)


@pytest.mark.parametrize(
    ("on_pace", "silent_from", "expected"),
    [
        pytest.param(None, None, Forecast.NOT_MEASURED, id="M9.2-without-a-check-in"),
        pytest.param(True, None, Forecast.ON_PACE, id="M9.2-on-pace"),
        pytest.param(False, None, Forecast.BEHIND, id="M9.2-behind"),
        pytest.param(True, TODAY + DAY, Forecast.ON_PACE, id="M9.2-the-day-before"),
        pytest.param(True, TODAY, Forecast.NO_RECENT_UPDATE, id="M9.2-from-that-day"),
        pytest.param(False, TODAY - DAY, Forecast.NO_RECENT_UPDATE, id="M9.2-after-that-day"),
    ],
)
def test_a_forecast_has_four_values(
    on_pace: bool | None, silent_from: dt.date | None, expected: Forecast
) -> None:
    assert KeyResult(on_pace=on_pace, silent_from=silent_from).forecast_on(TODAY) is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"measured_on": DUE - DAY}, False, id="M6.3-before-the-due-date"),
        pytest.param({"measured_on": DUE}, True, id="M6.3-the-value-of-the-due-date"),
        pytest.param({"measured_on": START, "evidence_url": LINK}, True, id="M6.3-yes-proved"),
        pytest.param({"measured_on": START}, False, id="M6.3-yes-without-evidence"),
        pytest.param({"latest_value": Decimal(0), "evidence_url": LINK}, False, id="M6.3-no"),
        pytest.param(
            {"latest_value": Decimal(0), "score": Decimal(1), "evidence_url": LINK},
            False,
            id="M6.3-no-where-lower-is-better",
        ),
        pytest.param(
            {"measured_on": START, "score": Decimal(0), "evidence_url": LINK},
            True,
            id="M6.3-yes-where-lower-is-better",
        ),
        pytest.param({"unit": "days", "evidence_url": LINK}, False, id="M6.3-a-number-goes-on"),
        pytest.param({"latest_value": None, "evidence_url": LINK}, False, id="M6.3-no-value"),
    ],
)
def test_a_finished_key_result_is_no_longer_asked_for(
    values: dict[str, Any], *, expected: bool
) -> None:
    given = {"latest_value": Decimal(1), "unit": "yes/no", **values}
    metric = Metric(unit=given.pop("unit"))

    assert is_finished(KeyResult(metric=metric, due_on=DUE, **given)) is expected


YES_LADDER = {"method": "ladder", "ladder": [["1", "1"]]}
YES_LINE = {"method": "linear", "baseline": Decimal(0), "target": Decimal(1)}
NO_LADDER = {"method": "ladder", "ladder": [["0", "1"]], "direction": "lower"}


@pytest.mark.parametrize(
    ("terms", "actual", "line"),
    [
        (YES_LADDER, 1, "Yes = 1.00, stretch from 0.91"),
        (YES_LADDER, 0, "No = 0.00, red up to 0.30"),
        (YES_LINE, 1, "Yes = 1.00, stretch from 0.91"),
        (YES_LINE, 0, "No = 0.00, red up to 0.30"),
        (NO_LADDER, 1, "Yes = 0.00, red up to 0.30"),
        (NO_LADDER, 0, "No = 1.00, stretch from 0.91"),
        (YES_LADDER, None, "Not scored until the first value."),
    ],
)
def test_a_yes_or_no_is_explained_in_words(
    terms: dict[str, Any], actual: int | None, line: str
) -> None:
    key_result = KeyResult(metric=Metric(unit="yes/no"), **{"direction": "higher", **terms})
    value = None if actual is None else Decimal(actual)

    assert explain_key_result(key_result, actual=value, engagement=Engagement()) == line


@pytest.mark.parametrize("method", ["linear", "ladder"])
def test_red_may_be_early_up_to_pace_0_30_with_any_method(method: str) -> None:
    """M7.2."""
    last = early_until(KeyResult(method=method, starts_on=START, due_on=DUE))

    assert last == START + 30 * DAY


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
    ("rag", "forecast", "pace", "expected"),
    [
        (Rag.RED, Forecast.ON_PACE, "0.49", True),
        (Rag.AMBER, Forecast.ON_PACE, "0", True),
        ("red", "on_pace", "0.20", True),
        (Rag.RED, Forecast.ON_PACE, "0.50", False),
        (Rag.RED, Forecast.ON_PACE, None, False),
        (Rag.GREEN, Forecast.ON_PACE, "0.20", False),
        (Rag.NO_DATA, Forecast.NOT_MEASURED, "0.20", False),
        (Rag.RED, Forecast.BEHIND, "0.20", False),
        (Rag.RED, Forecast.NO_RECENT_UPDATE, "0.20", False),
    ],
)
def test_early_is_red_or_amber_on_pace_before_half_its_time(
    rag: str, forecast: str, pace: str | None, *, expected: bool
) -> None:
    """M12."""
    assert is_early(rag, forecast=forecast, pace=Decimal(pace) if pace else None) is expected


ON, BEHIND, SILENT, NONE = Forecast


@pytest.mark.parametrize(
    ("forecasts", "lines"),
    [
        ([], []),
        ([ON, BEHIND], ["1 of 2 on pace"]),
        ([ON, ON], ["Both on pace"]),
        ([BEHIND] * 3, ["All 3 behind pace"]),
        ([ON], ["On pace"]),
        ([NONE], ["Not measured yet"]),
        ([SILENT, SILENT], ["No recent update"]),
        ([ON, ON, SILENT], ["2 of 3 on pace", "1 of 3 no recent update"]),
        ([BEHIND, NONE, NONE, NONE], ["0 of 4 on pace", "3 of 4 not measured yet"]),
        ([ON, ON, SILENT, SILENT], ["2 of 4 on pace", "2 of 4 no recent update"]),
        (
            [BEHIND, SILENT, NONE],
            ["0 of 3 on pace", "1 of 3 no recent update", "1 of 3 not measured yet"],
        ),
        ([NONE, NONE], ["2 of 2 not measured yet"]),
    ],
)
def test_an_objective_counts_the_forecasts_of_its_key_results(
    forecasts: list[Forecast], lines: list[str]
) -> None:
    """M12."""
    assert count_forecasts(forecasts) == lines


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (["0.00", None, None, None], None),
        (["0.40", None], None),
        (["0.40", "0.60", None], "0.50"),
        (["0.00", "0.00"], "0.00"),
        ([None], None),
        ([], None),
    ],
)
def test_an_objective_has_a_score_once_most_of_it_is_measured(
    scores: list[str | None], expected: str | None
) -> None:
    """M5.6, M12."""
    rows = [KeyResult(score=score and Decimal(score)) for score in scores]

    assert draft_score(rows) == (expected and Decimal(expected))


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
