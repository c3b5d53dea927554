"""The items of an agenda, their order and their reasons: tables of facts (M8, M8.3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from escalations.models import Escalation, Verdict
from reviews.agenda import Place, fit, merge
from reviews.reasons import KeyResultFacts
from scoring import Rag
from tests.checkins.posting import at
from tests.reviews.agendas import (
    action,
    agenda,
    amber,
    ask,
    decision,
    experiment,
    items_of,
    red,
    row,
    spells,
    why,
)

LAST_WEEK = dt.date(2026, 3, 2)
LATE = dt.date(2026, 3, 9)
OPENED = at("2026-03-09T09:04")
MONDAY = at("2026-03-09T15:00")
WEDNESDAY = at("2026-03-11T09:04")


def escalation(**fields: object) -> Escalation:
    return Escalation(opened_at=OPENED, **fields)


WATCHED = escalation()
ACTIVE = escalation(activated_at=OPENED, huddle_due_at=WEDNESDAY)
OVER = escalation(activated_at=OPENED, huddle_due_at=MONDAY)
ANSWERED = escalation(
    activated_at=OPENED,
    huddle_due_at=WEDNESDAY,
    answered_at=OPENED,
    checkpoint_on=dt.date(2026, 3, 24),
)
RAISED = escalation(activated_at=OPENED, huddle_due_at=MONDAY, raised_at=MONDAY)


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
def test_each_item_of_the_monthly_review_has_its_reason(
    item: KeyResultFacts, expected: str
) -> None:
    assert why(item).split(" · no check-in")[0] == expected


def test_a_gap_is_written_on_the_scale_of_the_client() -> None:
    assert why(amber(), scale="hundred") == "amber, 31 behind pace"


def test_a_key_result_appears_once_with_all_its_reasons() -> None:
    item = red(blockers=[ask(9)], help_requests=[ask(4)], late_since=LATE)

    items = agenda(item)

    assert items_of(items)[0][2].split(" · ") == [
        "red for 2 weeks, reported twice",
        "blocked for 9 days",
        "help requested 4 days ago",
        "check-in late since Mon 9 Mar",
    ]
    assert [one.section.value for one in items] == ["red", "closing"]


def test_the_sections_of_the_monthly_review_come_in_their_order() -> None:
    items = agenda(
        row("Won"),
        row("Silent", late_since=LATE),
        row("Asks", help_requests=[ask(1)]),
        row("Blocked", blockers=[ask(1)]),
        amber("Behind"),
        red("Early", forecast_holds=True),
        red("Red"),
        actions=[action()],
        experiments=[experiment("Invites", "Invite first")],
        decisions=[decision("improved")],
    )

    assert [item.title for item in items] == [
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


def test_the_most_important_of_a_section_comes_first() -> None:
    items = agenda(
        red("One week", red_since=dt.date(2026, 3, 9), red_reported=1),
        red("Two weeks, higher", score=Decimal("0.28")),
        red("Two weeks, lower", score=Decimal("0.02")),
        amber("Far behind", score=Decimal("0.35")),
        amber("Little behind", score=Decimal("0.55")),
        row("Blocked lately", blockers=[ask(1)]),
        row("Blocked long", blockers=[ask(12)]),
    )

    assert [item.title for item in items[:7]] == [
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
    first = agenda(red(), actions=[action(day, day) for day in days])[0]

    assert items_of([first]) == [("actions", title, expected)]
    assert [action["action"] for action in first.rows] == sorted(days, reverse=True)


def test_missing_check_ins_are_one_item_of_the_monthly_review() -> None:
    items = agenda(
        row("Late", late_since=LATE),
        row("Missed", spells=spells("gg--")),
        row("Missed once", spells=spells("ggg-")),
    )

    assert items_of(items)[0] == ("quiet", "3 check-ins missing", "check-ins late or missed")
    assert [(line["title"], line["meta"].replace("\u00a0", " ")) for line in items[0].rows] == [
        ("Missed", "Jonas · no check-in since the week of 2 Mar"),
        ("Missed once", "Jonas · no check-in for the week of 9 Mar"),
        ("Late", "Jonas · check-in late since Mon 9 Mar"),
    ]


@pytest.mark.parametrize(
    ("value", "score", "expected"),
    [
        (None, None, ["2 → 6"]),
        ("5", "0.60", ["5 → 6"]),
        ("6", "0.70", []),
        ("8", "0.90", []),
    ],
)
def test_wins_moved_up_since_the_last_review_or_the_start(
    value: str | None, score: str | None, expected: list[str]
) -> None:
    earlier: dict[str, Any] = {
        "earlier_value": None if value is None else Decimal(value),
        "earlier_score": None if score is None else Decimal(score),
    }

    wins = [item for item in agenda(row(**earlier)) if item.section == "wins"]

    assert [f"{win['from']} → {win['to']}" for item in wins for win in item.rows] == expected


def test_wins_are_counted_since_a_day() -> None:
    early = red("Early", forecast_holds=True)

    (wins, _) = agenda(row(), early, since=dt.date(2026, 2, 10))[1:]

    assert items_of([wins]) == [("wins", "Wins and learnings", "1 moved up since 10 Feb")]


def test_a_missing_value_is_no_win() -> None:
    empty = row(rag=Rag.NO_DATA, score=None, value=None, forecast_holds=None)

    assert [item.section.value for item in agenda(empty)] == ["closing"]


def test_decisions_of_the_last_review_are_counted_by_outcome() -> None:
    decisions = [decision(label) for label in ("improved", "not improved", "not improved")]

    assert agenda(decisions=decisions)[0].why == "1 improved, 2 didn’t"
    assert agenda(decisions=[decision()])[0].why == "1 to review"


def test_experiments_name_their_cycle_or_their_number() -> None:
    (one, _), (two, _) = (
        agenda(experiments=[experiment("A", "A")]),
        agenda(experiments=[experiment("A", "A", "2026-03-02"), experiment("B", "B")]),
    )

    assert items_of([one]) == [("experiments", "Experiment: A", "ended 6 Mar, lessons")]
    assert items_of([two]) == [("experiments", "2 experiments", "the last ended 6 Mar")]


@pytest.mark.parametrize("kind", ["monthly", "weekly"])
def test_an_agenda_without_data_has_the_closing_item(kind: str) -> None:
    assert [item.section.value for item in agenda(kind=kind)] == ["closing"]


def test_a_long_reason_is_shortened() -> None:
    assert len(agenda(row(owner_gap="x" * 400), kind="weekly")[0].why) == 240


@pytest.mark.parametrize(
    ("item", "section", "expected"),
    [
        (row(late_since=LATE), "quiet", "check-in late since Mon 9 Mar"),
        (row(spells=spells("gg-")), "quiet", "no check-in for the week of 9 Mar"),
        (row(owner="", owner_gap="no owner"), "unowned", "no owner"),
        (row(owner_gap="Tom has left"), "unowned", "Tom has left"),
        (
            row(spells=spells("aaaa", values="4 5 5 5")),
            "stuck",
            "same value 3 times in a row",
        ),
        (row(blockers=[ask(7)]), "stuck", "blocked for 7 days"),
        (row(help_requests=[ask(8)]), "stuck", "help requested 8 days ago"),
        (row(spells=spells("rgrrag")), "returning", "red in 3 of the last 6 periods"),
        (row(spells=spells("rrarrr")), "returning", "red in 5 of the last 6 periods"),
        (row(spells=spells("r-ra-r")), "returning", "red in 3 of the last 6 periods"),
        (row(spells=spells("gg-g-g")), "returning", "missed 2 of the last 4 check-ins"),
        (row(spells=spells("-g-g")), "returning", "missed 2 of the last 4 check-ins"),
    ],
)
def test_each_item_of_the_weekly_review_has_its_reason(
    item: KeyResultFacts, section: str, expected: str
) -> None:
    """M7.6."""
    items = agenda(item, kind="weekly")

    assert items[0].section == section
    assert items[0].why.replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    "item",
    [
        row(spells=spells("aaa", values="5 5 6")),
        row(score=Decimal("1.00"), rag=Rag.STRETCH, spells=spells("sss", values="5 5 5")),
        row(blockers=[ask(6)]),
        row(help_requests=[ask(6)]),
        row(rag=Rag.RED, spells=spells("rrr")),
        row(spells=spells("rr-r")),
        row(spells=spells("rgrggg")),
        row(spells=spells("g-gggg")),
        amber(),
    ],
    ids=str,
)
def test_the_weekly_review_leaves_out_the_rest(item: KeyResultFacts) -> None:
    sections = {found.section.value for found in agenda(item, kind="weekly")}

    assert sections <= {"wins", "closing"}


def test_the_sections_of_the_weekly_review_come_in_their_order() -> None:
    items = agenda(
        row("Won"),
        row("Returns", spells=spells("rgrrag")),
        row("Stuck", blockers=[ask(9)]),
        row("Unowned", owner_gap="no owner"),
        row("Silent", late_since=LATE),
        kind="weekly",
        actions=[action()],
        decisions=[decision()],
    )

    assert [item.title for item in items] == [
        "1 overdue action",
        "Silent",
        "Unowned",
        "Stuck",
        "Returns",
        "Wins and learnings",
        "Closing",
    ]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (WATCHED, "watched: red, but early"),
        (ACTIVE, "escalation active, huddle by Wed 11 Mar 09:04 Berlin time"),
        (OVER, "escalation active, huddle overdue since Mon 9 Mar 15:00 Berlin time"),
        (
            escalation(activated_at=OPENED, huddle_due_at=WEDNESDAY, huddle_at=WEDNESDAY),
            "escalation active, huddle on Wed 11 Mar 09:04 Berlin time",
        ),
        (
            escalation(activated_at=OPENED, huddle_due_at=MONDAY, huddle_at=MONDAY),
            "escalation active, no outcome since the huddle on Mon 9 Mar 15:00 Berlin time",
        ),
        (ANSWERED, "recovery plan, checkpoint 24 Mar"),
        (RAISED, "with the sponsor since Mon 9 Mar"),
        (
            escalation(activated_at=OPENED, decided_at=MONDAY, verdict=Verdict.RESOURCES),
            "the sponsor decided on 9 Mar: add resources",
        ),
    ],
)
def test_the_reason_includes_the_state_of_the_escalation(state: Escalation, expected: str) -> None:
    reasons = why(red(red_since=dt.date(2026, 2, 23), escalation=state))

    assert reasons == f"red for 3 weeks, reported twice · {expected}"


def test_raised_and_overdue_escalations_come_first_and_watched_ones_last() -> None:
    items = agenda(
        amber("Behind"),
        red("Watched", escalation=WATCHED, red_since=dt.date(2026, 1, 26)),
        red("Early", forecast_holds=True),
        red("Red for long", red_since=dt.date(2026, 1, 26)),
        red("Plan", escalation=ANSWERED),
        red("Active", escalation=ACTIVE),
        red("Active for long", escalation=ACTIVE, red_since=dt.date(2026, 1, 26)),
        red("Active while on pace", escalation=ACTIVE, forecast_holds=True, score=Decimal("0.1")),
        red("Over", escalation=OVER),
        red("Raised", escalation=RAISED, score=Decimal("0.30")),
        actions=[action()],
    )

    assert [item.title for item in items[:11]] == [
        "1 overdue action",
        "Raised",
        "Over",
        "Active for long",
        "Active while on pace",
        "Active",
        "Plan",
        "Red for long",
        "Early",
        "Watched",
        "Behind",
    ]


@pytest.mark.parametrize("state", [ACTIVE, OVER, ANSWERED, RAISED], ids=lambda row: row.state)
def test_in_the_weekly_review_an_escalation_is_stuck(state: Escalation) -> None:
    items = agenda(
        row("Blocked for long", blockers=[ask(40)]),
        red("Escalated", escalation=state),
        kind="weekly",
    )

    assert [(item.section, item.title) for item in items[:2]] == [
        ("stuck", "Escalated"),
        ("stuck", "Blocked for long"),
    ]


@pytest.mark.parametrize("item", [red(), red(escalation=WATCHED)], ids=["none", "watched"])
def test_in_the_weekly_review_a_watched_one_is_not_stuck(item: KeyResultFacts) -> None:
    assert "stuck" not in [found.section.value for found in agenda(item, kind="weekly")]


def test_the_state_of_the_escalation_comes_before_other_causes() -> None:
    item = red(escalation=ACTIVE, blockers=[ask(9)], late_since=LATE)

    assert why(item).split(" · ") == [
        "red for 2 weeks, reported twice",
        "escalation active, huddle by Wed 11 Mar 09:04 Berlin time",
        "blocked for 9 days",
        "check-in late since Mon 9 Mar",
    ]


def place(name: str, rank: int, *, moved: bool = False) -> Place:
    return Place(name=name, rank=(rank, 0), is_moved=moved)


@pytest.mark.parametrize(
    ("there", "fresh", "expected"),
    [
        ([], [("a", 1), ("b", 2)], "ab"),
        ([("b", 2), ("z", 9)], [("a", 1), ("c", 3)], "abcz"),
        ([("b", 2), ("a", 1)], [], "ab"),
        ([("a", 1), ("z", 9)], [("c", 3), ("b", 2)], "abcz"),
        ([("b", 2), ("c", 2)], [("a", 2)], "bca"),
    ],
)
def test_a_new_item_comes_at_its_place(
    there: list[tuple[str, int]], fresh: list[tuple[str, int]], expected: str
) -> None:
    order = merge([place(*one) for one in there], [place(*one) for one in fresh])

    assert "".join(order) == expected


def test_the_order_that_people_made_stays() -> None:
    there = [place("c", 3, moved=True), place("a", 1), place("z", 9)]

    assert merge(there, [place("b", 2), place("d", 4)]) == ["b", "c", "a", "d", "z"]


@pytest.mark.parametrize(
    ("minutes", "into", "expected"),
    [
        ([10, 8, 2], 45, [10, 8, 2]),
        ([10, 8, 2], 20, [10, 8, 2]),
        ([10, 10, 10], 15, [5, 5, 5]),
        ([10, 8, 6, 4, 2], 20, [6, 5, 4, 2, 2]),
        ([8] * 10, 12, [2] * 10),
        ([4, 4], 0, [2, 2]),
        ([], 45, []),
    ],
)
def test_minutes_are_shortened_until_they_fit(
    minutes: list[int], into: int, expected: list[int]
) -> None:
    assert fit(minutes, into=into) == expected
