"""The items of an agenda, their order and their reasons: tables of facts (M8, M8.3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engagements.models import Engagement, Membership
from escalations.models import Escalation, Verdict
from okrs.models import Cycle, Objective
from reviews.agenda import fit, merge
from reviews.models import LONGEST_WHY, AgendaItem
from reviews.screens import KeyResultFacts, current_why
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
    order_of,
    red,
    row,
    spells,
    why,
)

LAST_WEEK, LATE = dt.date(2026, 3, 2), dt.date(2026, 3, 9)
OPENED, MONDAY = at("2026-03-09T09:04"), at("2026-03-09T15:00")
WEDNESDAY = at("2026-03-11T09:04")
FEB_23, FEB_16 = dt.date(2026, 2, 23), dt.date(2026, 2, 16)
ENDED = Objective(cycle=Cycle(ends_on=dt.date(2026, 2, 22)))


def active(**fields: Any) -> Escalation:
    fields = {"activated_at": OPENED, "huddle_due_at": WEDNESDAY, **fields}
    return Escalation(opened_at=OPENED, **fields)


WATCHED = Escalation(opened_at=OPENED)
ACTIVE, OVER = active(), active(huddle_due_at=MONDAY)
AHEAD = active(huddle_due_at=MONDAY, huddle_at=WEDNESDAY)
ANSWERED = active(answered_at=OPENED, checkpoint_on=dt.date(2026, 3, 24))
RAISED = active(huddle_due_at=MONDAY, raised_at=MONDAY)
DECIDED = active(decided_at=MONDAY, verdict=Verdict.RESOURCES)
TWICE, HUDDLE = "red for two weeks, reported twice", "escalation active, huddle"
SHORT: Any = {"ids": lambda value: value if isinstance(value, str) else ""}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (red(), "red for two weeks, reported twice"),
        (red(last_week=LAST_WEEK, red_reported=1), "red for one week, reported once"),
        (red(red_since=FEB_23), "red for three weeks, reported twice"),
        (red(red_since=FEB_16, red_reported=4), "red for four weeks, reported four times"),
        (
            red(red_since=FEB_23, last_week=FEB_23, red_reported=1),
            "red for two weeks, reported once",
        ),
        (
            red(red_since=FEB_16, objective=ENDED, last_week=None),
            "red for one week, reported twice",
        ),
        (red(red_since=None, red_reported=0), "red for one week, reported once"),
        (red(holds=True, pace="0.49"), "early, on pace, red so far"),  # M12
        (red(holds=True, pace="0.50"), "on pace, red so far"),
        (amber(), "behind pace, amber"),
        (amber(confidence=2), "behind pace, amber, confidence 2 of 5"),
        (amber(score=Decimal("0.70"), confidence=2), "behind pace, amber, confidence 2 of 5"),
        (row(holds=False, confidence=1), "behind pace, green, confidence 1 of 5"),
        (row(blockers=[ask(9)]), "blocked for 9 days"),
        (row(blockers=[ask(1)]), "blocked for 1 day"),
        (row(blockers=[ask(0)]), "blocked since today"),
        (row(blockers=[ask(2), ask(9)]), "blocked for 9 days"),
        (row(help_requests=[ask(4)]), "help requested 4 days ago"),
        (row(help_requests=[ask(1)]), "help requested yesterday"),
        (row(help_requests=[ask(0)]), "help requested today"),
        (
            red(blockers=[ask(9)], help_requests=[ask(4)], late_since=LATE),
            f"{TWICE} · blocked for 9 days · help requested 4 days ago · check-in late since Mon 9 Mar",
        ),
        (
            red(escalation=ACTIVE, blockers=[ask(9)]),
            f"{TWICE} · blocked for 9 days · {HUDDLE} by Wed 11 Mar 09:04 Berlin time",
        ),
    ],
    **SHORT,
)
def test_a_monthly_agenda_has_it_once_with_all_reasons(item: KeyResultFacts, expected: str) -> None:
    assert why(item) == expected
    assert len(agenda(item)) <= 3  # wins, closing


MONTHLY = [
    row("Won"),
    row("Silent", late_since=LATE),
    row("Asks", help_requests=[ask(1)]),
    row("Blocked lately", blockers=[ask(1)]),
    row("Blocked long", blockers=[ask(12)]),
    amber("Little behind", score=Decimal("0.55")),
    amber("Far behind", score=Decimal("0.35")),
    red("Watched", escalation=WATCHED, red_since=dt.date(2026, 1, 26)),
    red("Early", holds=True),
    red("One week", red_since=dt.date(2026, 3, 9), red_reported=1),
    red("Two weeks, higher", score=Decimal("0.28")),
    red("Two weeks, lower", score=Decimal("0.02")),
    red("Red for long", red_since=dt.date(2026, 1, 26)),
    red("Plan", escalation=ANSWERED),
    red("Active", escalation=ACTIVE),
    red("Active for long", escalation=ACTIVE, red_since=dt.date(2026, 1, 26)),
    red("Active while on pace", escalation=ACTIVE, holds=True, score=Decimal("0.1")),
    red("Over", escalation=OVER),
    red("Huddle ahead", escalation=AHEAD, score=Decimal("0.30")),
    red("Raised", escalation=RAISED, score=Decimal("0.30")),
]
WEEKLY = [
    row("Won"),
    row("Returns", spells=spells("rgrrag")),
    row("Stuck", blockers=[ask(40)]),
    red("Escalated", escalation=ACTIVE),
    row("Unowned", owner=None),
    row("Silent", late_since=LATE),
]


def test_the_monthly_review_takes_sections_in_order_and_the_most_important_first() -> None:
    """M8.3: raised escalations, overdue huddles, active ones, plans; watched and early ones last."""
    experiments = [experiment("Invites", "Invite first")]
    lists: dict[str, Any] = {"experiments": experiments, "decisions": [decision(6)]}

    assert " > ".join(order_of(*MONTHLY, actions=[action()], **lists)) == (
        "1 overdue action > Raised > Over > Active for long > Active while on pace > Active"
        " > Huddle ahead > Plan > Red for long > Two weeks, lower > Two weeks, higher > One week"
        " > Early > Watched > Far behind > Little behind > Blocked long > Blocked lately > Asks"
        " > 1 check-in missing > Experiment: Invite first > Wins and learnings"
        " > Last review’s decisions > Closing questions"
    )


def test_the_weekly_review_takes_sections_in_order() -> None:
    lists: dict[str, Any] = {"actions": [action()], "decisions": [decision(6)]}

    assert " > ".join(order_of(*WEEKLY, kind="weekly", **lists)) == (
        "1 overdue action > Silent > Unowned > Escalated > Stuck > Returns > Wins and learnings"
        " > Closing"
    )


GONE = row(owner=Membership(name="x" * 400, removed_at=OPENED))
DAYS = ["2026-02-27", "2026-03-06", "2026-02-20", "2025-12-30"]
LONG_AGO = experiment("A", "A", "2026-03-02")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"actions": map(action, DAYS[1:2])}, "1 overdue action: due 6 Mar"),
        ({"actions": map(action, DAYS[:2])}, "2 overdue actions: due 6 Mar and 27 Feb"),
        ({"actions": map(action, DAYS[:3])}, "3 overdue actions: due 6 Mar, 27 Feb and 20 Feb"),
        ({"actions": map(action, DAYS)}, "4 overdue actions: the oldest due 30 Dec 2025"),
        ({"key_results": [row()]}, "Wins and learnings: 1 moved up since the start"),
        ({"key_results": [row()], "since": FEB_16}, "Wins and learnings: 1 moved up since 16 Feb"),
        ({"decisions": map(decision, [6, 5, 4])}, "Last review’s decisions: 1 improved, 2 didn’t"),
        ({"decisions": [decision(5)]}, "Last review’s decisions: 1 not improved"),
        ({"decisions": [decision()]}, "Last review’s decisions: 1 to review"),
        ({"experiments": [experiment("A", "A")]}, "Experiment: A: ended 6 Mar, lessons"),
        ({"experiments": [LONG_AGO, experiment("B", "B")]}, "2 experiments: the last ended 6 Mar"),
        ({"key_results": [GONE], "kind": "weekly"}, f"API latency: {'x' * 239}…"),
        ({}, "Closing questions: always last"),
        ({"kind": "weekly"}, "Closing: always last"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_lists_and_other_items_have_their_reason(facts: dict[str, Any], expected: str) -> None:
    rows = facts.pop("key_results", ())
    (_, title, reason), *_ = items_of(agenda(*rows, **facts))

    assert f"{title}: {reason}" == expected


def test_overdue_actions_are_listed_the_latest_first() -> None:
    (first, _) = agenda(actions=[action(day, day) for day in DAYS])

    assert [one["action"] for one in first.facts["rows"]] == sorted(DAYS, reverse=True)


def test_missing_check_ins_are_one_item_of_the_monthly_review() -> None:
    items = agenda(
        row("Late", late_since=LATE),
        row("Missed", spells=spells("gg--")),
        row("Missed once", spells=spells("ggg-")),
    )

    assert items_of(items)[0] == ("quiet", "3 check-ins missing", "check-ins late or missed")
    assert [
        (line["title"], line["meta"].replace("\u00a0", " ")) for line in items[0].facts["rows"]
    ] == [
        ("Missed", "Jonas · no check-in since the week of 2 Mar"),
        ("Missed once", "Jonas · no check-in for the week of 9 Mar"),
        ("Late", "Jonas · check-in late since Mon 9 Mar"),
    ]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (row(), ["2 → 6"]),
        (row(earlier={"value": "5", "score": "0.60"}), ["5 → 6"]),
        (row(earlier={"value": "0", "score": "0.60"}), ["0 → 6"]),
        (row(earlier={"value": "6", "score": "0.70"}), []),
        (row(earlier={"value": "8", "score": "0.90"}), []),
        (row(rag=Rag.NO_DATA, score=None, latest_value=None, holds=None), []),
        (red(holds=True), []),
    ],
)
def test_wins_moved_up_since_the_last_review(item: KeyResultFacts, expected: list[str]) -> None:
    wins = [row for one in agenda(item) if one.section == "wins" for row in one.facts["rows"]]

    assert [f"{win['from']} → {win['to']}" for win in wins] == expected


@pytest.mark.parametrize(
    ("item", "section", "expected"),
    [
        (row(late_since=LATE), "quiet", "check-in late since Mon 9 Mar"),
        (row(spells=spells("gg-")), "quiet", "no check-in for the week of 9 Mar"),
        (row(owner=None), "unowned", "no owner"),
        (row(owner=Membership(name="Tom", removed_at=OPENED)), "unowned", "Tom has left"),
        (row(owner=Membership(name="Tom")), "unowned", "Tom has not signed in yet"),
        (row(spells=spells("aaaa", values="4 5 5 5")), "stuck", "same value 3 times in a row"),
        (row(blockers=[ask(7)]), "stuck", "blocked for 7 days"),
        (row(help_requests=[ask(8)]), "stuck", "help requested 8 days ago"),
        (red(escalation=ANSWERED), "stuck", ""),
        (row(spells=spells("rgrrag")), "returning", "red in 3 of the last 6 periods"),
        (row(spells=spells("rrarrr")), "returning", "red in 5 of the last 6 periods"),
        (row(spells=spells("r-ra-r")), "returning", "red in 3 of the last 6 periods"),
        (row(spells=spells("gg-g-g")), "returning", "missed 2 of the last 4 check-ins"),
        (row(spells=spells("-g-g")), "returning", "missed 2 of the last 4 check-ins"),
        (row(spells=spells("aaa", values="5 5 6")), "", ""),
        (row(score=Decimal("1.00"), rag=Rag.STRETCH, spells=spells("sss", values="5 5 5")), "", ""),
        (row(blockers=[ask(6)]), "", ""),
        (row(help_requests=[ask(6)]), "", ""),
        (row(rag=Rag.RED, spells=spells("rrr")), "", ""),
        (row(spells=spells("rr-r")), "", ""),
        (row(spells=spells("rgrggg")), "", ""),
        (row(spells=spells("g-gggg")), "", ""),
        (amber(), "", ""),
        (red(), "", ""),
        (red(escalation=WATCHED), "", ""),
    ],
    **SHORT,
)
def test_each_weekly_item_has_its_reason(item: KeyResultFacts, section: str, expected: str) -> None:
    """M7.6; the others are left out."""
    first, *_ = items_of(agenda(item, kind="weekly"))

    if section:
        assert (first[0], first[2]) == (section, expected)
    else:
        assert first[0] in ("wins", "closing")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (WATCHED, "watched: no deadline yet"),
        (ACTIVE, f"{HUDDLE} by Wed 11 Mar 09:04 Berlin time"),
        (OVER, f"{HUDDLE} overdue since Mon 9 Mar 15:00 Berlin time"),
        (active(huddle_at=WEDNESDAY), f"{HUDDLE} on Wed 11 Mar 09:04 Berlin time"),
        (
            active(huddle_due_at=MONDAY, huddle_at=MONDAY),
            "escalation active, no outcome since the huddle on Mon 9 Mar 15:00 Berlin time",
        ),
        # Later than within its 48 hours
        (AHEAD, f"{HUDDLE} on Wed 11 Mar 09:04 Berlin time"),
        (ANSWERED, "recovery plan, checkpoint 24 Mar"),
        (RAISED, "with the sponsor since Mon 9 Mar"),
        (DECIDED, "the sponsor decided on 9 Mar: add resources"),
    ],
)
def test_the_reason_includes_the_state_of_the_escalation(state: Escalation, expected: str) -> None:
    reasons = why(red(red_since=FEB_23, escalation=state))

    assert reasons == f"red for three weeks, reported twice · {expected}"


@pytest.mark.parametrize(
    ("there", "fresh", "moved", "expected"),
    [
        ("", "a1 b2", "-", "ab"),
        ("b2 z9", "a1 c3", "-", "abcz"),
        ("b2 a1", "", "-", "ab"),
        ("a1 z9", "c3 b2", "-", "abcz"),
        ("b2 c2", "a2", "-", "bca"),
        pytest.param("c3 a1 z9", "b2 d4", "c", "bcadz", id="the order that people made stays"),
    ],
)
def test_a_new_item_comes_at_its_place(there: str, fresh: str, moved: str, expected: str) -> None:
    def items(names: str) -> list[AgendaItem]:
        moved_at = {moved: OPENED}
        return [
            AgendaItem(title=one[0], position=int(one[1]), moved_at=moved_at.get(one[0]))
            for one in names.split()
        ]

    order = merge(items(there), items(fresh), rank=lambda item: (item.position, 0))

    assert "".join(item.title for item in order) == expected


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
def test_minutes_are_cut_until_they_fit(minutes: list[int], into: int, expected: list[int]) -> None:
    assert fit(minutes, into=into) == expected


def test_the_state_of_an_escalation_is_never_cut_off() -> None:
    berlin = Engagement(time_zone="Europe/Berlin")

    shown = current_why("blocked for 12 days · " * 20, ACTIVE, engagement=berlin, now=MONDAY)

    assert len(shown) == LONGEST_WHY
    assert f"… · {HUDDLE}" in shown
