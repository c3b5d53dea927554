"""Two people save the same card at once: one stands, the other is told, nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

from django.db import connections

from checkins.commands import Conflict
from checkins.models import CheckIn
from engagements.models import Membership
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import post


def card() -> tuple[KeyResult, Membership]:
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        objective = build.objective(lead, build.cycle(lead.engagement))
        return build.live_key_result(objective), lead


def at_once(key_result: KeyResult, by: Membership, keys: list[UUID]) -> list[CheckIn | Conflict]:
    """Post on forms that knew of no check-in, each on a connection of its own."""
    ready = Barrier(len(keys))

    def save(key: UUID) -> Any:
        try:
            with scope(by.engagement_id):
                ready.wait()
                return post(key_result, by, idempotency_key=key, seen="")
        except Conflict as conflict:
            return conflict
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(save, keys))


def test_one_of_two_savers_meets_the_check_in_of_the_other(committed: str) -> None:
    key_result, lead = card()

    outcomes = at_once(key_result, lead, [uuid4(), uuid4()])

    (saved,) = [one for one in outcomes if isinstance(one, CheckIn)]
    (conflict,) = [one for one in outcomes if isinstance(one, Conflict)]
    assert conflict.theirs == saved
    with scope(lead.engagement_id):
        assert CheckIn.objects.get() == saved


def test_a_double_click_makes_one_check_in(committed: str) -> None:
    key_result, lead = card()
    key = uuid4()

    first, second = at_once(key_result, lead, [key, key])

    assert first == second
    with scope(lead.engagement_id):
        assert CheckIn.objects.count() == 1
