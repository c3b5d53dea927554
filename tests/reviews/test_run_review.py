"""Reviews that run: their agenda is followed, changed and answered, and people are there (M8.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from decisions.models import ActionItem
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.commands.agendas import (
    add_item,
    answer_item,
    draw_agenda,
    move_item,
    next_item,
    park_item,
    previous_item,
    show_item,
    tick_off,
    unpark_item,
)
from reviews.commands.reviews import close_review, mark_here, start_review
from reviews.models import AgendaItem, Attendance, Review, ReviewRecord
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.reviews.meeting import act, refusal
from tests.reviews.running import (
    YES,
    checked,
    current_title,
    go_on,
    item,
    live_version,
    plan,
    run,
    three_red,
    titles,
)

LAST = "Closing questions"
NEXT_DAY = at("2026-03-11T09:00")


@pytest.fixture(autouse=True)
def rows(alice: Membership) -> list[KeyResult]:
    return three_red(alice)


def test_a_start_refreshes_the_agenda_and_shows_its_first_item_once(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = plan(alice)
    post(rows[0], alice, actual="5", now=TUESDAY)

    start_review(review=review, by=alice, now=TUESDAY)

    assert "One" not in titles(review)
    assert current_title(review) == "Two"
    assert start_review(review=review, by=alice, now=NEXT_DAY).started_at == TUESDAY


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        ("next previous previous", ["One", "Two", "One", "One"]),
        ("show next next next next next", ["One", "Three", LAST, "One", "Two", "Two", "Two"]),
    ],
)
def test_next_leaves_out_discussed_items_and_previous_goes_back(
    alice: Membership, clicks: str, expected: list[str]
) -> None:
    review = run(alice)
    visited = [current_title(review)]

    for click in clicks.split():
        if click == "show":
            show_item(item=item(review, "Three"), by=alice, now=TUESDAY)
        else:
            go_on(review, alice, back=click == "previous")
        visited.append(current_title(review))

    assert visited == expected
    assert item(review, visited[-2]).discussed_at == TUESDAY


def test_a_second_click_from_an_old_screen_moves_nothing(alice: Membership) -> None:
    review = run(alice)
    click: dict[str, Any] = {"review": review, "by": alice, "now": TUESDAY}
    at = item(review, "One").public_id

    next_item(**click, at=at)

    for command, seen_at in ((next_item, at), (previous_item, at), (next_item, "")):
        assert command(**click, at=seen_at) == item(review, "Two")
    assert current_title(review) == "Two"
    assert item(review, "Two").discussed_at is None


def test_showing_an_item_refreshes_its_facts_alone(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)
    post(rows[1], alice, actual="7", now=TUESDAY)

    show_item(item=item(review, "Two"), by=alice, now=TUESDAY)

    assert item(review, "Two").facts["latest"] == "7"
    assert item(review, "One").facts["latest"] == "8.95"


def test_a_planned_review_does_not_move_and_a_removed_item_is_not_shown(alice: Membership) -> None:
    planned, running = plan(alice), run(alice)
    removed = item(running, "Two")
    AgendaItem.objects.filter(pk=removed.pk).delete()

    for command in (next_item, previous_item):
        refused = refusal(command, review=planned, at="", by=alice, now=TUESDAY)
        assert refused == "not_started"
    assert refusal(show_item, item=removed, by=alice, now=TUESDAY) == "gone"


def test_parking_the_current_item_shows_the_next_and_it_can_come_back(alice: Membership) -> None:
    review = run(alice)

    park_item(item=item(review, "One"), by=alice, now=TUESDAY)

    assert current_title(review) == "Two"
    assert item(review, "One").discussed_at is None
    unpark_item(item=item(review, "One"), by=alice, now=TUESDAY)
    assert item(review, "One").parked_at is None
    assert titles(review)[0] == "One"


def test_items_change_places_pass_over_parked_ones_and_the_closing_item_stays_last(
    alice: Membership,
) -> None:
    review = plan(alice)

    for title, up in (("Three", True), ("One", True), ("One", False)):
        move_item(item=item(review, title), up=up, by=alice, now=TUESDAY)

    assert titles(review) == ["Three", "One", "Two", LAST]
    for title, up in (("Two", False), (LAST, True)):
        moved = item(review, title)
        assert refusal(move_item, item=moved, up=up, by=alice, now=TUESDAY) == "last"
    assert refusal(park_item, item=item(review, LAST), by=alice, now=TUESDAY) == "last"
    park_item(item=item(review, "One"), by=alice, now=TUESDAY)
    move_item(item=item(review, "Two"), up=True, by=alice, now=TUESDAY)
    assert titles(review) == ["Two", "One", "Three", LAST]


def test_an_added_item_comes_before_the_closing_item(alice: Membership) -> None:
    review = plan(alice)
    champion = build.member(alice.engagement, "Lena", Role.CHAMPION)

    added = add_item(review=review, title=" The  off-site ", minutes=4, by=champion, now=TUESDAY)

    assert titles(review)[-2:] == ["The off-site", LAST]
    assert (added.why, added.minutes, added.added_by) == ("added by Lena", 4, champion)


def test_an_added_key_result_has_its_screen_and_appears_once(
    alice: Membership, rows: list[KeyResult]
) -> None:
    calm = checked(build.live_key_result(rows[0].objective, title="Calm"), alice, "5", "5")
    review = plan(alice)
    new: dict[str, Any] = {"review": review, "title": "", "minutes": 4, "by": alice, "now": TUESDAY}
    added = add_item(**new, key_result=calm)
    assert (added.title, added.facts["kind"]) == ("Calm", "key_result")

    post(calm, alice, actual="8.9", now=TUESDAY, confidence=1)
    start_review(review=review, by=alice, now=TUESDAY)

    assert titles(review).count("Calm") == 1
    assert refusal(add_item, **new, key_result=rows[1], field="key_result") == "there"
    assert refusal(add_item, **new, field="title") == "required"


def test_a_no_adds_one_action_for_the_lead_and_a_yes_drops_it(
    alice: Membership, rows: list[KeyResult]
) -> None:
    """M3.3."""
    review = run(alice)
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    asked = item(review, "One")

    for still_right in (False, False, True):
        answer_item(item=asked, still_right=still_right, by=sponsor, now=TUESDAY)
        if not still_right:
            action = ActionItem.objects.get()
            assert (action.is_open, item(review, "One").still_right) == (True, False)

    assert (action.what, action.owner) == ("Propose a change to “One”", alice)
    assert (action.due_on.isoformat(), action.key_result) == ("2026-03-17", rows[0])
    assert ReviewRecord.objects.get(action=action).agenda_item == asked
    action.refresh_from_db()
    assert (action.dropped_by, action.version) == (sponsor, 2)
    assert (item(review, "One").still_right, item(review, "One").answered_by) == (True, sponsor)


@pytest.mark.parametrize("change", [{"removed_at": TUESDAY}, {"role": Role.VIEWER}])
def test_a_no_goes_to_the_member_who_answered_if_the_lead_owns_no_actions(
    alice: Membership, change: dict[str, object]
) -> None:
    review = run(alice)
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    Membership.objects.filter(pk=alice.pk).update(**change)

    answer_item(item=item(review, "One"), still_right=False, by=sponsor, now=TUESDAY)

    assert ActionItem.objects.get().owner == sponsor


def test_an_objective_has_a_question_and_a_list_has_none(
    alice: Membership, rows: list[KeyResult]
) -> None:
    act(alice, due_on=TUESDAY.date())
    review = plan(alice, now=NEXT_DAY)
    objective = rows[0].objective
    added = add_item(review=review, title="", minutes=5, objective=objective, by=alice, now=TUESDAY)
    assert [line["title"] for line in added.facts["rows"]] == ["One", "Two", "Three"]

    answer_item(item=added, still_right=False, by=alice, now=TUESDAY)

    assert ActionItem.objects.filter(what=f"Propose a change to “{objective.title}”").exists()
    overdue = item(review, "1 overdue action")
    refused = refusal(answer_item, item=overdue, still_right=True, by=alice, now=TUESDAY)
    assert refused == "no_question"


def test_an_overdue_action_is_done_in_the_review(alice: Membership) -> None:
    action, other = act(alice, due_on=TUESDAY.date()), act(alice, "Call", due_on=TUESDAY.date())
    review = run(alice, now=NEXT_DAY)

    tick_off(item=item(review, "2 overdue actions"), action=action, by=alice, now=NEXT_DAY)

    action.refresh_from_db()
    assert action.done_at == NEXT_DAY
    lines = item(review, "2 overdue actions").facts["rows"]
    assert [(line["action"], line.get("label")) for line in lines] == [
        (other.public_id, None),
        (action.public_id, "no longer overdue"),
    ]


def test_attendance_is_marked_for_members_uninvited_or_gone_since(
    alice: Membership, bob: Membership
) -> None:
    review = plan(alice, attendees=[bob])
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)
    gone = build.member(alice.engagement, "Gus", removed_at=TUESDAY)
    Membership.objects.filter(pk=bob.pk).update(removed_at=TUESDAY)
    mark: dict[str, Any] = {"review": review, "by": alice, "now": TUESDAY}

    start_review(**mark)
    for member, is_here in ((bob, True), (bob, False), (sponsor, True)):
        mark_here(**mark, member=member, is_here=is_here)

    marked = {row.member: row.is_here for row in Attendance.objects.filter(review=review)}
    assert marked == {bob: False, alice: True, sponsor: True}  # who starts it is here
    for member in (viewer, gone):
        assert refusal(mark_here, **mark, member=member, is_here=True) == "owner"


COMMANDS: dict[str, Callable[..., object]] = {
    "show": show_item,
    "park": park_item,
    "unpark": unpark_item,
    "move": partial(move_item, up=False),
    "answer": partial(answer_item, still_right=True),
    "next": next_item,
    "previous": previous_item,
    "draw": draw_agenda,
    "add": partial(add_item, title="x", minutes=5),
    "attendance": mark_here,
    "close": partial(close_review, **YES),
}


def do(name: str, review: Review, by: Membership) -> object:
    """Run that command in a review that is at One."""
    more: dict[str, Any] = {"review": review}
    if name in ("show", "park", "unpark", "move", "answer"):
        more = {"item": item(review, "One")}
    elif name in ("next", "previous"):
        more["at"] = item(review, "One").public_id
    elif name == "attendance":
        more |= {"member": by, "is_here": True}
    return COMMANDS[name](by=by, now=TUESDAY, **more)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_change_updates_open_screens(alice: Membership, name: str) -> None:
    review = run(alice)
    before = live_version(review)

    do(name, review, alice)

    assert live_version(review) > before


@pytest.mark.parametrize("name", [*COMMANDS, "plan"])
@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.SPONSOR])
def test_leads_run_a_review_and_deciders_answer_and_add(
    alice: Membership, role: str, name: str
) -> None:
    review, other = run(alice), build.member(alice.engagement, "Other", role)

    if name == "plan":
        assert refusal(plan, alice, by=other) == "no_right"
    elif role == Role.SPONSOR and name in ("answer", "add"):
        do(name, review, other)
    else:
        assert refusal(do, name, review, other) == "no_right"
