"""Figures are read as people write them; a figure with two readings is asked about (M5.1)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagements.figures import FigureError, distance_question, read_figure
from engagements.locales import LOCALES, default_locale, figure_text, locale_choices
from scoring import format_number, format_unit

# figure, unit, value
READ = [
    ("1250", "", "1250"),
    ("1.250,5", "", "1250.5"),
    ("1,250.5", "", "1250.5"),
    ("1'250", "", "1250"),
    ("1’250.50", "", "1250.5"),
    ("1 250", "", "1250"),
    ("1\u00a0250\u202f000,5", "", "1250000.5"),
    ("1.250.000", "", "1250000"),
    ("1,250,000", "", "1250000"),
    ("12,34,567.8", "", "1234567.8"),
    ("12,5", "", "12.5"),
    ("12.5", "", "12.5"),
    (".5", "", "0.5"),
    ("0,125", "", "0.125"),
    ("1,1250", "", "1.125"),
    ("1250,125", "", "1250.125"),
    ("007", "", "7"),
    ("−3", "", "-3"),
    ("–3", "", "-3"),
    ("+3", "", "3"),
    ("(3,5)", "", "-3.5"),
    ("−0", "", "0"),
    ("１２３，５", "", "123.5"),
    ("١٢٫٥", "", "12.5"),
    ("12\u200b50", "", "1250"),
    ("½", "", "0.5"),
    ("1½", "", "1.5"),
    ("1 ¾", "", "1.75"),
    ("−⅓", "", "-0.333333"),
    ("81,5 %", "percent", "81.5"),
    ("81,5 %", "%", "81.5"),
    ("81.5 percent", "%", "81.5"),
    ("81.5 pct", "% of orders", "81.5"),
    ("81,5 %", "", "81.5"),
    ("$291k", "USD", "291000"),
    ("$291k", "thousand USD", "291"),
    ("291k", "thousand USD", "291"),
    ("291", "thousand USD", "291"),
    ("291 thousand USD", "thousand USD", "291"),
    ("$0.3m", "thousand USD", "300"),
    ("291k", "k USD", "291"),
    ("$291k", "$k", "291"),
    ("291k", "k€", "291"),
    ("291 TEUR", "EUR", "291000"),
    ("291 Tsd. €", "TEUR", "291"),
    ("291k", "thousand", "291"),
    ("1.5 million", "million EUR", "1.5"),
    ("€1,5 Mio.", "EUR m", "1.5"),
    ("1.5bn", "million EUR", "1500"),
    ("5k", "EUR per million calls", "5000"),
    ("2 crore", "INR", "20000000"),
    ("-$5", "USD", "-5"),
    ("$-5", "USD", "-5"),
    ("($5)", "USD", "-5"),
    ("US$ 5", "USD", "5"),
    ("5 usd", "dollars", "5"),
    ("5 $", "CAD per seat", "5"),
    ("CHF 1'250.50", "CHF", "1250.5"),
    ("Rs.500", "INR", "500"),
    ("Fr. 12.50", "CHF", "12.5"),
    ("£5", "", "5"),
    ("40 points", "points", "40"),
    ("40 points", "", "40"),
    ("1 point", "points", "1"),
    ("5 DAYS", "days", "5"),
    ("5 incidents", "incidents a month", "5"),
    ("5m", "m", "5"),
    ("5 m", "minutes", "5"),
    ("3 hrs", "hours", "3"),
    ("3 h", "hours to first reply", "3"),
    ("5m", "visits a day", "5000000"),
    ("5.", "", "5"),
    ("5,", "", "5"),
    ("12,5.", "", "12.5"),
    ("5. days", "days", "5"),
    ("5 ms", "ms", "5"),
    ("5 h / 100 km", "h / 100 km", "5"),
    ("291 1000 EUR", "1000 EUR", "291"),
    ("12.5k", "", "12500"),
    ("2 thousand", "users", "2000"),
    ("2m", "users", "2000000"),
]


@pytest.mark.parametrize(("text", "unit", "value"), READ)
@pytest.mark.parametrize("locale", ["de_DE", "en_US"])
def test_a_figure_is_read_as_people_write_it(text: str, unit: str, value: str, locale: str) -> None:
    assert read_figure(text, locale=locale, unit=unit) == Decimal(value)


# figure, unit, last value and baseline, code, readings
ASKED = [
    ("1.250", "", [], "ambiguous", ["1250", "1.25"]),
    ("1,250", "", [], "ambiguous", ["1.25", "1250"]),
    ("−1,250", "", [], "ambiguous", ["-1.25", "-1250"]),
    ("1.250", "", ["12.5"], "ambiguous", ["1250", "1.25"]),  # both within a factor of 100
    ("1.250", "", ["5000000"], "ambiguous", ["1250", "1.25"]),  # neither
    ("1.250", "", ["0"], "ambiguous", ["1250", "1.25"]),
    ("1.250", "", ["2000", "2"], "ambiguous", ["1250", "1.25"]),  # last value and baseline differ
    ("1.250k", "", [], "ambiguous", ["1250000", "1250"]),
    ("$291,000", "thousand USD", [], "ambiguous", ["291", "291000"]),
    ("5m", "meters", [], "ambiguous", ["5", "5000000"]),
    ("€5", "USD", [], "other_unit", ["5"]),
    ("$5", "EUR", [], "other_unit", ["5"]),
    ("5 CHF", "thousand USD", [], "other_unit", ["5"]),
    ("$5", "days", [], "other_unit", ["5"]),
    ("5 %", "days", [], "other_unit", ["5"]),
    ("3 h", "minutes", [], "other_unit", []),
    ("5 hours", "days", [], "other_unit", []),
    ("90 m", "hours", [], "other_unit", []),
    ("2 wks", "working days", [], "other_unit", []),
    ("5 ms", "minutes", [], "other_unit", []),
    ("3 h", "incidents a month", [], "other_unit", ["3"]),
    ("5 apples", "", [], "other_unit", ["5"]),
    ("€1.250", "USD", [], "other_unit", ["1250", "1.25"]),
    ("€1.250", "USD", ["900"], "other_unit", ["1250"]),
]


@pytest.mark.parametrize(("text", "unit", "near", "code", "readings"), ASKED)
def test_a_figure_with_two_readings_or_another_unit_is_asked_about(
    text: str, unit: str, near: list[str], code: str, readings: list[str]
) -> None:
    with pytest.raises(FigureError) as asked:
        read_figure(text, locale="de_DE", unit=unit, near=[Decimal(each) for each in near])

    assert asked.value.code == code
    assert asked.value.readings == tuple(map(Decimal, readings))


@pytest.mark.parametrize(
    ("text", "near", "value"),
    [
        ("1.250", ["900"], "1250"),
        ("1,250", ["900"], "1250"),
        ("1.250", ["3"], "1.25"),
        ("1,250", ["3"], "1.25"),
        ("1.250", ["0", "3"], "1.25"),  # nothing is near zero
        ("1.250", ["0.02", "0.5"], "1.25"),
        ("$291,000", ["280"], "291"),
    ],
)
@pytest.mark.parametrize("locale", ["de_DE", "en_US", "fr_FR"])
def test_the_reading_near_the_last_value_or_the_baseline_is_taken(
    text: str, near: list[str], value: str, locale: str
) -> None:
    measures = [Decimal(each) for each in near]
    assert read_figure(text, locale=locale, unit="thousand USD", near=measures) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [
        ("1.250", ",", "1250"),
        ("1.250", ".", "1.25"),
        ("1,250", ".", "1250"),
        ("2500,5", ",", "2500.5"),
        ("2.5", ",", "2.5"),
        ("50%", ",", "50"),
    ],
)
def test_a_sheet_settles_the_decimal_sign(text: str, sign: str, value: str) -> None:
    read = read_figure(text, locale="en_US", unit="%", decimal_sign=sign)
    assert read == Decimal(value)


NOT_NUMBERS = [
    *("", "  ", "banana", "NaN", "Infinity", "k", "$", "%", ",", "½½", "1⁄0", "1 25 ½"),
    *("1e5", "0x10", "1_000", "2026-03-01", "10-20", "12:30", "1/2", "--3", "3-", "+-3", "(-3)"),
    *("12.5.3", "12,5,3", "12 34", "1234,567.8", "5 k m", "1250 or 1300", "#REF!", "=1+1", "5!"),
    *(unit * 50_000 for unit in ("1", "1,", "1 000 ", ".", "a", "½", "\ufdfa")),
]


@pytest.mark.parametrize("text", NOT_NUMBERS, ids=lambda text: text[:12])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(FigureError) as refused:
        read_figure(text, locale="de_DE", near=[Decimal("81.5")])

    assert (refused.value.code, refused.value.readings) == ("not_a_number", ())
    assert refused.value.messages == ["Enter a number, for example 81,5."]


@pytest.mark.parametrize(
    ("text", "unit", "question", "labels"),
    [
        ("1.250", "", "Did you mean 1250 or 1,25?", ["1250", "1,25"]),
        ("€5", "USD", "The unit is USD. Is this 5 USD?", ["5\u00a0USD"]),
        ("$12.5", "percent", "The unit is percent. Is this 12,5%?", ["12,5%"]),
        ("3 h", "minutes", "The unit is minutes. Convert 3 h to minutes.", []),
        ("5 apples", "", "“apples” is not a known unit. Is this 5?", ["5"]),
        ("banana", "", "Enter a number, for example 1250 or 12,5.", []),
    ],
)
def test_the_question_writes_its_readings_as_the_locale_does(
    text: str, unit: str, question: str, labels: list[str]
) -> None:
    with pytest.raises(FigureError) as asked:
        read_figure(text, locale="de_DE", unit=unit)

    assert asked.value.messages[0].replace("\u00a0", " ") == question
    assert [label for _, label in asked.value.answers] == labels


# value, last value, baseline, unit, question, readings
FAR = [
    ("1250", "12.5", "10", "", "1250 is 100 times the last value (12.5).", ["1250", "12.5"]),
    ("1249", "12.5", "10", "", "1249 is 125 times the baseline (10).", ["1249", "12.49"]),
    ("0.1", "20", None, "", "0.1 is 200 times less than the last value (20).", ["0.1", "10"]),
    ("3200", None, "10", "", "3200 is 320 times the baseline (10).", ["3200"]),
    ("0.805", "81", None, "%", "0.805 is 101 times less than the last value (81).", ["0.805", "80.5"]),
    ("291000", "280", None, "thousand USD", "291\u202f000 is 1039 times the last value (280).", ["291000", "291"]),
    ("1.5", "1500000", None, "USD", "1.5 is 1000000 times less than the last value (1\u202f500\u202f000).", ["1.5", "1500000"]),
    ("-5000", "5", "4", "", "-5000 is 1000 times the last value (5).", ["-5000", "-5"]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "last", "baseline", "unit", "question", "readings"), FAR)
def test_a_value_100_times_off_the_last_value_or_the_baseline_is_asked_about(
    value: str,
    last: str | None,
    baseline: str | None,
    unit: str,
    question: str,
    readings: list[str],
) -> None:
    near = {"last value": last, "baseline": baseline}
    asked = distance_question(
        Decimal(value),
        near={name: Decimal(each) for name, each in near.items() if each},
        locale="en_US",
        unit=unit,
    )

    assert asked is not None
    assert asked.code == "far_off"
    assert asked.messages == [f"{question} Is it right?"]
    assert asked.readings == tuple(map(Decimal, readings))


@pytest.mark.parametrize(
    ("value", "near"),
    [
        ("1249", {"last value": "12.5"}),
        ("0", {"last value": "12.5"}),
        ("50", {"last value": "0", "baseline": "0"}),
        ("130", {"last value": "120", "baseline": "1"}),  # the baseline was left behind before
        ("50", {}),
    ],
)
def test_a_likely_value_is_not_asked_about(value: str, near: dict[str, str]) -> None:
    measures = {name: Decimal(each) for name, each in near.items()}
    assert distance_question(Decimal(value), near=measures, locale="en_US") is None


values = st.decimals(min_value=-(10**14), max_value=10**14, places=6)


@given(values, st.sampled_from(LOCALES))
def test_a_field_accepts_what_it_prints(value: Decimal, locale: str) -> None:
    assert read_figure(figure_text(value, locale=locale), locale=locale) == value


@given(
    values, st.sampled_from(["", "%", "percent", "days", "USD", "thousand USD", "m", "h / 100 km"])
)
def test_a_field_accepts_what_pages_print_of_its_last_value(value: Decimal, unit: str) -> None:
    printed = f"{format_number(value)}{format_unit('%' if unit == 'percent' else unit)}"
    assert read_figure(printed, locale="de_DE", unit=unit, near=[value]) == value


@pytest.mark.parametrize(
    ("value", "locale", "text"),
    [
        ("1250", "en_US", "1250"),
        ("1.125", "en_US", "1.1250"),
        ("1.125", "de_DE", "1,1250"),
        ("0.125", "de_DE", "0,125"),
        ("1250.125", "de_DE", "1250,125"),
        ("81.50", "de_CH", "81.5"),
        ("1E+3", "fr_FR", "1000"),
        ("-0", "en_US", "0"),
    ],
)
def test_a_field_writes_figures_as_the_locale_does(value: str, locale: str, text: str) -> None:
    assert figure_text(Decimal(value), locale=locale) == text


@pytest.mark.parametrize(
    ("country", "locale"),
    [
        ("DE", "de_DE"),
        ("US", "en_US"),
        ("CH", "de_CH"),
        ("CN", "zh_Hans_CN"),
        ("XX", "en_US"),
        ("", "en_US"),
    ],
)
def test_the_default_locale_comes_from_the_country(country: str, locale: str) -> None:
    assert default_locale(country) == locale


def test_a_locale_is_offered_with_a_number_as_it_writes_them() -> None:
    choices = dict(locale_choices(country="AR"))

    assert choices[""] == "As in the country: 1.234.567,8"
    assert choices["de_DE"] == "German (Germany): 1.234.567,8"
    assert choices["en_IN"] == "English (India): 12,34,567.8"
    assert set(choices) == {*LOCALES, ""}
