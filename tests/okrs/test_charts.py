from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from engagements.figure_fields import FigureInput
from engagements.form_fields import ScaleInput
from okrs import charts
from scoring import PLAYBOOK_BANDS

pytestmark = pytest.mark.usefixtures("in_berlin")


def render(source: str, **context: object) -> str:
    return Template("{% load cards %}" + source).render(Context(context))


HUNDRED = SimpleNamespace(scale="hundred", rag_bands=(Decimal("0.4"), Decimal("0.8"), Decimal(1)))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        pytest.param("{% rag 'green' score %}", ">70<", id="M5.7-scale-of-the-engagement"),
        pytest.param("{% rag 'green' score 'unit' %}", ">0.70<", id="M5.7-given-scale"),
        *(
            pytest.param(f"{{% rag '{band}' %}}", f'data-rag="{band}"', id=f"M5.4-{band}")
            for band in ("red", "amber", "green", "stretch")
        ),
        pytest.param("{% rag 'amber' %}", "Amber", id="M5.4-name-of-a-band"),
        pytest.param("{% rag None %}", "No data", id="M5.5-no-data"),
        pytest.param("{% stage 'at_risk' %}", ">At risk</span>", id="M9-stage"),
        pytest.param("{% confidence 3 %}", "Confidence 3 of 5", id="M5.8-confidence"),
        pytest.param("{% track score %}", '"Score 70 of 100, amber."', id="M5.4-own-bands"),
    ],
)
def test_badges_say_what_they_show(source: str, shown: str) -> None:
    assert shown in render(source, score=Decimal("0.70"), engagement=HUNDRED)


def test_a_track_shows_score_and_pace_on_the_bands_of_the_playbook() -> None:
    html = render("{% track score pace=pace %}", score=Decimal("0.75"), pace=Decimal("0.76"))

    assert 'aria-label="Score 0.75 of 1.00, green; pace 0.76."' in html


def test_a_sparkline_names_both_ends_and_escapes_its_title() -> None:
    html = render(
        "{% sparkline values title='<b>' unit='days' goal=goal %}",
        values=[Decimal("2.9"), None, Decimal("1.6")],
        goal=Decimal(1),
    )

    label = "&lt;b&gt;: from 2.9\u00a0days to 1.6\u00a0days; target 1\u00a0day."
    assert f'aria-label="{label}"' in html


def test_a_chart_names_first_and_latest_value_and_the_gaps() -> None:
    drawn = history("9.0", None, "7.2", due_on=dt.date(2026, 3, 4))

    html = render("{% history_chart h title='Wait' unit='days' %}", h=drawn)

    assert "Wait: 9\u00a0days on 5\u00a0Jan, 7.2\u00a0days on 19\u00a0Jan." in html
    assert "is at 6.5\u00a0days today" in html
    assert "No value for 12\u00a0Jan." in html


@pytest.mark.parametrize(
    ("value", "filter", "written"),
    [
        (Decimal("54.50"), "value_with_unit:'percent'", "54.5%"),
        (Decimal("1.6"), "value_with_unit:'days'", "1.6\u00a0days"),
        (Decimal(1), "value_with_unit:'days'", "1\u00a0day"),
        (Decimal(1), "value_with_unit:'ms'", "1\u00a0ms"),
        (Decimal(0), "value_with_unit:'quotes'", "0\u00a0quotes"),
        (Decimal(1420), "value_with_unit:''", "1,420"),
        (Decimal(1), "value_with_unit:'yes/no'", "yes"),
        (Decimal(0), "value_with_unit:'yes/no'", "no"),
        (None, "value_with_unit:'days'", "not measured yet"),
        pytest.param(Decimal("0.6"), "score:'unit'", "0.60", id="M5.7-unit"),
        pytest.param(Decimal("0.6"), "score:'hundred'", "60", id="M5.7-hundred"),
        (None, "score:'unit'", "–"),
        (dt.date(2026, 3, 16), "day", "Mon\u00a016\u00a0Mar"),
        (dt.date(2027, 1, 4), "day", "Mon\u00a04\u00a0Jan\u00a02027"),
        (None, "day", ""),
        (dt.date(2026, 3, 16), "short_day", "16\u00a0Mar"),
        (dt.date(2026, 3, 16), "in_days", "in 6 days"),
        (dt.date(2026, 3, 11), "in_days", "tomorrow"),
        (dt.date(2026, 3, 10), "in_days", "today"),
        (dt.date(2026, 3, 9), "in_days", "yesterday"),
        (dt.date(2026, 3, 7), "in_days", "3 days ago"),
    ],
)
def test_values_scores_and_days_are_written_out(value: object, filter: str, written: str) -> None:
    assert render(f"{{{{ value|{filter} }}}}", value=value) == written


@pytest.mark.parametrize(
    ("zone", "source", "written"),
    [
        ("Europe/Berlin", "{{ at|moment }}", "Tue\u00a017\u00a0Mar\u00a000:30"),
        ("Europe/Berlin", "{{ on|and_in_days:theirs }}", ", yesterday"),
        # There the date is another one, and a distance would be too.
        ("Pacific/Midway", "{{ on|and_in_days:theirs }}", ""),
    ],
)
def test_moments_and_distances_follow_the_zone(zone: str, source: str, written: str) -> None:
    at = dt.datetime(2026, 3, 16, 23, 30, tzinfo=dt.UTC)
    with timezone.override(zone):
        shown = render(source, at=at, on=dt.date(2026, 3, 9), theirs=dt.date(2026, 3, 10))

    assert shown == written


values = st.decimals(min_value=-1_000_000, max_value=1_000_000, places=3)


class CardForm(forms.Form):
    actual = forms.DecimalField(help_text="Read today", widget=FigureInput(unit="days"))
    confidence = forms.ChoiceField(
        choices=[(1, "Very low"), (2, "Low"), (3, "Even"), (4, "Good"), (5, "Very high")],
        widget=ScaleInput,
    )
    note = forms.CharField(required=False, widget=forms.Textarea)


def test_a_field_ties_its_control_to_unit_hint_and_error() -> None:
    html = CardForm({"actual": "x"})["actual"].as_field_group()

    for shown in (
        'class="input input-figure"',
        '<span class="unit">days</span>',
        'aria-describedby="id_actual_helptext id_actual_error"',
        'id="id_actual_helptext"',
        'id="id_actual_error"',
        'aria-invalid="true"',
    ):
        assert shown in html
    assert 'class="input"' in CardForm()["note"].as_field_group()


def test_a_scale_shows_values_and_reads_out_labels() -> None:
    html = CardForm({"confidence": "4"})["confidence"].as_field_group()

    assert html.count('type="radio"') == 5
    assert '4<span class="visually-hidden"> Good</span>' in html
    assert "<span>very low</span><span>very high</span>" in html


def test_a_form_with_errors_links_to_each_field_to_fix() -> None:
    html = CardForm({"actual": "7"}).as_div()

    assert 'role="alert"' in html
    assert '<a href="#id_confidence_0">Confidence</a>' in html
    assert 'href="#id_actual"' not in html


def history(*readings: str | None, **changes: object) -> charts.History:
    """Weekly readings from 5 January on, of a quarter from 9 down to 4."""
    first, week = dt.date(2026, 1, 5), dt.timedelta(weeks=1)
    numbers = [None if reading is None else Decimal(reading) for reading in readings]
    fields = {
        "readings": [(first + at * week, number) for at, number in enumerate(numbers)],
        "starts_on": dt.date(2026, 1, 1),
        "due_on": dt.date(2026, 3, 31),
        "today": dt.date(2026, 2, 1),
        "start": Decimal(9),
        "goal": Decimal(4),
    }
    return charts.History(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "written"),
    [("36.5714", "36.6"), ("100", "100"), ("0", "0"), ("-0.04", "0"), ("1E+2", "100")],
)
def test_coordinates_are_short_and_plain(value: str, written: str) -> None:
    assert charts.coordinate(Decimal(value)) == written


MARKS = "M31 6v6M61 6v6M91 6v6"


@pytest.mark.parametrize(
    ("score", "pace", "bands", "drawn"),
    [
        (Decimal("0.75"), Decimal("0.76"), PLAYBOOK_BANDS, ("75", MARKS, "M76 0v18")),
        (None, None, PLAYBOOK_BANDS, ("0", MARKS, "")),
        (None, None, [Decimal("0.5"), Decimal("1.00")], ("0", "M50 6v6", "")),
    ],
    ids=["score and pace", "no data", "a band that starts at 1 leaves no gap at the edge"],
)
def test_a_track_marks_score_bands_and_pace(
    score: Decimal | None, pace: Decimal | None, bands: Any, drawn: tuple[str, str, str]
) -> None:
    result = charts.track(score=score, pace=pace, bands=bands)

    assert (result["bar"], result["gaps"], result["pace"]) == drawn


@pytest.mark.parametrize(
    ("numbers", "more", "drawn"),
    [
        ([0, 10], {"goal": Decimal(20), "periods": 13}, ("M0 37L10 20", "M10 20h0", "M0 3H120")),
        ([0, 1, None, 1, 0], {}, ("M0 37L30 3M90 3L120 37", "M120 37h0", "")),
        ([1, None, 2, None, 3], {}, ("", "M0 37h0M60 20h0M120 3h0", "")),
        ([5, 5], {}, ("M0 20L120 20", "M120 20h0", "")),
        ([None, None], {}, ("", "", "")),
    ],
    ids=["full width", "a gap", "values between gaps are dots", "no movement", "no value"],
)
def test_a_sparkline_has_one_value_per_period(
    numbers: list[int | None], more: dict[str, Any], drawn: tuple[str, str, str]
) -> None:
    result = charts.sparkline([None if one is None else Decimal(one) for one in numbers], **more)

    assert (result["trace"], result["dots"], result["goal"]) == drawn


def test_a_chart_has_trace_dots_straight_line_and_axes() -> None:
    drawn = charts.history_chart(history("9.0", "8.5", None, "8.4", "8.0"))
    empty = charts.history_chart(history(None, None, start=None, goal=None))
    large = charts.history_chart(history("250000", start=Decimal(200_000), goal=Decimal(500_000)))

    assert (drawn["trace"].count("M"), drawn["dots"].count("M")) == (2, 4)
    assert drawn["straight"] == "M0 0L600 256"
    assert (empty["trace"], empty["straight"]) == ("", "")
    assert len(empty["values"]) >= 2
    assert {label.text for label in large["values"]} >= {"200k", "500k"}


def test_labels_of_rungs_win_over_the_baseline_where_they_meet() -> None:
    rungs = [(Decimal(4), "1.00"), (Decimal(9), "0.30")]

    marks = charts.history_chart(history("8.0", rungs=rungs))["marks"]

    assert [mark.text for mark in marks] == ["1.00", "0.30"]


@pytest.mark.parametrize(
    ("today", "line", "labels"),
    [(dt.date(2026, 2, 15), "M303.4 0V256", ["today"]), (dt.date(2026, 5, 1), "", [])],
)
def test_today_is_a_line_within_the_cycle(today: dt.date, line: str, labels: list[str]) -> None:
    drawn = charts.history_chart(history("9.0", today=today))

    assert drawn["now"] == line
    assert [label.text for label in (drawn["today"],) if label] == labels


@pytest.mark.parametrize(
    ("today", "expected"),
    [(dt.date(2026, 1, 1), 9), (dt.date(2026, 1, 6), 6.5), (dt.date(2026, 1, 12), None)],
)
def test_expected_is_where_the_straight_line_stands(today: dt.date, expected: float) -> None:
    assert history(today=today, due_on=dt.date(2026, 1, 11)).expected == expected


def test_days_are_labelled_by_months() -> None:
    quarter = charts.month_labels(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    year = charts.month_labels(dt.date(2025, 10, 1), dt.date(2026, 9, 30))

    texts = [label.text.replace("\u00a0", " ") for label in quarter]
    assert texts == ["1 Jan", "1 Feb", "1 Mar", "31 Mar"]
    assert len(year) <= 5


@given(st.lists(values, min_size=1, max_size=20))
def test_ticks_are_even_reach_around_all_values_and_stay_few(numbers: list[Decimal]) -> None:
    ticks = charts.nice_ticks(numbers)

    steps = {high - low for low, high in pairwise(ticks)}
    assert len(steps) == 1
    assert min(steps) > 0
    assert ticks[0] <= min(numbers)
    assert max(numbers) <= ticks[-1]
    assert 2 <= len(ticks) <= 8


@given(st.lists(st.none() | values, max_size=60), st.none() | values)
def test_a_sparkline_fits_its_frame(numbers: list[Decimal | None], goal: Decimal | None) -> None:
    drawn = charts.sparkline(numbers, goal=goal)

    points = re.findall(r"[ML](\S+?) (\S+?)(?=[ML]|$)", drawn["trace"])
    assert len(points) == drawn["trace"].count(" ")
    for x, y in points:
        assert 0 <= Decimal(x) <= 120
        assert 3 <= Decimal(y) <= 37
