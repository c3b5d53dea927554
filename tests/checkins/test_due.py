from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from checkins.queries.cards import CardState, due_card
from checkins.queries.my_week import MyWeek
from engagements.models import Membership, Role
from okrs.models import Collaborator, KeyResult, Stage
from tenancy.scoping import scope
from tests import build
from tests.checkins.my_week import only_card, week
from tests.checkins.posting import TUESDAY, at, post


def client(name: str, person: User | None, *, cards: int = 1, **fields: Any) -> Membership:
    """A client with live key results of this person."""
    engagement = build.engagement(name, **fields)
    me = build.member(engagement, "Ines", Role.CONTRIBUTOR, user=person)
    with scope(engagement.id):
        objective = build.objective(me, build.cycle(engagement))
        for _ in range(cards):
            build.live_key_result(objective)
    return me


# Which cards.


def test_it_shows_what_its_owner_must_check_in(onboarding: KeyResult, bob: Membership) -> None:
    assert only_card(week(bob)).key_result_id == onboarding.pk


def test_it_shows_what_a_collaborator_helps_with(onboarding: KeyResult, bob: Membership) -> None:
    dora = build.member(bob.engagement, "Dora", Role.CONTRIBUTOR)
    Collaborator.objects.create(engagement=bob.engagement, key_result=onboarding, member=dora)

    assert only_card(week(dora)).key_result_id == onboarding.pk


def test_it_leaves_out_what_others_own(onboarding: KeyResult, alice: Membership) -> None:
    assert week(alice).groups == []


@pytest.mark.parametrize("stage", [Stage.DRAFT, Stage.CLOSED, Stage.LEARNING, Stage.WITHDRAWN])
def test_it_leaves_out_what_is_not_live(
    onboarding: KeyResult, bob: Membership, stage: Stage
) -> None:
    onboarding.stage = stage
    onboarding.save(update_fields=["stage"])

    assert week(bob).total == 0


def test_it_leaves_out_clients_where_the_person_may_not_check_in(
    onboarding: KeyResult, bob: Membership
) -> None:
    bob.role = Role.SPONSOR

    assert week(bob).groups == []


# Over all clients.


def test_it_gathers_all_clients_late_first_then_by_due_time_then_by_name(db: None) -> None:
    ines = build.user("Ines")
    mine = [
        client("Cedar Advisory", ines, due_weekday=3),
        client("Harbor Retail", ines, due_weekday=1, due_time=dt.time(12)),
        client("Beacon Retail", ines, due_weekday=1, due_time=dt.time(12)),
        client("Northwind SaaS", ines),
    ]

    found = week(*mine)

    assert [group.engagement.client_name for group in found.groups] == [
        "Northwind SaaS",
        "Beacon Retail",
        "Harbor Retail",
        "Cedar Advisory",
    ]
    assert (found.total, found.late, found.due_today, found.later) == (4, 1, 2, 1)


def test_saved_cards_come_last_and_are_counted(onboarding: KeyResult, bob: Membership) -> None:
    waiting = build.live_key_result(onboarding.objective, owner_id=bob.pk)
    post(onboarding, bob)

    found = week(bob)

    cards = found.groups[0].cards
    assert [card.key_result_id for card in cards] == [waiting.pk, onboarding.pk]
    assert (found.done, found.total, found.left) == (1, 2, 1)


def test_a_group_tells_where_its_cycle_stands(onboarding: KeyResult, bob: Membership) -> None:
    (group,) = week(bob).groups

    assert (group.week, group.weeks, group.pace) == (10, 13, Decimal("0.76"))
    assert group.cards[0].closes_at == at("2026-03-16T00:00")


def test_with_nothing_due_it_says_what_opens_next(onboarding: KeyResult, bob: Membership) -> None:
    found = week(bob, now=at("2026-01-01T12:00"))

    assert (found.total, found.next_opens_at) == (0, at("2026-01-02T00:00"))
    assert found.next_engagement == bob.engagement


def test_a_person_without_cards_has_an_empty_week(alice: Membership) -> None:
    assert week(alice) == MyWeek(cards=[], groups=[], next_opens_at=None, next_engagement=None)


@contextmanager
def queries(at_most: int) -> Iterator[None]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        yield
    sent = [one["sql"] for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len([one for one in sent if "set_config" not in one]) <= at_most, sent


@pytest.mark.parametrize("cards", [5, 10])
@pytest.mark.parametrize("clients", [2, 4])
def test_it_takes_two_queries_however_much_there_is(db: None, clients: int, cards: int) -> None:
    ines = build.user("Ines")
    mine = [client(f"C{number} Ltd", ines, cards=cards) for number in range(clients)]
    for me in mine:
        with scope(me.engagement_id):
            for key_result in KeyResult.objects.all()[:2]:
                post(key_result, me)

    with queries(at_most=2):
        found = week(*mine)
        read = [
            (card.engagement.zone, card.title, card.may_undo)
            for group in found.groups
            for card in group.cards
        ]

    assert (len(read), found.done) == (clients * cards, clients * 2)


# One card.


def test_one_card_is_the_same_as_in_the_week(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob)

    with queries(at_most=2):
        found = due_card(key_result=onboarding, membership=bob, now=TUESDAY)

    closed = only_card(week(bob))
    assert found is not None
    for name in ("key_result_id", "membership", "state", "period", "previous", "may_undo"):
        assert getattr(found, name) == getattr(closed, name)


def test_one_card_is_there_before_its_period_opens(onboarding: KeyResult, bob: Membership) -> None:
    early = at("2026-01-01T12:00")

    found = due_card(key_result=onboarding, membership=bob, now=early)

    assert found is not None
    assert (found.state, found.period.monday) == (CardState.LATER, dt.date(2026, 1, 5))


def test_there_is_no_card_for_a_draft_nor_for_a_reader(
    onboarding: KeyResult, bob: Membership
) -> None:
    draft = build.key_result(onboarding.objective)
    viewer = build.member(bob.engagement, "Charlie", Role.VIEWER)

    assert due_card(key_result=draft, membership=bob, now=TUESDAY) is None
    assert due_card(key_result=onboarding, membership=viewer, now=TUESDAY) is None


def test_a_client_elsewhere_is_out_of_reach(onboarding: KeyResult) -> None:
    stranger = client("Harbor Retail", build.user("Charlie"))

    assert due_card(key_result=onboarding, membership=stranger, now=TUESDAY) is None
