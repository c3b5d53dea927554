from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from reviews.clocks import clock_of
from reviews.summaries import Told, draft_summary, headline
from scoring import Rag, Scale
from tests.checkins.posting import at

TODAY = dt.date(2026, 3, 10)


def told(title: str = "API latency", **fields: Any) -> Told:
    values = {
        "rag": Rag.GREEN,
        "score": Decimal("0.70"),
        "value": Decimal(380),
        "unit": "ms",
        "forecast_holds": True,
        **fields,
    }
    return Told(title=title, **values)


def red(title: str = "API latency", **fields: Any) -> Told:
    return told(title, **{"rag": Rag.RED, "forecast_holds": False, **fields})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "No key result has a value yet."),
        ([told(forecast_holds=None, score=None)], "No key result has a value yet."),
        ([told()], "The one forecast holds; nothing is red."),
        ([red()], "The one forecast does not hold; one key result is red: API latency."),
        ([told(), told()], "Both forecasts hold; nothing is red."),
        ([told(), told(), told()], "All three forecasts hold; nothing is red."),
        ([told(), red()], "One of two forecasts holds; one key result is red: API latency."),
        ([red(), red()], "No forecast holds; two key results are red."),
        (
            [told(), red(forecast_holds=True)],
            "Both forecasts hold; one key result is red, merely early.",
        ),
        (
            [red(forecast_holds=True), red("Other", forecast_holds=True)],
            "Both forecasts hold; two are red, merely early.",
        ),
        (
            [red("x" * 200), told()],
            "One of two forecasts holds; one key result is red.",
        ),
    ],
)
def test_the_headline_leads_with_forecasts(rows: list[Told], expected: str) -> None:
    assert headline(rows) == expected
    assert len(headline(rows)) <= 240


def drafted(*rows: Told, scale: Scale = Scale.UNIT) -> dict[str, str]:
    draft = draft_summary(key_results=rows, decisions=[], ahead=[], today=TODAY, scale=scale)
    return {name: text.replace("\u00a0", " ") for name, text in vars(draft).items()}


def test_what_moved_comes_with_its_figures_the_largest_rise_first() -> None:
    moved = drafted(
        told("Fell", score=Decimal("0.40"), then_score=Decimal("0.60"), then_value=Decimal(300)),
        told("Same", then_score=Decimal("0.70")),
        told("Rose", then_score=Decimal("0.50"), then_value=Decimal(420)),
        told("New", value=Decimal(1), unit="yes/no", score=Decimal(1)),
    )["moved"]

    assert moved.splitlines() == [
        "New: yes, 1.00 Green.",
        "Rose: 420 → 380 ms, 0.70 Green.",
        "Fell: 300 → 380 ms, 0.40 Green.",
    ]


def test_scores_stand_on_the_scale_of_the_engagement() -> None:
    assert "70 Green" in drafted(told(), scale=Scale.HUNDRED)["moved"]


def test_red_says_what_is_done_about_it_and_early_is_told_apart() -> None:
    words = drafted(
        red("Early", forecast_holds=True),
        red(
            "Late",
            red_weeks=3,
            insight="No export yet",
            next_action="Ask for one.",
            next_action_due=dt.date(2026, 3, 13),
        ),
    )["red"]

    assert words.splitlines() == [
        "Late, red for three weeks. No export yet. Next: Ask for one, by 13 Mar.",
        "Early, red: early, forecast holds.",
    ]


def test_calm_words_where_there_is_nothing_to_say() -> None:
    words = drafted()

    assert words["red"] == "Nothing is red."
    assert words["moved"] == "Nothing moved since the last review."
    assert (words["decided"], words["next_steps"]) == ("", "")


@pytest.mark.parametrize(
    ("started", "closed", "now", "expected"),
    [
        ("", "", "14:00", (45, "planned", "idle")),
        ("14:00", "", "14:00", (45, "of 45 left", "")),
        ("14:00", "", "14:13", (32, "of 45 left", "")),
        ("14:00", "", "14:45", (0, "of 45 left", "")),
        ("14:00", "", "14:50", (5, "over 45", "over")),
        ("14:00", "14:38", "20:00", (38, "of 45 taken", "idle")),
    ],
)
def test_the_clock_ticks_by_the_minute(
    started: str, closed: str, now: str, expected: tuple[int, str, str]
) -> None:
    def moment(text: str) -> dt.datetime | None:
        return at(f"2026-03-10T{text}") if text else None

    clock = clock_of(
        minutes=45,
        started_at=moment(started),
        closed_at=moment(closed),
        now=at(f"2026-03-10T{now}"),
    )

    assert (clock.minutes, clock.words, clock.state) == expected
