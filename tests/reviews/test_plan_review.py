from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Engagement, Membership, Role
from reviews.commands.agendas import draw_agenda, move_item, park_item
from reviews.commands.reviews import (
    cancel_review,
    close_review,
    mark_here,
    start_review,
    update_review,
)
from reviews.models import AgendaItem, Attendance, Review
from tenancy.locks import StaleEdit
from tests import build
from tests.checkins.posting import TUESDAY, at, post, refused
from tests.reviews.meeting import act, decide
from tests.reviews.running import YES, checked, item, key_results, plan, reported, run, titles


def test_a_review_is_named_after_its_time_and_lasts_as_its_kind_does(alice: Membership) -> None:
    """M11.1; a second one of a month or week has its day in the title."""
    plan(alice, scheduled_at=at("2025-03-10T14:00"))
    first = plan(alice)
    later, thursday = at("2026-03-27T14:00"), at("2026-03-12T14:00")
    when: dict[str, Any] = {"scheduled_at": TUESDAY, "lead": alice, "now": TUESDAY}

    for review, title, minutes in (
        (first, "March review", 45),
        (plan(alice, scheduled_at=later), "March review, 27 Mar", 45),
        (plan(alice, kind="weekly"), "Week of 9 March", 30),
        (plan(alice, kind="weekly", scheduled_at=thursday), "Week of 9 March, 12 Mar", 30),
        (plan(alice, title="Ours", minutes=20), "Ours", 20),
        (update_review(review=first, version=1, by=alice, **when), "March review", 45),
    ):
        assert (review.title, review.minutes) == (title, minutes)


def test_a_planned_review_has_its_agenda(alice: Membership) -> None:
    """M8.1."""
    late, red, calm = key_results(alice, "Late", "Red", "Calm")
    checked(red, alice, "8.9", "8.8", confidence=2)
    checked(calm, alice, "6", "5")
    act(alice, due_on=TUESDAY.date())
    review = plan(alice, now=at("2026-03-11T09:00"))

    assert titles(review) == [
        "1 overdue action",
        "Red",
        "1 check-in missing",
        "Wins and learnings",
        "Closing questions",
    ]
    assert late.title in str(item(review, "1 check-in missing").facts["rows"])
    assert review.drawn_at is not None


def test_an_item_stores_the_facts_of_its_key_result(alice: Membership) -> None:
    """Values are shown on the day they were measured."""
    said: Any = {"help_needed": "Two days.", "blocker": "No export."}
    (red,) = key_results(alice, "Red")
    checked(red, alice, "8.9", "8.8", confidence=2, measured_on=dt.date(2026, 3, 7), **said)

    facts = item(plan(alice), "Red").facts

    expected = {
        "rag": "red",
        "start": "9",
        "latest": "8.8",
        "goal": "4",
        "unit": "days",
        "score": "0.04",
        "explanation": "(8.8 − 9) ÷ (4 − 9) = 0.04, red up to 0.30",
        "said_by": "Alice",
        "insight": "The shorter form did it.",
    }
    assert facts == {**facts, **expected}
    assert [one["text"] for one in (*facts["help"], *facts["blockers"])] == [*said.values()]
    assert facts["chart"]["readings"][-2:] == [["2026-03-02", "8.9"], ["2026-03-07", "8.8"]]


def test_a_lead_runs_a_review_and_no_viewer_is_invited(alice: Membership, bob: Membership) -> None:
    viewer = build.member(alice.engagement, "Vera", Role.VIEWER)

    with pytest.raises(ValidationError) as refused:
        plan(bob, by=alice, attendees=[viewer])

    assert set(refused.value.error_dict) == {"lead", "attendees"}


def test_an_update_keeps_attendance_but_not_if_stale(alice: Membership, bob: Membership) -> None:
    review = plan(alice, attendees=[alice, bob])
    mark_here(review=review, member=bob, is_here=True, by=alice, now=TUESDAY)
    fields: dict[str, Any] = {"scheduled_at": TUESDAY, "lead": alice, "by": alice, "now": TUESDAY}

    now = update_review(
        review=review, version=1, title="Ours", attendees=[bob], minutes=60, **fields
    )

    assert (now.title, now.minutes, now.version) == ("Ours", 60, 2)
    assert [(one.member, one.is_here) for one in Attendance.objects.all()] == [(bob, True)]
    with pytest.raises(StaleEdit):
        update_review(review=review, version=1, title="Mine", **fields)


def test_shorter_reviews_shorten_their_items(alice: Membership) -> None:
    for row in key_results(alice, "One", "Two", "Three", "Four"):
        reported(row, alice, "8.9", "8.8", confidence=1)
    review = plan(alice)
    when: dict[str, Any] = {"scheduled_at": TUESDAY, "now": TUESDAY}

    for version, minutes in ((1, 45), (2, 15)):
        update_review(review=review, version=version, minutes=minutes, lead=alice, by=alice, **when)
        assert 0 < sum(one.minutes for one in AgendaItem.objects.all()) <= minutes


def test_a_review_can_be_cancelled_until_it_starts_or_has_records(alice: Membership) -> None:
    plain, started, held = plan(alice), run(alice), plan(alice)
    act(alice, review=held)

    cancel_review(review=plain, by=alice)

    assert not Review.objects.filter(pk=plain.pk).exists()
    assert refused(cancel_review, review=started, by=alice) == "started"
    assert refused(cancel_review, review=held, by=alice) == "recorded"


def test_a_refresh_adds_updates_and_removes_items(alice: Membership) -> None:
    red, calm, behind = key_results(alice, "Red", "Calm", "Behind")
    reported(red, alice, "8.9", "8.8", confidence=2)
    reported(calm, alice, "6", "5")
    reported(behind, alice, "6", "5", confidence=2)
    review = plan(alice)
    assert titles(review) == ["Red", "Behind", "Wins and learnings", "Closing questions"]
    gone, kept = item(review, "Red"), item(review, "Behind")
    assert (kept.section, kept.why) == ("behind", "behind pace, green, confidence 2 of 5")

    post(red, alice, actual="5", now=TUESDAY)
    post(calm, alice, actual="5", now=TUESDAY, blocker="No export.")
    post(behind, alice, actual="8.9", now=TUESDAY, confidence=2)
    draw_agenda(review=review, by=alice, now=TUESDAY)

    assert titles(review) == ["Behind", "Calm", "Wins and learnings", "Closing questions"]
    assert not AgendaItem.objects.filter(pk=gone.pk).exists()
    after = item(review, "Behind")
    assert (after.pk, after.section) == (kept.pk, "red")
    assert after.why == "red for one week, reported once"
    assert after.facts["latest"] == "8.9"


def test_a_refresh_keeps_the_order_that_people_chose(alice: Membership) -> None:
    *rows, calm = key_results(alice, "One", "Two", "Three")
    for row in rows:
        reported(row, alice, "8.9", "8.8", confidence=2)
    reported(calm, alice, "6", "5")
    review = plan(alice)
    assert titles(review)[:2] == ["One", "Two"]
    move_item(item=item(review, "Two"), up=True, by=alice, now=TUESDAY)

    post(calm, alice, actual="8.95", now=TUESDAY, confidence=1)
    draw_agenda(review=review, by=alice, now=TUESDAY)

    *new, last = titles(review)
    assert (set(new), last) == ({"One", "Two", "Three"}, "Closing questions")
    assert new.index("Two") < new.index("One")


def test_items_that_people_changed_stay_without_a_cause(alice: Membership) -> None:
    rows = key_results(alice, "Parked", "Moved", "Recorded", "Left alone")
    for row in rows:
        reported(row, alice, "8.9", "8.8", confidence=2)
    review = plan(alice)
    park_item(item=item(review, "Parked"), by=alice, now=TUESDAY)
    move_item(item=item(review, "Moved"), up=True, by=alice, now=TUESDAY)
    act(alice, review=review, agenda_item=item(review, "Recorded"))

    for row in rows:
        post(row, alice, actual="5", now=TUESDAY)
    draw_agenda(review=review, by=alice, now=TUESDAY)

    names = {row.title for row in rows}
    assert names & {*titles(review)} == names - {"Left alone"}


def test_planning_and_running_leave_the_status_version(alice: Membership) -> None:
    before = Engagement.objects.get().status_version
    review = plan(alice)

    draw_agenda(review=review, by=alice, now=TUESDAY)
    start_review(review=review, by=alice, now=TUESDAY)

    review.refresh_from_db()
    assert Engagement.objects.get().status_version == before == review.drawn_from


def test_decisions_and_wins_are_compared_with_the_last_close(alice: Membership) -> None:
    won, decided = key_results(alice, "Won", "Decided on")
    february = at("2026-02-10T14:00")
    checked(won, alice, "7", until=february)
    checked(decided, alice, "7", until=february)
    before = run(alice, now=february)
    decide(before, alice, "Move the offer", key_result=decided, now=february)
    close_review(review=before, by=alice, now=february, **YES)
    for row, value in ((won, "5"), (decided, "7.5")):
        checked(row, alice, "6", "6", "6", value)

    review = plan(alice)

    wins, last = item(review, "Wins and learnings"), item(review, "Last review’s decisions")
    (win,), (decision,) = wins.facts["rows"], last.facts["rows"]
    assert (win["key_result"], win["from"], win["to"]) == (won.public_id, "7", "5\u00a0days")
    assert last.why == "1 not improved"
    assert (decision["label"], decision["words"]) == ("since then", "7\u00a0→ 7.5\u00a0days")
