from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from decisions.models import ActionItem
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.commands import (
    add_item,
    answer_item,
    mark_here,
    move_item,
    next_item,
    park_item,
    previous_item,
    show_item,
    start_review,
    tick_off,
    unpark_item,
)
from reviews.models import AgendaItem, Attendance, Review, ReviewRecord
from tests import build
from tests.checkins.posting import TUESDAY, at, code, post
from tests.reviews.meeting import act
from tests.reviews.running import (
    go_on,
    item,
    now_at,
    plan,
    room,
    run,
    three_red,
    titles,
)


@pytest.fixture
def rows(alice: Membership) -> list[KeyResult]:
    return three_red(alice)


def test_a_start_draws_again_and_brings_the_room_to_the_first_item(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = plan(alice)
    post(rows[0], alice, actual="5", now=TUESDAY)

    start_review(review=review, by=alice, now=TUESDAY)

    assert "One" not in titles(review)
    assert now_at(review) == "Two"
    again = start_review(review=review, by=alice, now=at("2026-03-10T15:00"))
    assert again.started_at == TUESDAY


def test_next_ticks_off_and_moves_on_and_previous_goes_back(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)

    go_on(review, alice)
    assert now_at(review) == "Two"
    assert item(review, "One").discussed_at == TUESDAY
    go_on(review, alice, back=True)
    assert now_at(review) == "One"
    go_on(review, alice, back=True)
    assert now_at(review) == "One"


def test_two_who_press_at_once_move_the_room_once(alice: Membership, rows: list[KeyResult]) -> None:
    review = run(alice)
    pressed: dict[str, Any] = {
        "review": review,
        "at": item(review, "One").public_id,
        "by": alice,
        "now": TUESDAY,
    }

    next_item(**pressed)
    second = next_item(**pressed)

    assert second == item(review, "Two")
    assert now_at(review) == "Two"
    assert item(review, "Two").discussed_at is None
    assert previous_item(**pressed) == item(review, "Two")
    assert next_item(**{**pressed, "at": ""}) == item(review, "Two")


def test_next_leaves_out_what_was_discussed_and_comes_back_to_what_was_not(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)
    show_item(review=review, item=item(review, "Three"), by=alice, now=TUESDAY)

    visited = [now_at(review)]
    for _ in range(5):
        go_on(review, alice)
        visited.append(now_at(review))

    last = "Closing questions"
    assert visited == ["Three", last, "One", "Two", "Two", "Two"]


def test_showing_an_item_brings_its_facts_up_to_now(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice)
    post(rows[1], alice, actual="7", now=TUESDAY)

    show_item(review=review, item=item(review, "Two"), by=alice, now=TUESDAY)

    assert item(review, "Two").facts["latest"] == "7"
    assert item(review, "One").facts["latest"] == "8.95"


def test_the_room_moves_only_while_it_runs(alice: Membership, rows: list[KeyResult]) -> None:
    review = plan(alice)

    for command in (next_item, previous_item):
        with pytest.raises(ValidationError) as refused:
            command(review=review, at="", by=alice, now=TUESDAY)
        assert code(refused.value) == "not_started"


def test_an_item_of_another_review_is_refused(alice: Membership, rows: list[KeyResult]) -> None:
    review, other = run(alice), run(alice)

    with pytest.raises(ValidationError) as refused:
        show_item(review=review, item=item(other, "One"), by=alice, now=TUESDAY)

    assert code(refused.value) == "other_review"


def test_a_no_makes_one_action_for_the_lead_and_a_yes_drops_it(
    alice: Membership, rows: list[KeyResult]
) -> None:
    """M3.3."""
    review = run(alice)
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    one = item(review, "One")

    answer_item(item=one, still_right=False, by=sponsor, now=TUESDAY)
    answer_item(item=one, still_right=False, by=sponsor, now=TUESDAY)

    action = ActionItem.objects.get()
    assert (action.what, action.owner) == ("Propose a change to “One”", alice)
    assert action.due_on.isoformat() == "2026-03-17"
    assert (action.key_result, ReviewRecord.objects.get(action=action).agenda_item) == (
        rows[0],
        one,
    )
    assert item(review, "One").still_right is False

    answer_item(item=one, still_right=True, by=sponsor, now=TUESDAY)

    action.refresh_from_db()
    assert action.dropped_by == sponsor
    assert (item(review, "One").still_right, item(review, "One").answered_by) == (True, sponsor)


@pytest.mark.parametrize("gone", [{"removed_at": TUESDAY}, {"role": Role.VIEWER}])
def test_a_no_is_for_whoever_says_it_where_the_lead_takes_no_actions(
    alice: Membership, rows: list[KeyResult], gone: dict[str, object]
) -> None:
    other = build.member(alice.engagement, "Lara")
    review = run(alice)
    Review.objects.filter(pk=review.pk).update(lead=other)
    Membership.objects.filter(pk=other.pk).update(**gone)
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)

    answer_item(item=item(review, "One"), still_right=False, by=sponsor, now=TUESDAY)

    assert ActionItem.objects.get().owner == sponsor


def test_an_objective_is_asked_about_too_and_a_list_is_not(
    alice: Membership, rows: list[KeyResult]
) -> None:
    act(alice, due_on=TUESDAY.date())
    review = plan(alice, now=at("2026-03-11T09:00"))
    objective = rows[0].objective
    added = add_item(review=review, title="", minutes=5, objective=objective, by=alice, now=TUESDAY)
    assert [one["title"] for one in added.facts["rows"]] == ["One", "Two", "Three"]

    answer_item(item=added, still_right=False, by=alice, now=TUESDAY)

    assert ActionItem.objects.filter(what=f"Propose a change to “{objective.title}”").exists()
    with pytest.raises(ValidationError) as refused:
        answer_item(item=item(review, "1 overdue action"), still_right=True, by=alice, now=TUESDAY)
    assert code(refused.value) == "no_question"


def test_an_overdue_action_is_ticked_off_in_the_room(alice: Membership) -> None:
    action, other = act(alice, due_on=TUESDAY.date()), act(alice, "Call", due_on=TUESDAY.date())
    wednesday = at("2026-03-11T09:00")
    review = run(alice, now=wednesday)
    overdue = item(review, "2 overdue actions")

    tick_off(item=overdue, action=action, by=alice, now=wednesday)

    action.refresh_from_db()
    assert action.done_at == wednesday
    rows = item(review, "2 overdue actions").facts["rows"]
    assert [(one["action"], one.get("label")) for one in rows] == [
        (other.public_id, None),
        (action.public_id, "no longer overdue"),
    ]


def test_whoever_starts_it_is_here(alice: Membership, bob: Membership) -> None:
    review = plan(alice, attendees=[bob])

    start_review(review=review, by=alice, now=TUESDAY)

    found = {one.member: one.is_here for one in Attendance.objects.filter(review=review)}
    assert found == {bob: False, alice: True}


def test_who_is_here_is_kept(alice: Membership, bob: Membership) -> None:
    review = plan(alice, attendees=[bob])

    mark_here(review=review, member=bob, is_here=True, by=alice)
    mark_here(review=review, member=alice, is_here=True, by=alice)
    mark_here(review=review, member=bob, is_here=False, by=alice)

    found = {one.member: one.is_here for one in Attendance.objects.filter(review=review)}
    assert found == {bob: False, alice: True}


def test_somebody_who_walked_in_is_here_and_no_viewer_is(alice: Membership) -> None:
    review = plan(alice)
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)
    gone = build.member(alice.engagement, "Gus", removed_at=TUESDAY)

    mark_here(review=review, member=sponsor, is_here=True, by=alice)

    for one in (viewer, gone):
        with pytest.raises(ValidationError) as refused:
            mark_here(review=review, member=one, is_here=True, by=alice)
        assert code(refused.value) == "owner"
    assert Attendance.objects.get(review=review).member == sponsor


def test_somebody_who_was_asked_and_left_since_was_here(alice: Membership, bob: Membership) -> None:
    review = plan(alice, attendees=[bob])
    Membership.objects.filter(pk=bob.pk).update(removed_at=TUESDAY)

    assert mark_here(review=review, member=bob, is_here=True, by=alice).is_here


COMMANDS: list[Callable[[Review, AgendaItem, Membership], object]] = [
    lambda review, item, by: show_item(review=review, item=item, by=by, now=TUESDAY),
    lambda review, item, by: go_on(review, by),
    lambda review, item, by: go_on(review, by, back=True),
    lambda review, item, by: park_item(item=item, by=by, now=TUESDAY),
    lambda review, item, by: unpark_item(item=item, by=by, now=TUESDAY),
    lambda review, item, by: move_item(item=item, up=False, by=by, now=TUESDAY),
    lambda review, item, by: mark_here(review=review, member=by, is_here=True, by=by),
    lambda review, item, by: answer_item(item=item, still_right=True, by=by, now=TUESDAY),
    lambda review, item, by: add_item(review=review, title="x", minutes=5, by=by, now=TUESDAY),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_change_is_told_to_the_room(
    alice: Membership,
    rows: list[KeyResult],
    command: Callable[[Review, AgendaItem, Membership], object],
) -> None:
    review = run(alice)
    before = room(review)

    command(review, item(review, "One"), alice)

    assert room(review) > before


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.SPONSOR])
def test_leads_run_it_deciders_answer_and_add_nobody_else_does(
    alice: Membership,
    rows: list[KeyResult],
    role: str,
    command: Callable[[Review, AgendaItem, Membership], object],
) -> None:
    review, other = run(alice), build.member(alice.engagement, "Other", role)

    if role == Role.SPONSOR and COMMANDS.index(command) >= 7:
        command(review, item(review, "One"), other)
        return
    with pytest.raises(ValidationError) as refused:
        command(review, item(review, "One"), other)
    assert code(refused.value) == "no_right"
