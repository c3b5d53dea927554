"""How due a card is: late, due today, later, done, and not asked for (M6.3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from checkins.commands import undo_check_in
from checkins.queries.cards import CardState, Due, DueCard, due_card
from checkins.templatetags.weeks import due_words
from engagements.models import Membership
from okrs.models import KeyResult
from scoring import Rag
from tenancy.scoping import scope
from tests import build
from tests.checkins.my_week import only_card, week
from tests.checkins.posting import TUESDAY, at, page_of, post
from workspace.headlines import my_week_headline

FRIDAY = at("2026-03-13T09:00")


def open_card(key_result: KeyResult, membership: Membership) -> DueCard:
    card = due_card(key_result=key_result, membership=membership, now=TUESDAY)
    assert card is not None
    return card


@pytest.mark.parametrize(
    ("now", "state", "is_late", "is_due_today"),
    [
        ("2026-03-13T09:00", CardState.TODO, True, False),  # the week before is late still
        ("2026-03-09T09:59", CardState.TODO, False, True),
        ("2026-03-09T10:00", CardState.TODO, False, True),
        ("2026-03-09T10:01", CardState.TODO, True, False),
        ("2026-03-15T23:59", CardState.TODO, True, False),
    ],
)
def test_a_card_without_a_check_in_is_due_then_late(
    onboarding: KeyResult,
    bob: Membership,
    now: str,
    state: CardState,
    *,
    is_late: bool,
    is_due_today: bool,
) -> None:
    card = only_card(week(bob, now=at(now)))

    assert (card.state, card.is_late, card.is_due_today) == (state, is_late, is_due_today)


def test_a_card_that_is_filled_is_saved(onboarding: KeyResult, bob: Membership) -> None:
    check_in = post(onboarding, bob)

    card = only_card(week(bob))

    assert (card.state, card.previous, card.may_undo) == (CardState.SAVED, check_in, True)
    assert card.period.monday == dt.date(2026, 3, 9)


def test_a_saved_card_asks_again_as_the_next_period_opens(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob)

    card = only_card(week(bob, now=FRIDAY))

    assert (card.state, card.period.monday) == (CardState.LATER, dt.date(2026, 3, 16))
    assert (card.is_done, card.saved_monday) == (True, dt.date(2026, 3, 9))
    assert card.due_at == at("2026-03-16T10:00")


def test_an_undone_card_waits_again(onboarding: KeyResult, bob: Membership) -> None:
    undo = undo_check_in(check_in=post(onboarding, bob), by=bob, now=TUESDAY)

    card = due_card(key_result=onboarding, membership=bob, now=TUESDAY)

    assert card is not None
    assert (card.state, card.previous) == (CardState.TODO, None)
    assert card.latest_check_in_id == undo.public_id


def test_a_card_knows_that_the_period_before_was_missed(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, now=at("2026-02-24T09:00"))

    card = open_card(onboarding, bob)

    assert card.missed is not None
    assert card.missed.monday == dt.date(2026, 3, 2)


def test_a_card_checked_in_last_week_has_missed_nothing(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, now=at("2026-03-03T09:00"))

    assert open_card(onboarding, bob).missed is None


def test_a_card_shows_what_stands(onboarding: KeyResult, bob: Membership) -> None:
    check_in = post(onboarding, bob, actual="6.8", now=at("2026-03-03T09:00"))

    card = due_card(key_result=onboarding, membership=bob, now=TUESDAY)

    assert card is not None
    assert card.previous == check_in
    assert card.previous is not None
    assert (card.previous.actual, card.previous.measured_on) == (
        Decimal("6.8"),
        dt.date(2026, 3, 3),
    )
    assert (card.assessment.score, card.rag) == (Decimal("0.44"), Rag.AMBER)
    assert card.assessment.explanation == "(6.8 − 9) ÷ (4 − 9) = 0.44, amber from 0.31"
    assert (card.assessment.pace, card.assessment.forecast_holds) == (Decimal("0.76"), False)
    assert card.prompt is not None
    assert card.prompt.due_at == at("2026-03-10T09:00")
    assert card.latest_check_in_id == check_in.public_id
    assert card.next_action_due == dt.date(2026, 3, 16)


def test_a_card_without_a_value_says_so(onboarding: KeyResult, bob: Membership) -> None:
    card = open_card(onboarding, bob)

    assert card.assessment.explanation == "No value yet. A missing value is neither red nor green."
    assert (card.assessment.score, card.rag, card.assessment.forecast_holds) == (
        None,
        Rag.NO_DATA,
        None,
    )
    assert (card.prompt, card.latest_check_in_id) == (None, "")


@pytest.mark.parametrize("weeks", range(6))
def test_my_week_knows_of_a_card_from_its_last_check_ins_what_the_whole_trail_says(
    onboarding: KeyResult, bob: Membership, weeks: int
) -> None:
    now = at("2026-02-03T09:00")
    for week_of in range(weeks):
        post(onboarding, bob, now=now + dt.timedelta(weeks=week_of))
    then = now + dt.timedelta(weeks=max(weeks - 1, 0))

    open_one = due_card(key_result=onboarding, membership=bob, now=then)

    assert open_one is not None
    listed = only_card(week(bob, now=then))
    assert all(getattr(listed, one.name) == getattr(open_one, one.name) for one in fields(Due))
    assert len(open_one.key_result.trail) == weeks


def test_after_a_slower_rhythm_the_older_period_is_known_to_be_filled(
    onboarding: KeyResult, bob: Membership
) -> None:
    """Five weeks of posts lie in the month that is asked for now."""
    for day in ("2026-03-03", "2026-03-10", "2026-03-17", "2026-03-24", "2026-03-31"):
        post(onboarding, bob, now=at(f"{day}T09:00"))
    now = at("2026-04-01T10:00")
    build.change(bob.engagement, cadence="monthly", rhythm_since=now)
    build.change(onboarding.objective.cycle, ends_on=dt.date(2026, 6, 30))

    card = only_card(week(bob, now=now))

    assert (card.state, card.is_done) == (CardState.SAVED, True)
    assert card.period.monday == dt.date(2026, 3, 2)


MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def unasked(onboarding: KeyResult) -> KeyResult:
    """Committed on a Tuesday; the week was due on Monday."""
    build.change(onboarding, committed_at=at("2026-03-10T08:00"))
    return onboarding


def words(due: Due, *, now: dt.datetime = TUESDAY) -> str:
    with timezone.override("Europe/Berlin"), time_machine.travel(now, tick=False):
        return due_words(due).replace("\u00a0", " ")


def test_its_card_is_open_but_neither_late_nor_due_today(
    unasked: KeyResult, bob: Membership
) -> None:
    my_week = week(bob)
    card, group = only_card(my_week), my_week.groups[0]

    assert (card.state, card.is_asked) == (CardState.LATER, False)
    assert card.period.monday == dt.date(2026, 3, 9)
    assert (group.late, group.due_today, group.later) == (0, 0, 1)
    assert words(card) == "open until Sun 15 Mar 24:00"
    assert (
        my_week_headline(my_week, overdue=0, escalations=0)
        == "1 check-in to do. It is not due yet."
    )


def test_all_of_a_page_says_the_same(unasked: KeyResult, bob: Membership, client: Client) -> None:
    assert bob.user is not None
    client.force_login(bob.user)

    with time_machine.travel(TUESDAY, tick=False):
        page = client.get("/").text.replace("\u00a0", " ")

    assert page.count("pen until Sun 15 Mar 24:00") == 1  # head
    assert page.count("pen until Sun 15 Mar") == 2  # and row
    assert "Was due" not in page


def test_it_comes_after_what_is_due_today(unasked: KeyResult, bob: Membership) -> None:
    other = build.engagement("Aaa Retail", due_weekday=1, due_time=dt.time(17))
    lead, also_bob = build.member(other, "Zoe"), build.member(other, "Bob", user=bob.user)
    with scope(other.pk):
        objective = build.objective(lead, build.cycle(other))
        build.live_key_result(objective, build.metric(other), owner_id=also_bob.pk)

    groups = week(bob, also_bob).groups

    assert [group.engagement.client_name for group in groups] == ["Aaa Retail", "Northwind SaaS"]


def test_its_thread_calls_a_post_on_time_and_its_undo_no_miss(
    unasked: KeyResult, bob: Membership
) -> None:
    posted = post(unasked, bob)
    (entry,) = page_of(unasked, now=TUESDAY + MINUTE).thread
    undo_check_in(check_in=posted, by=bob, now=TUESDAY + MINUTE)

    then = page_of(unasked, now=at("2026-03-17T09:00"))

    assert not entry.is_late
    assert (then.thread[0].is_missed, then.missed) == (False, 0)


def test_after_the_last_close_its_card_says_since_when(unasked: KeyResult, bob: Membership) -> None:
    build.change(unasked, committed_at=at("2026-03-31T08:00"))
    now = at("2026-04-07T09:00")

    card = due_card(key_result=unasked, membership=bob, now=now)

    assert card is not None
    assert words(card, now=now) == "closed Sun 5 Apr 24:00"
