"""A key result that was committed after its period was due: open, but nothing presses (M6.3)."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from checkins.commands import undo_check_in
from checkins.queries.due import due_card
from checkins.queries.states import CardState, Due
from checkins.queries.thread import key_result_page
from checkins.templatetags.weeks import due_words
from engagements.models import Membership
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.my_week import only_card, week
from tests.checkins.posting import TUESDAY, at, post
from workspace.headlines import my_week_headline

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
    assert words(card.due) == "open until Sun 15 Mar 24:00"
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
    (entry,) = key_result_page(key_result=unasked, now=TUESDAY + MINUTE).thread
    undo_check_in(check_in=posted, by=bob, now=TUESDAY + MINUTE)

    then = key_result_page(key_result=unasked, now=at("2026-03-17T09:00"))

    assert not entry.is_late
    assert (then.thread[0].is_missed, then.missed) == (False, 0)


def test_after_the_last_close_its_card_says_since_when(unasked: KeyResult, bob: Membership) -> None:
    build.change(unasked, committed_at=at("2026-03-31T08:00"))
    now = at("2026-04-07T09:00")

    card = due_card(key_result=unasked, membership=bob, now=now)

    assert card is not None
    assert words(card.due, now=now) == "closed Sun 5 Apr 24:00"
