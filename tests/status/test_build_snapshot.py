"""What clients see on one day, and what they don't (M12)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from checkins.commands import undo_check_in
from engagements.models import Engagement, Membership
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.status.quarter import key_result, objective, plain, rows_of, shown, week

SO_FAR = "Scores are still low: the quarter is nine weeks old."
NEXT_QUARTER = {"starts_on": dt.date(2026, 4, 1), "ends_on": dt.date(2026, 6, 30)}
BEHIND: dict[str, Any] = {"actual": 1, "confidence": 2}
ON_PACE: dict[str, Any] = {"actual": 9, "confidence": 4}
EARLY: dict[str, Any] = {"actual": 2, "confidence": 4, "starts_on": dt.date(2026, 3, 1)}
UNMEASURED: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("states", "headline", "heads"),
    [
        ([], "No objective is committed right now.", []),
        ([UNMEASURED], "No key result is measured yet.", ["Not measured yet"]),
        ([BEHIND], "The only key result is behind pace and red: Result 0.", ["Behind pace"]),
        ([EARLY], f"The only key result is on pace. {SO_FAR}", ["On pace"]),
        (
            [ON_PACE, BEHIND, UNMEASURED],
            "1 of 3 key results is on pace. 1 is behind and red: Result 1. 1 is not measured yet.",
            ["1 of 3 on pace", "1 of 3 not measured yet"],
        ),
    ],
    ids=["none-committed", "M12-unmeasured", "M12-behind", "M12-early", "M12-of-all-committed"],
)
def test_headline_and_objective_count_all_by_pace(
    alice: Membership, states: list[dict[str, Any]], headline: str, heads: list[str]
) -> None:
    goal = objective(alice)
    for number, state in enumerate(states):
        dates = {name: value for name, value in state.items() if name == "starts_on"}
        row = key_result(goal, f"Result {number}", **dates)
        if state:
            values = {name: value for name, value in state.items() if name not in dates}
            post(row, alice, now=week(10), **values)

    page = shown(alice)

    assert page["headline"] == headline
    blocks = [block for cycle in page["cycles"] for block in cycle["blocks"]]
    assert [line for block in blocks for line in block["forecasts"]] == (heads if states else [])


def test_it_marks_what_is_stale_late_and_unverified(alice: Membership) -> None:
    goal = objective(alice)
    post(key_result(goal, "Gone quiet"), alice, actual=9, now=week(7))
    post(key_result(goal, "Missed one"), alice, actual=9, now=week(8))
    proof = {"evidence_url": "https://example.test/report"}
    post(key_result(goal, "Proven"), alice, actual=9, now=week(10), **proof)

    rows = rows_of(shown(alice))
    Engagement.objects.update(rhythm_since=TUESDAY)
    after_a_new_rhythm = rows_of(shown(alice))["Gone quiet"]

    quiet, proven = rows["Gone quiet"], rows["Proven"]
    assert quiet["notes"] == ["Unverified"]
    assert (quiet["standing"]["forecast"], quiet["detail"]) == (
        "no_recent_update",
        "2 check-ins missed",
    )
    assert rows["Missed one"]["standing"]["forecast"] == "on_pace"  # M9.2: after two
    assert rows["Missed one"]["detail"] == "1 check-in missed"
    assert plain(quiet["said"]).endswith("Check-in late since Mon 9 Mar 10:00")
    assert (proven["notes"], proven["detail"]) == ([], "")
    assert "late" not in proven["said"]
    assert after_a_new_rhythm["detail"] == ""
    assert "late" not in after_a_new_rhythm["said"]


def test_a_key_result_without_a_value_is_neither_red_nor_green(alice: Membership) -> None:
    key_result(objective(alice), "Accounts that expand")

    page = shown(alice)

    standing = rows_of(page)["Accounts that expand"]["standing"]
    assert (standing["rag"], standing["score"]) == ("no_data", "")
    assert (standing["forecast"], standing["early"]) == ("not_measured", False)
    assert page["cycles"][0]["blocks"][0]["standing"]["score"] == ""


def test_one_that_has_not_moved_is_behind_pace_three_days_before_its_end(
    alice: Membership,
) -> None:
    """M9.2, M12: never early."""
    row = key_result(objective(alice), "Accounts that expand", due_on=dt.date(2026, 3, 13))
    post(row, alice, actual=0, confidence=3, now=week(10))

    page = shown(alice)

    standing = rows_of(page)["Accounts that expand"]["standing"]
    assert (standing["score"], standing["forecast"]) == ("0.00", "behind")
    assert not standing["early"]
    assert page["headline"].startswith("The only key result is behind pace and red")
    assert [item["since"] for item in page["reds"]] == ["Behind pace, red for one week"]


def test_those_behind_pace_are_listed_above_whatever_their_band(alice: Membership) -> None:
    goal = objective(alice)
    post(key_result(goal, "Red"), alice, actual=1, now=week(10))
    post(key_result(goal, "Amber"), alice, actual=5, confidence=2, now=week(10))
    post(key_result(goal, "Green"), alice, actual=9, now=week(10))

    page = shown(alice)

    assert page["headline"].endswith("2 are behind, 1 of them red: Red.")
    assert [(item["title"], item["since"]) for item in page["reds"]] == [
        ("Red", "Behind pace, red for one week"),
        ("Amber", "Behind pace"),
    ]


@pytest.mark.parametrize(("count", "folded"), [(8, False), (9, True)])
def test_more_than_eight_key_results_fold(alice: Membership, count: int, folded: bool) -> None:
    goal = objective(alice)
    for number in range(count):
        key_result(goal, f"Result {number}")

    assert shown(alice)["folded"] is folded


def test_drafts_and_other_cycles_are_not_shown(alice: Membership) -> None:
    goal = objective(alice)
    key_result(goal, "Committed")
    build.key_result(goal, title="Only a draft")
    later = build.cycle(alice.engagement, "2026-Q2", **NEXT_QUARTER)
    key_result(objective(alice, cycle=later, title="The next one"), "Of the next quarter")

    assert list(rows_of(shown(alice))) == ["Committed"]


def test_between_two_cycles_the_last_one_stays(alice: Membership) -> None:
    key_result(objective(alice), "Committed")

    page = shown(alice, now=at("2026-04-03T09:00"))

    assert list(rows_of(page)) == ["Committed"]
    assert plain(page["kicker"]) == "2026-Q1, ended 31 Mar"


def test_a_company_objective_is_named_once_it_is_committed(alice: Membership) -> None:
    company = build.objective(alice, build.cycle(alice.engagement), title="Win back trust")
    team = build.team(alice.engagement)
    goal = objective(alice, cycle=company.cycle, team=team, parent=company)
    key_result(goal, "Accounts that expand")

    drafted = shown(alice)
    build.change(company, committed_at=week(9), committed_by=alice)
    committed = shown(alice)

    assert list(rows_of(drafted)) == ["Accounts that expand"]
    assert company.title not in str(drafted)
    assert f"contributes to “{company.title}”" in str(committed)


def test_the_stamp_is_the_last_check_in_that_was_not_undone(alice: Membership) -> None:
    row = key_result(objective(alice), "Accounts that expand")
    post(row, alice, actual=1, now=week(9))
    for minutes in range(0, 6, 2):
        now = week(10) + dt.timedelta(minutes=minutes)
        undone = post(row, alice, actual=2, now=now)
        undo_check_in(check_in=undone, by=alice, now=now + dt.timedelta(minutes=1))

    stamp = shown(alice, now=week(10) + dt.timedelta(hours=2))["stamp"]

    assert plain(stamp) == "Last check-in 2 Mar 2026, 09:00 Berlin time"
