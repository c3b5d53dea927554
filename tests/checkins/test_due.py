from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checkins.commands import undo_check_in
from checkins.queries import CardState, DueCard, MyWeek, due_card, my_week
from engagements.models import Membership, Role, User
from engagements.scoping import scope
from okrs.models import Collaborator, KeyResult, Stage
from scoring import Rag
from tests import build
from tests.checkins.posting import TUESDAY, at, post

FRIDAY = at("2026-03-13T09:00")


def week(*memberships: Membership, now: dt.datetime = TUESDAY) -> MyWeek:
    with scope(*(one.engagement_id for one in memberships)):
        return my_week(memberships=memberships, now=now)


def only_card(found: MyWeek) -> DueCard:
    ((card,),) = [group.cards for group in found.groups]
    return card


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
    assert only_card(week(bob)).key_result == onboarding


def test_it_shows_what_a_collaborator_helps_with(onboarding: KeyResult, bob: Membership) -> None:
    dora = build.member(bob.engagement, "Dora", Role.CONTRIBUTOR)
    Collaborator.objects.create(engagement=bob.engagement, key_result=onboarding, member=dora)

    assert only_card(week(dora)).key_result == onboarding


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


# What state they are in.


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
    assert (card.is_done, card.due.saved_monday) == (True, dt.date(2026, 3, 9))
    assert card.due_at == at("2026-03-16T10:00")


def test_an_undone_card_waits_again(onboarding: KeyResult, bob: Membership) -> None:
    undo = undo_check_in(check_in=post(onboarding, bob), by=bob, now=TUESDAY)

    card = only_card(week(bob))

    assert (card.state, card.previous) == (CardState.TODO, None)
    assert card.latest_check_in_id == undo.public_id


def test_a_card_committed_after_its_due_time_is_not_called_late(
    onboarding: KeyResult, bob: Membership
) -> None:
    onboarding.committed_at = at("2026-03-09T11:00")
    onboarding.save(update_fields=["committed_at"])

    card = only_card(week(bob))

    assert (card.state, card.is_late, card.is_due_today) == (CardState.TODO, False, True)


def test_a_card_knows_that_the_period_before_was_missed(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, now=at("2026-02-24T09:00"))

    card = only_card(week(bob))

    assert card.missed is not None
    assert card.missed.monday == dt.date(2026, 3, 2)


def test_a_card_checked_in_last_week_has_missed_nothing(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, now=at("2026-03-03T09:00"))

    assert only_card(week(bob)).missed is None


def test_a_card_shows_what_stands(onboarding: KeyResult, bob: Membership) -> None:
    check_in = post(onboarding, bob, actual="6.8", now=at("2026-03-03T09:00"))

    card = only_card(week(bob))

    assert card.previous == check_in
    assert card.previous is not None
    assert (card.previous.actual, card.previous.measured_on) == (
        Decimal("6.8"),
        dt.date(2026, 3, 3),
    )
    assert (card.score, card.rag) == (Decimal("0.44"), Rag.AMBER)
    assert card.explanation == "(6.8 − 9) ÷ (4 − 9) = 0.44, amber from 0.31"
    assert (card.pace, card.forecast_holds) == (Decimal("0.76"), False)
    assert card.prompt is not None
    assert card.prompt.due_at == at("2026-03-10T09:00")
    assert card.latest_check_in_id == check_in.public_id
    assert card.next_action_due == dt.date(2026, 3, 16)


def test_a_card_without_a_value_says_so(onboarding: KeyResult, bob: Membership) -> None:
    card = only_card(week(bob))

    assert card.explanation == "No value yet. A missing value is neither red nor green."
    assert (card.score, card.rag, card.forecast_holds) == (None, Rag.NO_DATA, None)
    assert (card.prompt, card.latest_check_in_id) == (None, "")


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

    assert [card.key_result for card in found.groups[0].cards] == [waiting, onboarding]
    assert (found.done, found.total, found.left) == (1, 2, 1)


def test_a_group_tells_where_its_cycle_stands(onboarding: KeyResult, bob: Membership) -> None:
    (group,) = week(bob).groups

    assert (group.week, group.weeks, group.pace) == (10, 13, Decimal("0.76"))
    assert group.closes_at == at("2026-03-16T00:00")


def test_with_nothing_due_it_says_what_opens_next(onboarding: KeyResult, bob: Membership) -> None:
    found = week(bob, now=at("2026-01-01T12:00"))

    assert (found.total, found.next_opens_at) == (0, at("2026-01-02T00:00"))
    assert found.next_engagement == bob.engagement


def test_a_person_without_cards_has_an_empty_week(alice: Membership) -> None:
    assert week(alice) == MyWeek(groups=[], next_opens_at=None, next_engagement=None)


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
            (card.engagement.zone, card.key_result.metric, card.key_result.objective.title)
            for group in found.groups
            for card in group.cards
        ]

    assert (len(read), found.done) == (clients * cards, clients * 2)


# One card.


def test_one_card_is_the_same_as_in_the_week(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob)

    with queries(at_most=2):
        found = due_card(key_result=onboarding, membership=bob, now=TUESDAY)

    assert found == only_card(week(bob))


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
