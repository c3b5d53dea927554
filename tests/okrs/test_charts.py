from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django import forms
from django.template import Context, Template
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from engagements.form_fields import FigureInput, ScaleInput
from okrs.charts import (
    History,
    coordinate,
    history_chart,
    month_labels,
    nice_ticks,
    sparkline,
    track,
)
from scoring import PLAYBOOK_BANDS

pytestmark = pytest.mark.usefixtures("_in_march")


@pytest.fixture
def _in_march() -> object:
    with time_machine.travel(dt.datetime(2026, 3, 10, 9, 40, tzinfo=dt.UTC), tick=False):
        yield


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
    history = History(
        readings=[
            (dt.date(2026, 2, 23), Decimal(9)),
            (dt.date(2026, 3, 2), None),
            (dt.date(2026, 3, 9), Decimal("7.2")),
        ],
        starts_on=dt.date(2026, 2, 18),
        due_on=dt.date(2026, 3, 30),
        today=dt.date(2026, 3, 10),
        start=Decimal(9),
        goal=Decimal(4),
    )

    html = render("{% history_chart h title='Wait' unit='days' %}", h=history)

    assert "Wait: 9\u00a0days on 23\u00a0Feb, 7.2\u00a0days on 9\u00a0Mar." in html
    assert "is at 6.5\u00a0days today" in html
    assert "No value for 2\u00a0Mar." in html


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (Decimal("54.50"), "percent", "54.5\u00a0%"),
        (Decimal("1.6"), "days", "1.6\u00a0days"),
        (Decimal(1), "days", "1\u00a0day"),
        (Decimal(1), "ms", "1\u00a0ms"),
        (Decimal(0), "quotes", "0\u00a0quotes"),
        (Decimal(1420), "", "1,420"),
        (Decimal(1), "yes/no", "yes"),
        (Decimal(0), "yes/no", "no"),
        (None, "days", "no value yet"),
    ],
)
def test_a_value_carries_its_unit(value: Decimal | None, unit: str, written: str) -> None:
    assert render("{{ value|value_with_unit:unit }}", value=value, unit=unit) == written


@pytest.mark.parametrize(
    ("score", "scale", "written"),
    [(Decimal("0.6"), "unit", "0.60"), (Decimal("0.6"), "hundred", "60"), (None, "unit", "–")],
)
def test_a_score_stands_on_its_scale(score: Decimal | None, scale: str, written: str) -> None:
    assert render("{{ score|score:scale }}", score=score, scale=scale) == written


@pytest.mark.parametrize(
    ("source", "on", "written"),
    [
        ("{{ on|day }}", dt.date(2026, 3, 16), "Mon 16 Mar"),
        ("{{ on|day }}", dt.date(2027, 1, 4), "Mon 4 Jan 2027"),
        ("{{ on|day }}", None, ""),
        ("{{ on|short_day }}", dt.date(2026, 3, 16), "16 Mar"),
        ("{{ on|in_days }}", dt.date(2026, 3, 16), "in 6 days"),
        ("{{ on|in_days }}", dt.date(2026, 3, 11), "tomorrow"),
        ("{{ on|in_days }}", dt.date(2026, 3, 10), "today"),
        ("{{ on|in_days }}", dt.date(2026, 3, 9), "yesterday"),
        ("{{ on|in_days }}", dt.date(2026, 3, 7), "3 days ago"),
    ],
)
def test_days_are_written_with_no_break_and_a_year_if_it_is_another(
    source: str, on: dt.date | None, written: str
) -> None:
    shown = render(source, on=on)

    assert shown.replace("\u00a0", " ") == written
    assert "in_days" in source or " " not in shown


def test_a_moment_is_told_on_the_clock_of_the_active_zone() -> None:
    at = dt.datetime(2026, 3, 16, 23, 30, tzinfo=dt.UTC)

    with timezone.override("Europe/Berlin"):
        assert render("{{ at|moment }}", at=at) == "Tue\u00a017\u00a0Mar\u00a000:30"


def test_beside_a_date_no_distance_is_told_while_the_calendars_differ() -> None:
    on, theirs = dt.date(2026, 3, 9), dt.date(2026, 3, 10)
    source = "{{ on|and_in_days:theirs }}"

    assert render(source, on=on, theirs=theirs) == ", yesterday"
    with timezone.override("Pacific/Midway"):
        assert render(source, on=on, theirs=theirs) == ""


class CardForm(forms.Form):
    actual = forms.DecimalField(help_text="Read today", widget=FigureInput(unit="days"))
    confidence = forms.ChoiceField(
        choices=[(1, "Very low"), (2, "Low"), (3, "Even"), (4, "Good"), (5, "Very high")],
        widget=ScaleInput,
    )
    note = forms.CharField(required=False, widget=forms.Textarea)


def test_a_field_ties_its_control_to_unit_hint_and_error() -> None:
    html = CardForm({"actual": "x"})["actual"].as_field_group()

    assert 'class="input input-figure"' in html
    assert '<span class="unit">days</span>' in html
    assert 'aria-describedby="id_actual_helptext id_actual_error"' in html
    assert 'id="id_actual_helptext"' in html
    assert 'id="id_actual_error"' in html
    assert 'aria-invalid="true"' in html
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


values = st.decimals(min_value=-1_000_000, max_value=1_000_000, places=3)


def history(*readings: str | None, **changes: object) -> History:
    first = dt.date(2026, 1, 5)
    given_values = {
        "readings": [
            (first + dt.timedelta(weeks=week), None if reading is None else Decimal(reading))
            for week, reading in enumerate(readings)
        ],
        "starts_on": dt.date(2026, 1, 1),
        "due_on": dt.date(2026, 3, 31),
        "today": dt.date(2026, 2, 1),
        "start": Decimal(9),
        "goal": Decimal(4),
    }
    return History(**{**given_values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "written"),
    [("36.5714", "36.6"), ("100", "100"), ("0", "0"), ("-0.04", "0"), ("1E+2", "100")],
)
def test_coordinates_are_short_and_plain(value: str, written: str) -> None:
    assert coordinate(Decimal(value)) == written


@pytest.mark.parametrize(
    ("score", "pace", "bands", "drawn"),
    [
        ("0.75", "0.76", PLAYBOOK_BANDS, ("75", "M31 6v6M61 6v6M91 6v6", "M76 0v18")),
        (None, None, PLAYBOOK_BANDS, ("0", "M31 6v6M61 6v6M91 6v6", "")),
        (None, None, [Decimal("0.5"), Decimal("1.00")], ("0", "M50 6v6", "")),
    ],
    ids=["score and pace", "no data", "a band that starts at 1 leaves no gap at the edge"],
)
def test_a_track_marks_score_bands_and_pace(
    score: str | None, pace: str | None, bands: Any, drawn: tuple[str, str, str]
) -> None:
    number = Decimal(score) if score else None
    result = track(score=number, pace=Decimal(pace) if pace else None, bands=bands)

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
    result = sparkline([None if one is None else Decimal(one) for one in numbers], **more)

    assert (result["trace"], result["dots"], result["goal"]) == drawn


def test_a_chart_has_trace_dots_straight_line_and_axes() -> None:
    drawn = history_chart(history("9.0", "8.5", None, "8.4", "8.0"))
    empty = history_chart(history(None, None, start=None, goal=None))
    large = history_chart(history("250000", start=Decimal(200_000), goal=Decimal(500_000)))

    assert (drawn["trace"].count("M"), drawn["dots"].count("M")) == (2, 4)
    assert drawn["straight"] == "M0 0L600 256"
    assert (empty["trace"], empty["straight"]) == ("", "")
    assert len(empty["values"]) >= 2
    assert {label.text for label in large["values"]} >= {"200k", "500k"}


def test_labels_of_rungs_win_over_the_baseline_where_they_meet() -> None:
    rungs = [(Decimal(4), "1.00"), (Decimal(9), "0.30")]

    marks = history_chart(history("8.0", rungs=rungs))["marks"]

    assert [mark.text for mark in marks] == ["1.00", "0.30"]


def test_today_is_a_line_within_the_cycle() -> None:
    inside = history_chart(history("9.0", today=dt.date(2026, 2, 15)))
    outside = history_chart(history("9.0", today=dt.date(2026, 5, 1)))

    assert inside["now"] == "M303.4 0V256"
    assert inside["today"] is not None
    assert inside["today"].text == "today"
    assert (outside["now"], outside["today"]) == ("", None)


def test_expected_is_where_the_straight_line_stands() -> None:
    halfway = history(starts_on=dt.date(2026, 1, 1), due_on=dt.date(2026, 1, 11))

    assert history(**{"today": dt.date(2026, 1, 1)}).expected == 9
    assert History(**{**vars(halfway), "today": dt.date(2026, 1, 6)}).expected == Decimal("6.5")
    assert history(today=dt.date(2026, 4, 1)).expected is None


def test_days_are_labelled_by_months() -> None:
    quarter = month_labels(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    year = month_labels(dt.date(2025, 10, 1), dt.date(2026, 9, 30))

    texts = [label.text.replace("\u00a0", " ") for label in quarter]
    assert texts == ["1 Jan", "1 Feb", "1 Mar", "31 Mar"]
    assert len(year) <= 5


@given(st.lists(values, min_size=1, max_size=20))
def test_ticks_are_even_reach_around_all_values_and_stay_few(numbers: list[Decimal]) -> None:
    ticks = nice_ticks(numbers)

    steps = {high - low for low, high in pairwise(ticks)}
    assert len(steps) == 1
    assert min(steps) > 0
    assert ticks[0] <= min(numbers)
    assert max(numbers) <= ticks[-1]
    assert 2 <= len(ticks) <= 8


@given(st.lists(st.none() | values, max_size=60), st.none() | values)
def test_a_sparkline_never_leaves_its_frame(
    numbers: list[Decimal | None], goal: Decimal | None
) -> None:
    drawn = sparkline(numbers, goal=goal)

    places = drawn["trace"].replace("M", " ;").replace("L", " ;").split(";")[1:]
    for place in places:
        x, y = place.split()
        assert 0 <= Decimal(x) <= 120
        assert 3 <= Decimal(y) <= 37
