"""What goes on an agenda, in which order and why: tables of facts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from reviews.agenda import (
    ActionFacts,
    DecisionFacts,
    ExperimentFacts,
    KeyResultFacts,
    Then,
)
from scoring import Rag, Scale
from tests.reviews.agendas import TODAY, agenda, amber, ask, red, row, spells, told, why

LAST_WEEK = dt.date(2026, 3, 2)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (red(), "red for 2 weeks, reported twice"),
        (red(last_week=LAST_WEEK, red_reported=1), "red for 1 week, reported once"),
        (red(red_since=dt.date(2026, 2, 23)), "red for 3 weeks, reported twice"),
        (red(red_since=dt.date(2026, 2, 16), red_reported=4), "red for 4 weeks, reported 4 times"),
        (
            red(red_since=dt.date(2026, 2, 23), last_week=dt.date(2026, 2, 23), red_reported=1),
            "red for 2 weeks, reported once",
        ),
        (
            red(red_since=dt.date(2026, 2, 16), ends_on=dt.date(2026, 2, 22), last_week=None),
            "red for 1 week, reported twice",
        ),
        (red(red_since=None, red_reported=0), "red for 1 week, reported once"),
        (red(forecast_holds=True), "red, but early and still on pace"),
        (amber(), "amber, 0.31 behind pace"),
        (amber(confidence=2), "amber, 0.31 behind pace, confidence 2 of 5"),
        (amber(score=Decimal("0.70"), confidence=2), "amber, confidence 2 of 5"),
        (row(forecast_holds=False, confidence=1), "green, confidence 1 of 5"),
        (row(blockers=[ask(9)]), "blocked for 9 days"),
        (row(blockers=[ask(1)]), "blocked for 1 day"),
        (row(blockers=[ask(0)]), "blocked since today"),
        (row(blockers=[ask(2), ask(9)]), "blocked for 9 days"),
        (row(help_requests=[ask(4)]), "help requested 4 days ago"),
        (row(help_requests=[ask(1)]), "help requested yesterday"),
        (row(help_requests=[ask(0)]), "help requested today"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_item_of_the_monthly_review_says_why(item: KeyResultFacts, expected: str) -> None:
    found = why(item)

    if "missed" not in expected:
        found = found.split(" · no check-in")[0]
    assert found == expected


def test_a_gap_stands_on_the_scale_of_the_engagement() -> None:
    assert why(amber(), scale=Scale.HUNDRED) == "amber, 31 behind pace"


def test_a_key_result_stands_once_and_names_its_other_reasons() -> None:
    item = red(blockers=[ask(9)], help_requests=[ask(4)], late_since=dt.date(2026, 3, 9))

    items = agenda(item)

    assert told(items)[0][2].split(" · ") == [
        "red for 2 weeks, reported twice",
        "blocked for 9 days",
        "help requested 4 days ago",
        "check-in late since Mon 9 Mar",
    ]
    assert [one.section.value for one in items] == ["red", "closing"]


def test_the_sections_of_the_monthly_review_come_in_their_order() -> None:
    items = agenda(
        row("Won"),
        row("Silent", late_since=dt.date(2026, 3, 9)),
        row("Asks", help_requests=[ask(1)]),
        row("Blocked", blockers=[ask(1)]),
        amber("Behind"),
        red("Early", forecast_holds=True),
        red("Red"),
        actions=[ActionFacts(what="Call", owner="Tom", due_on=dt.date(2026, 3, 6))],
        experiments=[
            ExperimentFacts(
                cycle="Invite first", ended_on=dt.date(2026, 3, 6), title="Invites", public_id="i"
            )
        ],
        decisions=[DecisionFacts(text="Move it", owner="Tom", due_on=TODAY, label="improved")],
    )

    assert [one.title for one in items] == [
        "1 overdue action",
        "Red",
        "Early",
        "Behind",
        "Blocked",
        "Asks",
        "1 check-in missing",
        "Experiment: Invite first",
        "Wins and learnings",
        "Last review’s decisions",
        "Closing questions",
    ]


def test_the_heaviest_of_a_section_comes_first() -> None:
    items = agenda(
        red("One week", red_since=dt.date(2026, 3, 9), red_reported=1),
        red("Two weeks, higher", score=Decimal("0.28")),
        red("Two weeks, lower", score=Decimal("0.02")),
        amber("Far behind", score=Decimal("0.35")),
        amber("Little behind", score=Decimal("0.55")),
        row("Blocked lately", blockers=[ask(1)]),
        row("Blocked long", blockers=[ask(12)]),
    )

    assert [one.title for one in items[:7]] == [
        "Two weeks, lower",
        "Two weeks, higher",
        "One week",
        "Far behind",
        "Little behind",
        "Blocked long",
        "Blocked lately",
    ]


@pytest.mark.parametrize(
    ("days", "title", "expected"),
    [
        (["2026-03-06"], "1 overdue action", "due 6 Mar"),
        (["2026-02-27", "2026-03-06"], "2 overdue actions", "due 6 Mar and 27 Feb"),
        (
            ["2026-02-27", "2026-03-06", "2026-02-20"],
            "3 overdue actions",
            "due 6 Mar, 27 Feb and 20 Feb",
        ),
        (
            ["2026-02-27", "2026-03-06", "2026-02-20", "2025-12-30"],
            "4 overdue actions",
            "the oldest due 30 Dec 2025",
        ),
    ],
)
def test_overdue_actions_open_the_review_as_one_item(
    days: list[str], title: str, expected: str
) -> None:
    overdue = [
        ActionFacts(what="Call", owner="Tom", due_on=dt.date.fromisoformat(day), public_id=day)
        for day in days
    ]

    first = agenda(red(), actions=overdue)[0]

    assert told([first]) == [("actions", title, expected)]
    assert [one["action"] for one in first.rows] == sorted(days, reverse=True)


def test_quiet_cards_are_one_item_of_the_monthly_review() -> None:
    items = agenda(
        row("Late", late_since=dt.date(2026, 3, 9)),
        row("Missed", spells=spells("gg--")),
        row("Missed once", spells=spells("ggg-")),
    )

    assert told(items)[0] == ("quiet", "3 check-ins missing", "check-ins late or missed")
    assert [(one["title"], one["meta"].replace("\u00a0", " ")) for one in items[0].rows] == [
        ("Missed", "Jonas · no check-in since the week of 2 Mar"),
        ("Missed once", "Jonas · no check-in for the week of 9 Mar"),
        ("Late", "Jonas · check-in late since Mon 9 Mar"),
    ]


@pytest.mark.parametrize(
    ("since", "then", "expected"),
    [
        (None, None, ["2 → 6"]),
        (dt.date(2026, 2, 10), Then(value=Decimal(5), score=Decimal("0.60")), ["5 → 6"]),
        (dt.date(2026, 2, 10), Then(value=Decimal(6), score=Decimal("0.70")), []),
        (dt.date(2026, 2, 10), Then(value=Decimal(8), score=Decimal("0.90")), []),
        (dt.date(2026, 2, 10), Then(value=None, score=None), ["2 → 6"]),
        (dt.date(2026, 2, 10), None, ["2 → 6"]),
    ],
)
def test_wins_are_what_moved_up_since_the_last_review_or_the_start(
    since: dt.date | None, then: Then | None, expected: list[str]
) -> None:
    items = agenda(row(then=then), since=since)

    wins = [one for one in items if one.section == "wins"]
    assert [f"{one['from']} → {one['to']}" for item in wins for one in item.rows] == expected


def test_wins_say_how_many_and_since_when() -> None:
    calm = row(then=Then(value=Decimal(5), score=Decimal("0.6")))

    (wins, _) = agenda(calm, red(forecast_holds=True), since=dt.date(2026, 2, 10))[1:]

    assert told([wins]) == [("wins", "Wins and learnings", "1 moved up since 10 Feb")]


def test_a_value_that_is_missing_is_no_win() -> None:
    empty = row(rag=Rag.NO_DATA, score=None, value=None, forecast_holds=None)

    assert [one.section.value for one in agenda(empty)] == ["closing"]


def test_decisions_of_last_time_say_what_became_of_them() -> None:
    made = [
        DecisionFacts(text=text, owner="Tom", due_on=TODAY, label=label)
        for text, label in (("a", "improved"), ("b", "not improved"), ("c", "not improved"))
    ]

    first = agenda(decisions=made)[0]

    assert first.why == "1 improved, 2 didn’t"
    assert agenda(decisions=[DecisionFacts(text="d", owner="Tom", due_on=TODAY)])[0].why == (
        "1 to review"
    )


def test_experiments_say_when_the_last_ended() -> None:
    def ended(cycle: str, day: int) -> ExperimentFacts:
        return ExperimentFacts(
            cycle=cycle, ended_on=dt.date(2026, 3, day), title=cycle, public_id=cycle
        )

    one, two = (
        agenda(experiments=[ended("A", 6)])[0],
        agenda(experiments=[ended("A", 2), ended("B", 6)])[0],
    )

    assert told([one]) == [("experiments", "Experiment: A", "ended 6 Mar, lessons")]
    assert told([two]) == [("experiments", "2 experiments", "the last ended 6 Mar")]


@pytest.mark.parametrize("kind", ["monthly", "weekly"])
def test_without_anything_to_speak_of_there_is_the_close(kind: str) -> None:
    assert [one.section.value for one in agenda(kind=kind)] == ["closing"]


def test_a_long_why_is_cut() -> None:
    assert len(agenda(row(owner_gap="x" * 400), kind="weekly")[0].why) == 240
