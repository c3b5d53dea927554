"""The fields that one sentence fills."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from okrs.sentences import LONGEST, Sentence, read_sentence

LINEAR = {"method": "linear", "direction": "higher"}
LOWER = {"method": "linear", "direction": "lower"}
YES = {"baseline": "0", "target": "1", "method": "ladder", "ladder_0": "1", "ladder_1": "1"}
END = {"due_on": "2026-12-31"}


def read(text: str, locale: str = "en_US") -> Sentence:
    quarter = {"starts_on": dt.date(2026, 10, 1), "ends_on": dt.date(2026, 12, 31)}
    return read_sentence(text, locale=locale, **quarter)


def named(title: str, metric: str, unit: str = "") -> dict[str, str]:
    return {"title": title, "metric_name": metric, "metric_unit": unit}


ON_TIME = named("Raise on-time deliveries", "On-time deliveries", "%")
ON_TIME |= {**LINEAR, "baseline": "81.5", "target": "95"}
NPS = {**named("Raise NPS", "NPS"), **LINEAR, "baseline": "30", "target": "40"}
SENTENCES = {
    "Raise on-time deliveries from 81.5 % to 95 % by 31 Dec": {**ON_TIME, **END},
    "raise on-time deliveries from 81.5 to 95 %.": ON_TIME,
    "Raise on-time deliveries from 81,5 % to 95 % by December 31st, 2026": {**ON_TIME, **END},
    "Raise on-time deliveries to 95 % from 81.5 % by the end of the year": {**ON_TIME, **END},
    "Raise on-time deliveries from 81.5 % to 95 %, weekly from the ERP": {
        **ON_TIME,
        "metric_refresh": "weekly",
        "metric_source": "ERP",
    },
    "Reduce time to hire from 18 days to 7 days by end of November": {
        **named("Reduce time to hire", "Time to hire", "days"),
        **LOWER,
        "baseline": "18",
        "target": "7",
        "due_on": "2026-11-30",
    },
    "Reduce backlog from 120 tickets to under 40 tickets by end of the quarter": {
        **named("Reduce backlog", "Backlog", "tickets"),
        **LOWER,
        **END,
        "baseline": "120",
        "target": "40",
    },
    "Repeat purchase rate from 18 to 28%, measured daily in Looker": {
        **named("Repeat purchase rate", "Repeat purchase rate", "%"),
        **LINEAR,
        "baseline": "18",
        "target": "28",
        "metric_refresh": "daily",
        "metric_source": "Looker",
    },
    "Share of repeat buyers to 95% by 2026-12-01": {
        **named("Share of repeat buyers", "Share of repeat buyers", "%"),
        **LINEAR,
        "target": "95",
        "due_on": "2026-12-01",
    },
    "Increase MRR to $360k by Q4": {
        **named("Increase MRR", "MRR", "$"),
        **LINEAR,
        **END,
        "target": "360000",
    },
    "Raise sales from 280 thousand USD to 1.2 million USD": {
        **named("Raise sales", "Sales", "USD"),
        **LINEAR,
        "baseline": "280000",
        "target": "1200000",
    },
    "Cut incidents from 9 to 3 a month on tier-one services": {
        **named(
            "Cut incidents a month on tier-one services", "Incidents a month on tier-one services"
        ),
        **LOWER,
        "baseline": "9",
        "target": "3",
    },
    "Get churn down to 2.5 % by year end": {
        **named("Get churn", "Churn", "%"),
        **LOWER,
        **END,
        "target": "2.5",
    },
    "Bring response time under 2 hours by Dec 15, 2026": {
        **named("Bring response time", "Response time", "hours"),
        **LOWER,
        "target": "2",
        "due_on": "2026-12-15",
    },
    "Win 20 new customers by December": {
        **named("Win new customers", "New customers", "new customers"),
        **LINEAR,
        **END,
        "target": "20",
    },
    "Keep uptime above 99.5% by 31.12.2026": {
        **named("Keep uptime above 99.5%", "Uptime", "%"),
        **END,
        "target": "99.5",
        "direction": "higher",
        "method": "ladder",
        "ladder_0": "99.5",
        "ladder_1": "1",
    },
    "Keep unplanned stops at most 3 a week": {
        **named("Keep unplanned stops at most 3 a week", "Unplanned stops"),
        "target": "3",
        "direction": "lower",
        "method": "ladder",
        "ladder_0": "3",
        "ladder_1": "1",
    },
    "Launch the customer portal by 1 Dec": {
        **named("Launch the customer portal", "Launch the customer portal", "yes/no"),
        **YES,
        "direction": "higher",
        "due_on": "2026-12-01",
    },
    "from 81.5 % to 95 % by 31 Dec": {
        **named("", "", "%"),
        **LINEAR,
        **END,
        "baseline": "81.5",
        "target": "95",
    },
    "Raise revenue from 10 to 12 million EUR": {
        **named("Raise revenue", "Revenue", "EUR"),
        **LINEAR,
        "baseline": "10000000",
        "target": "12000000",
    },
    "Raise revenue from 800000 to 1.2 million EUR": {
        **named("Raise revenue", "Revenue", "EUR"),
        **LINEAR,
        "baseline": "800000",
        "target": "1200000",
    },
    "Raise NPS From 30 to 40": NPS,
    "Cut costs from EUR 9 to EUR 3": {
        **named("Cut costs", "Costs", "EUR"),
        **LOWER,
        "baseline": "9",
        "target": "3",
    },
    "Raise NPS 30 → 40": NPS,
    "Raise NPS from 30 -> 40": NPS,
    "Raise NPS from 30 up to 40": NPS,
    "Raise NPS from 30 to more than 40 by end of Q4": {**NPS, **END},
    "Raise NPS from 30 to 40 by the end of Q4 2026": {**NPS, **END},
    "Raise NPS from 30 to 40 by 31. December 2026": {**NPS, **END},
    "Increase NPS to at least 40": {
        **named("Increase NPS", "NPS"),
        **LINEAR,
        "target": "40",
    },
    "Bring costs down to less than 40 EUR": {
        **named("Bring costs", "Costs", "EUR"),
        **LOWER,
        "target": "40",
    },
    "Reduce backlog from 120 to fewer than 40 by Q4": {
        **named("Reduce backlog", "Backlog"),
        **LOWER,
        **END,
        "baseline": "120",
        "target": "40",
    },
    "Raise from 30% to 40% gross margin": {
        **named("Raise gross margin", "Gross margin", "%"),
        **LINEAR,
        "baseline": "30",
        "target": "40",
    },
    "Keep at least 40% gross margin": {
        **named("Keep at least 40% gross margin", "Gross margin", "%"),
        "target": "40",
        "direction": "higher",
        "method": "ladder",
        "ladder_0": "40",
        "ladder_1": "1",
    },
    "No more than 2 incidents per month": {
        **named("No more than 2 incidents per month", "Incidents per month", "incidents"),
        "target": "2",
        "direction": "lower",
        "method": "ladder",
        "ladder_0": "2",
        "ladder_1": "1",
    },
    "90% of customers renew": {
        **named("90% of customers renew", "Customers renew", "%"),
        **LINEAR,
        "target": "90",
    },
    "Renewal rate by 31 January from 84 to 92 %": {
        **named("Renewal rate", "Renewal rate", "%"),
        **LINEAR,
        "baseline": "84",
        "target": "92",
        "due_on": "2027-01-31",
    },
}


@pytest.mark.parametrize(("text", "values"), SENTENCES.items(), ids=SENTENCES)
def test_a_sentence_fills_the_fields(text: str, values: dict[str, str]) -> None:
    sentence = read(text)

    assert sentence.values == values
    assert sentence.unread == []


@pytest.mark.parametrize(
    ("text", "unread", "title"),
    [
        ("Raise NPS from 24 to 40 by 30 Feb", ["by 30 Feb"], "Raise NPS"),
        ("Raise NPS from 24 to 40 by 3/4", ["by 3/4"], "Raise NPS"),
        ("Raise NPS from 24 to 40 by Q3", ["by Q3"], "Raise NPS"),
        ("Raise NPS from 24 to 40 by Q4 2027", ["by Q4 2027"], "Raise NPS"),
        ("Raise NPS from 24 to 40 by Friday", ["by Friday"], "Raise NPS"),
        ("Raise NPS from 24 to 40 by mid-December", ["by mid-December"], "Raise NPS"),
        ("Raise NPS by Friday from 24 to 40", ["by Friday"], "Raise NPS by Friday"),
        ("Obtain ISO 27001", ["27001"], "Obtain ISO 27001"),
        ("Raise NPS 24–40", ["24–40"], "Raise NPS 24–40"),
        ("Raise NPS in 3 regions to 40", ["3"], "Raise NPS in 3 regions"),
        ("Increase revenue by 10 %", ["by 10 %"], "Increase revenue"),
    ],
)
def test_a_part_that_cannot_be_read_is_named_and_left_empty(
    text: str, unread: list[str], title: str
) -> None:
    sentence = read(text)

    assert sentence.unread == unread
    assert sentence.values["title"] == title
    assert "due_on" not in sentence.values


@pytest.mark.parametrize(
    ("locale", "text", "values"),
    [
        ("de_DE", "Raise share from 81,5 % to 95,25 %", ["81,5", "95,25"]),
        ("de_DE", "Raise sales from 1.250.000 to 2.000.000 EUR", ["1250000", "2000000"]),
        ("en_US", "Raise sales from 1,250,000 to 2,000,000 EUR", ["1250000", "2000000"]),
        ("fr_FR", "Raise stock from 1 250 to 2 000 units", ["1250", "2000"]),
        ("en_US", "Raise orders from 1.250 to 1,480", ["1.250", "1,480"]),
    ],
)
def test_figures_follow_the_locale_and_unclear_ones_stay_as_typed(
    locale: str, text: str, values: list[str]
) -> None:
    sentence = read(text, locale)

    assert [sentence.values["baseline"], sentence.values["target"]] == values


@pytest.mark.parametrize("part", ["1 ", "from 1 to ", "by 1 ", "keep a above ", "Dec ", "a-"])
def test_a_hostile_sentence_is_read_at_once(part: str) -> None:
    started = time.perf_counter()

    read((part * LONGEST)[:LONGEST])

    assert time.perf_counter() - started < 1
