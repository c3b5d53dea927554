"""The row of a card on My week: the same bytes for every member, new after each check-in."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checkins.commands import undo_check_in
from checkins.queries.cards import due_card
from checkins.views import due_row, due_rows
from engagements.models import Engagement, Membership, Role
from okrs.models import Collaborator, KeyResult
from tests import build
from tests.checkins.my_week import week
from tests.checkins.posting import TUESDAY, post


def helper(key_result: KeyResult, name: str, role: str) -> Membership:
    """A member who reads the key result on their My week."""
    person = build.user(name, time_zone="Pacific/Auckland")
    me = build.member(key_result.engagement, name, role, user=person)
    Collaborator.objects.create(engagement=me.engagement, key_result=key_result, member=me)
    return me


def row_of(membership: Membership) -> str:
    membership.engagement = Engagement.objects.get(pk=membership.engagement_id)
    cards = [card for group in week(membership).groups for card in group.cards]
    ((_, row),) = due_rows(cards, now=TUESDAY)
    return str(row)


@pytest.mark.parametrize("is_saved", [False, True])
def test_each_role_reads_the_same_bytes(
    onboarding: KeyResult, bob: Membership, *, is_saved: bool
) -> None:
    members = [helper(onboarding, role, role) for role in (Role.LEAD, Role.CHAMPION)]
    if is_saved:
        post(onboarding, bob)
    rows = set()
    for me in (bob, *members):
        cache.clear()
        rows.add(row_of(me))

    assert len(rows) == 1
    (row,) = rows
    assert "csrf" not in row
    assert "<form" not in row


def test_a_row_is_rendered_again_after_each_check_in(
    onboarding: KeyResult, bob: Membership
) -> None:
    first = row_of(bob)
    check_in = post(onboarding, bob, actual=7)
    saved = row_of(bob)
    check_in = post(onboarding, bob, actual=6, seen=check_in.public_id)
    corrected = row_of(bob)
    undo_check_in(check_in=check_in, by=bob, now=TUESDAY)

    assert len({first, saved, corrected}) == 3
    assert row_of(bob) == saved


def test_the_row_of_an_answer_is_that_of_my_week(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, actual="6.5")
    card = due_card(key_result=onboarding, membership=bob, now=TUESDAY)

    assert card is not None
    assert due_row(card) == row_of(bob)


@pytest.mark.parametrize("number", [1, 8])
def test_missing_rows_take_one_query_and_cached_ones_none(
    onboarding: KeyResult, bob: Membership, number: int
) -> None:
    for _ in range(number - 1):
        build.live_key_result(onboarding.objective, owner_id=bob.pk)
    cards = week(bob).groups[0].cards

    for expected in (1, 0):
        with CaptureQueriesContext(connection) as captured:
            assert len(due_rows(cards, now=TUESDAY)) == number
        assert len(captured) == expected
