"""Reviews that run: their agenda is followed, changed and answered, and people are there (M8.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from decisions.models import ActionItem
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.commands import agendas
from reviews.commands.reviews import close_review, mark_here, start_review
from reviews.models import AgendaItem, Attendance, Review, ReviewRecord
from tests import build
from tests.checkins.posting import TUESDAY, at, post, refused
from tests.reviews.meeting import act
from tests.reviews.running import (
    YES,
    current_title,
    go_on,
    item,
    key_results,
    live_version,
    plan,
    reported,
    run,
    titles,
)

LAST = "Closing questions"
NEXT_DAY = at("2026-03-11T09:00")


@pytest.fixture(autouse=True)
def rows(alice: Membership) -> list[KeyResult]:
    """One, Two and Three, in the order of an agenda."""
    rows = key_results(alice, "One", "Two", "Three")
    return [
        reported(row, alice, "8.9", value, confidence=2)
        for row, value in zip(rows, ("8.95", "8.9", "8.8"), strict=True)
    ]


def test_a_start_refreshes_the_agenda_once(alice: Membership, rows: list[KeyResult]) -> None:
    review = plan(alice)
    post(rows[0], alice, actual="5", now=TUESDAY)

    start_review(review=review, by=alice, now=TUESDAY)

    assert "One" not in titles(review)
    assert current_title(review) == "Two"
    assert start_review(review=review, by=alice, now=NEXT_DAY).started_at == TUESDAY


@pytest.mark.parametrize(
    ("clicks", "order"),
    [
        ("next previous previous", ["One", "Two", "One", "One"]),
        ("show next next next next next", ["One", "Three", LAST, "One", "Two", "Two", "Two"]),
    ],
)
def test_next_goes_on_and_previous_back(alice: Membership, clicks: str, order: list[str]) -> None:
    review = run(alice)
    visited = [current_title(review)]

    for click in clicks.split():
        if click == "show":
            agendas.show_item(item=item(review, "Three"), by=alice, now=TUESDAY)
        else:
            go_on(review, alice, back=click == "previous")
        visited.append(current_title(review))

    assert visited == order
    assert item(review, visited[-2]).discussed_at == TUESDAY


def test_a_second_click_from_an_old_screen_moves_nothing(alice: Membership) -> None:
    review = run(alice)
    click: dict[str, Any] = {"review": review, "by": alice, "now": TUESDAY}
    at = item(review, "One").public_id

    agendas.next_item(**click, at=at)

    for command, seen_at in (
        (agendas.next_item, at),
        (agendas.previous_item, at),
        (agendas.next_item, ""),
    ):
        assert command(**click, at=seen_at) == item(review, "Two")
    assert current_title(review) == "Two"
    assert item(review, "Two").discussed_at is None


def test_showing_an_item_refreshes_it_alone(alice: Membership, rows: list[KeyResult]) -> None:
    review = run(alice)
    post(rows[1], alice, actual="7", now=TUESDAY)

    agendas.show_item(item=item(review, "Two"), by=alice, now=TUESDAY)

    assert item(review, "Two").facts["latest"] == "7"
    assert item(review, "One").facts["latest"] == "8.95"


def test_a_planned_review_does_not_move_and_a_removed_item_is_not_shown(alice: Membership) -> None:
    planned, running = plan(alice), run(alice)
    removed = item(running, "Two")
    AgendaItem.objects.filter(pk=removed.pk).delete()

    for command in (agendas.next_item, agendas.previous_item):
        code = refused(command, review=planned, at="", by=alice, now=TUESDAY)
        assert code == "not_started"
    assert refused(agendas.show_item, item=removed, by=alice, now=TUESDAY) == "gone"


def test_parking_the_current_item_shows_the_next_and_it_can_come_back(alice: Membership) -> None:
    review = run(alice)

    agendas.park_item(item=item(review, "One"), by=alice, now=TUESDAY)

    assert current_title(review) == "Two"
    assert item(review, "One").discussed_at is None
    agendas.unpark_item(item=item(review, "One"), by=alice, now=TUESDAY)
    assert item(review, "One").parked_at is None
    assert titles(review)[0] == "One"


def test_items_change_places_and_the_closing_item_stays_last(alice: Membership) -> None:
    review = plan(alice)

    for title, up in (("Three", True), ("One", True), ("One", False)):
        agendas.move_item(item=item(review, title), up=up, by=alice, now=TUESDAY)

    assert titles(review) == ["Three", "One", "Two", LAST]
    for title, up in (("Two", False), (LAST, True)):
        moved = item(review, title)
        assert refused(agendas.move_item, item=moved, up=up, by=alice, now=TUESDAY) == "last"
    assert refused(agendas.park_item, item=item(review, LAST), by=alice, now=TUESDAY) == "last"
    agendas.park_item(item=item(review, "One"), by=alice, now=TUESDAY)
    agendas.move_item(item=item(review, "Two"), up=True, by=alice, now=TUESDAY)
    assert titles(review) == ["Two", "One", "Three", LAST]


def test_an_added_item_comes_before_the_closing_item(alice: Membership) -> None:
    review = plan(alice)
    champion = build.member(alice.engagement, "Lena", Role.CHAMPION)

    added = agendas.add_item(
        review=review, title=" The  off-site ", minutes=4, by=champion, now=TUESDAY
    )

    assert titles(review)[-2:] == ["The off-site", LAST]
    assert (added.why, added.minutes, added.added_by) == ("added by Lena", 4, champion)


def test_an_added_key_result_appears_once(alice: Membership, rows: list[KeyResult]) -> None:
    calm = reported(build.live_key_result(rows[0].objective, title="Calm"), alice, "5", "5")
    review = plan(alice)
    new: dict[str, Any] = {"review": review, "title": "", "minutes": 4, "by": alice, "now": TUESDAY}
    added = agendas.add_item(**new, key_result=calm)
    assert (added.title, added.facts["kind"]) == ("Calm", "key_result")

    post(calm, alice, actual="8.9", now=TUESDAY, confidence=1)
    start_review(review=review, by=alice, now=TUESDAY)

    assert titles(review).count("Calm") == 1
    assert refused(agendas.add_item, **new, key_result=rows[1], field="key_result") == "there"
    assert refused(agendas.add_item, **new, field="title") == "required"


def test_a_no_adds_one_action_and_a_yes_drops_it(alice: Membership, rows: list[KeyResult]) -> None:
    """M3.3."""
    review = run(alice)
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    asked = item(review, "One")

    for still_right in (False, False, True):
        agendas.answer_item(item=asked, still_right=still_right, by=sponsor, now=TUESDAY)
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
def test_a_no_without_a_lead_goes_to_its_author(alice: Membership, change: dict[str, Any]) -> None:
    review = run(alice)
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    Membership.objects.filter(pk=alice.pk).update(**change)

    agendas.answer_item(item=item(review, "One"), still_right=False, by=sponsor, now=TUESDAY)

    assert ActionItem.objects.get().owner == sponsor


def test_objectives_have_a_question_lists_none(alice: Membership, rows: list[KeyResult]) -> None:
    act(alice, due_on=TUESDAY.date())
    review = plan(alice, now=NEXT_DAY)
    objective = rows[0].objective
    added = agendas.add_item(
        review=review, title="", minutes=5, objective=objective, by=alice, now=TUESDAY
    )
    assert [line["title"] for line in added.facts["rows"]] == ["One", "Two", "Three"]

    agendas.answer_item(item=added, still_right=False, by=alice, now=TUESDAY)

    assert ActionItem.objects.filter(what=f"Propose a change to “{objective.title}”").exists()
    overdue = item(review, "1 overdue action")
    code = refused(agendas.answer_item, item=overdue, still_right=True, by=alice, now=TUESDAY)
    assert code == "no_question"


def test_an_overdue_action_is_done_in_the_review(alice: Membership) -> None:
    action, other = act(alice, due_on=TUESDAY.date()), act(alice, "Call", due_on=TUESDAY.date())
    review = run(alice, now=NEXT_DAY)

    agendas.tick_off(item=item(review, "2 overdue actions"), action=action, by=alice, now=NEXT_DAY)

    action.refresh_from_db()
    assert action.done_at == NEXT_DAY
    lines = item(review, "2 overdue actions").facts["rows"]
    assert [(line["action"], line.get("label")) for line in lines] == [
        (other.public_id, None),
        (action.public_id, "no longer overdue"),
    ]


def test_attendance_is_marked_for_uninvited_members(alice: Membership, bob: Membership) -> None:
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
        assert refused(mark_here, **mark, member=member, is_here=True) == "owner"


def commands(review: Review, by: Membership) -> dict[str, Callable[[], object]]:
    """Return every change of a review that is at One."""
    one = item(review, "One")
    me: dict[str, Any] = {"by": by, "now": TUESDAY}
    here = {**me, "review": review}
    return {
        "show": partial(agendas.show_item, item=one, **me),
        "park": partial(agendas.park_item, item=one, **me),
        "unpark": partial(agendas.unpark_item, item=one, **me),
        "move": partial(agendas.move_item, item=one, up=False, **me),
        "answer": partial(agendas.answer_item, item=one, still_right=True, **me),
        "next": partial(agendas.next_item, at=one.public_id, **here),
        "previous": partial(agendas.previous_item, at=one.public_id, **here),
        "draw": partial(agendas.draw_agenda, **here),
        "add": partial(agendas.add_item, title="x", minutes=5, **here),
        "attendance": partial(mark_here, member=by, is_here=True, **here),
        "close": partial(close_review, **YES, **here),
    }


def test_every_change_updates_open_screens(alice: Membership) -> None:
    review = run(alice)
    before, unseen = live_version(review), []

    for name, command in commands(review, alice).items():
        with transaction.atomic():
            command()
            if live_version(review) == before:
                unseen.append(name)
            transaction.set_rollback(True)

    assert unseen == []


@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.CONTRIBUTOR, set()), (Role.SPONSOR, {"answer", "add"})]
)
def test_leads_run_it_and_deciders_answer(alice: Membership, role: str, allowed: set[str]) -> None:
    review, other = run(alice), build.member(alice.engagement, "Other", role)
    others = commands(review, other) | {"plan": partial(plan, alice, by=other)}

    for name, command in others.items():
        if name in allowed:
            command()
        else:
            assert refused(command) == "no_right", name
