"""The cards of My week: whose they are, how due they are, and their rows (M6.3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts.models import User
from checkins.commands import undo_check_in
from checkins.queries.cards import ROW, CardState, Due, DueCard, WeekCard, due_card
from checkins.queries.my_week import MyWeek, my_week, row_contexts
from checkins.templatetags.weeks import due_words
from engagements.models import Engagement, Membership, Role
from engagements.row_cache import render_row, render_rows
from okrs.models import Collaborator, KeyResult, Stage
from okrs.models.key_results import LIVE
from scoring import Rag
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, at, post
from tests.query_counts import assert_constant_queries, queries_of

FRIDAY = at("2026-03-13T09:00")
MONDAY = dt.date(2026, 3, 9)
DUE_ROW = "checkins/_due_row.html"


def week(*memberships: Membership, now: dt.datetime = TUESDAY) -> MyWeek:
    with scope(*(one.engagement_id for one in memberships)):
        return my_week(memberships=memberships, now=now)


def only_card(membership: Membership, now: dt.datetime = TUESDAY) -> WeekCard:
    (card,) = week(membership, now=now).cards
    return card


def open_card(key_result: KeyResult, membership: Membership, now: dt.datetime = TUESDAY) -> DueCard:
    card = due_card(key_result=key_result, membership=membership, now=now)
    assert card is not None
    return card


def client(name: str, person: User | None, **settings: Any) -> Membership:
    """Make a client with a live key result of this person."""
    engagement = build.engagement(name, **settings)
    me = build.member(engagement, "Ines", Role.CONTRIBUTOR, user=person)
    with scope(engagement.id):
        build.live_key_result(build.objective(me, build.cycle(engagement)))
    return me


def helper(key_result: KeyResult, role: str = Role.CONTRIBUTOR) -> Membership:
    """Make a member who helps with the key result, far away."""
    person = build.user(f"Dora {role}", time_zone="Pacific/Auckland")
    me = build.member(key_result.engagement, "Dora", role, user=person)
    Collaborator.objects.create(engagement=me.engagement, key_result=key_result, member=me)
    return me


# Which cards.


def test_a_week_has_what_its_person_owns_or_helps_with(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    assert only_card(bob).key_result_id == onboarding.pk
    assert only_card(helper(onboarding)).key_result_id == onboarding.pk
    assert week(alice) == MyWeek(cards=[], groups=[], next_opens_at=None, next_engagement=None)


@pytest.mark.parametrize(
    ("stage", "role"),
    [
        *((stage, Role.CONTRIBUTOR) for stage in Stage if stage not in LIVE),
        (Stage.COMMITTED, Role.SPONSOR),
    ],
)
def test_a_week_leaves_out_what_is_not_live_or_may_not_be_checked_in(
    onboarding: KeyResult, bob: Membership, stage: Stage, role: Role
) -> None:
    build.change(onboarding, stage=stage)
    bob.role = role

    assert (week(bob).total, week(bob).groups) == (0, [])
    assert due_card(key_result=onboarding, membership=bob, now=TUESDAY) is None


def test_groups_come_late_first_then_by_due_time_then_by_name(db: None) -> None:
    ines = build.user("Ines")
    mine = [
        client("Cedar Advisory", ines, due_weekday=3),
        client("Harbor Retail", ines, due_weekday=1, due_time=dt.time(12)),
        client("Beacon Retail", ines, due_weekday=1, due_time=dt.time(12)),
        client("Northwind SaaS", ines),
        client("Aaa Retail", ines),
    ]
    with scope(mine[-1].engagement_id):  # after its due time: nothing presses
        build.change(KeyResult.objects.get(), committed_at=at("2026-03-10T08:00"))

    found = week(*mine)

    names = [group.engagement.client_name.split()[0] for group in found.groups]
    assert names == ["Northwind", "Beacon", "Harbor", "Cedar", "Aaa"]
    assert (found.total, found.late, found.due_today, found.later) == (5, 1, 2, 2)


def test_saved_cards_come_last_and_are_counted(onboarding: KeyResult, bob: Membership) -> None:
    waiting = build.live_key_result(onboarding.objective, owner_id=bob.pk)
    post(onboarding, bob)

    found = week(bob)

    (group,) = found.groups
    assert [card.key_result_id for card in group.cards] == [waiting.pk, onboarding.pk]
    assert (found.done, found.total, found.left) == (1, 2, 1)
    assert (group.week, group.weeks, group.pace) == (10, 13, Decimal("0.76"))


def test_with_nothing_due_a_week_knows_what_opens_next(
    onboarding: KeyResult, bob: Membership
) -> None:
    found = week(bob, now=at("2026-01-01T12:00"))

    assert (found.total, found.next_opens_at) == (0, at("2026-01-02T00:00"))
    assert found.next_engagement == bob.engagement


def test_a_week_takes_two_queries_however_much_there_is(db: None) -> None:
    ines = build.user("Ines")
    mine: list[Membership] = []

    def add(number: int) -> None:
        me = client(f"C{number} Ltd", ines)
        with scope(me.engagement_id):
            (saved,) = KeyResult.objects.all()
            post(saved, me)
            build.live_key_result(saved.objective, owner_id=me.pk)
        mine.append(me)

    def read() -> None:
        found = week(*mine)
        assert [(card.engagement.zone, card.title, card.may_undo) for card in found.cards]
        assert (found.total, found.done) == (2 * len(mine), len(mine))

    assert_constant_queries(read, add=add, name="my_week", rows=1)


# How due a card is.


@pytest.mark.parametrize(
    ("committed_at", "now", "state", "words"),
    [
        pytest.param("01-05", "03-09T09:59", "todo", "due today 10:00", id="M6.3-due-today"),
        pytest.param("01-05", "03-09T10:00", "todo", "due today 10:00", id="M6.3-on-the-minute"),
        pytest.param("01-05", "03-09T10:01", "late", "late since today 10:00", id="M6.3-late"),
        pytest.param(
            *("01-05", "03-15T23:59", "late", "late since Mon 9 Mar 10:00"),
            id="M6.3-late-until-it-closes",
        ),
        pytest.param(
            *("01-05", "01-01T12:00", "later", "due Mon 5 Jan 10:00"),
            id="M6.3-before-the-first-opens",
        ),
        pytest.param(
            *("03-10", "03-10T09:40", "later", "open until end of Sun 15 Mar"),
            id="M6.3-committed-after-the-due-time",
        ),
        pytest.param(
            *("03-31", "04-07T09:00", "later", "due end of today"),
            id="M10.1-in-the-days-of-grace",
        ),
        pytest.param(
            *("03-31", "04-08T09:00", "later", "closed end of Sun 5 Apr"),
            id="M6.3-after-the-last-close",
        ),
    ],
)
def test_a_card_without_a_check_in_is_due_then_late_if_it_was_committed_in_time(
    onboarding: KeyResult, bob: Membership, committed_at: str, now: str, state: str, words: str
) -> None:
    build.change(onboarding, committed_at=at(f"2026-{committed_at}T08:00"))

    card = open_card(onboarding, bob, at(f"2026-{now}"))

    assert ("late" if card.is_late else card.state) == state
    assert card.is_due_today is (state == "todo")
    with timezone.override("Europe/Berlin"), time_machine.travel(card.now, tick=False):
        assert due_words(card).replace("\u00a0", " ") == words


def test_a_saved_card_asks_again_as_the_next_period_opens_or_once_it_is_undone(
    onboarding: KeyResult, bob: Membership
) -> None:
    check_in = post(onboarding, bob)
    saved, after = only_card(bob), only_card(bob, FRIDAY)

    assert (saved.state, saved.period.monday) == (CardState.SAVED, MONDAY)
    assert (saved.previous, saved.may_undo) == (check_in, True)
    assert not only_card(bob, TUESDAY + dt.timedelta(minutes=10)).may_undo
    assert (after.state, after.period.due_at) == (CardState.LATER, at("2026-03-16T10:00"))
    assert (after.is_done, after.saved_monday) == (True, MONDAY)

    undo = undo_check_in(check_in=check_in, by=bob, now=TUESDAY)
    card = open_card(onboarding, bob)

    assert (card.state, card.previous) == (CardState.TODO, None)
    assert card.latest_check_in_id == undo.public_id


def test_a_card_has_the_check_in_in_effect_and_what_it_asks_for(
    onboarding: KeyResult, bob: Membership
) -> None:
    before = open_card(onboarding, bob)
    assert (before.rag, before.prompt, before.latest_check_in_id) == (Rag.NO_DATA, None, "")

    check_in = post(onboarding, bob, actual="6.8", now=at("2026-03-03T09:00"))
    card = open_card(onboarding, bob)

    assert (card.previous, card.latest_check_in_id) == (check_in, check_in.public_id)
    assert (card.assessment.score, card.rag) == (Decimal("0.44"), Rag.AMBER)
    assert (card.assessment.pace, card.assessment.on_pace) == (Decimal("0.76"), False)
    assert card.prompt is not None
    assert card.prompt.due_at == at("2026-03-10T09:00")
    assert card.next_action_due == dt.date(2026, 3, 16)


@pytest.mark.parametrize(("day", "missed"), [("02-24", dt.date(2026, 3, 2)), ("03-03", None)])
def test_a_card_knows_whether_the_period_before_was_missed(
    onboarding: KeyResult, bob: Membership, day: str, missed: dt.date | None
) -> None:
    post(onboarding, bob, now=at(f"2026-{day}T09:00"))

    found = open_card(onboarding, bob).missed

    assert (found.monday if found else None) == missed


@pytest.mark.parametrize("weeks", range(6))
def test_my_week_knows_from_the_last_check_ins_what_the_whole_trail_says(
    onboarding: KeyResult, bob: Membership, weeks: int
) -> None:
    days = [at("2026-02-03T09:00") + dt.timedelta(weeks=place) for place in range(weeks)]
    for day in days:
        post(onboarding, bob, now=day)
    now = days[-1] if days else TUESDAY

    alone, listed = open_card(onboarding, bob, now), only_card(bob, now)

    for name in [*(field.name for field in fields(Due)), "key_result_id", "membership"]:
        assert getattr(alone, name) == getattr(listed, name)
    assert len(alone.key_result.trail) == weeks


def test_after_a_slower_rhythm_the_older_period_is_known_to_be_filled(
    onboarding: KeyResult, bob: Membership
) -> None:
    """Five weeks of posts lie in the month that is asked for now."""
    for day in ("03-03", "03-10", "03-17", "03-24", "03-31"):
        post(onboarding, bob, now=at(f"2026-{day}T09:00"))
    now = at("2026-04-01T10:00")
    build.change(bob.engagement, cadence="monthly", rhythm_since=now)
    build.change(onboarding.objective.cycle, ends_on=dt.date(2026, 6, 30))

    card = only_card(bob, now)

    assert (card.state, card.is_done) == (CardState.SAVED, True)
    assert card.period.monday == dt.date(2026, 3, 2)


def rows_of(cards: Any) -> Any:
    own: Any = {"row_of": lambda card: card.row, "contexts": row_contexts}
    ((_, rows),) = render_rows(DUE_ROW, [("all", cards)], **own, now=TUESDAY)
    return rows


def row_of(membership: Membership) -> str:
    membership.engagement = Engagement.objects.get(pk=membership.engagement_id)
    return "".join(rows_of(week(membership).cards))


def test_each_role_reads_the_same_row_rendered_again_after_each_check_in(
    onboarding: KeyResult, bob: Membership
) -> None:
    def row() -> str:
        rows = set()
        for member in members:
            cache.clear()
            rows.add(row_of(member))
        (found,) = rows
        return found

    members = [bob, *(helper(onboarding, role) for role in (Role.LEAD, Role.CHAMPION))]
    first = row()
    check_in = post(onboarding, bob, actual=7)
    saved = row()
    check_in = post(onboarding, bob, actual=6, seen=check_in.public_id)
    corrected = row_of(bob)
    undo_check_in(check_in=check_in, by=bob, now=TUESDAY)

    assert len({first, saved, corrected}) == 3
    alone = {"card": open_card(onboarding, bob), "key_result": KeyResult.objects.get()}
    assert row_of(bob) == saved == render_row(DUE_ROW, bob.engagement, alone)
    assert "csrf" not in saved
    assert "<form" not in saved


def test_missing_rows_take_one_query_and_cached_ones_none(
    onboarding: KeyResult, bob: Membership
) -> None:
    for _ in range(7):
        build.live_key_result(onboarding.objective, owner_id=bob.pk)
    cards = week(bob).cards

    for expected in (1, 0):
        assert len(queries_of(lambda: rows_of(cards))) == expected


def test_a_card_reads_the_check_ins_of_its_key_result_alone(onboarding: KeyResult) -> None:
    """Also before PostgreSQL has any statistics, when it takes every table for small."""
    engagement = onboarding.engagement_id
    own: dict[str, Any] = {
        "scope": [engagement],
        "engagement": engagement,
        "public_id": onboarding.public_id,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {ROW}", own)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "checkin_of_key_result" in plan
    assert "Join Filter: (post" not in plan.replace("((", "(")
