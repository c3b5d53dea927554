"""The rows of check-ins: append-only, one current per period, also for two savers at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.db.utils import DatabaseError

from checkins.commands import Conflict, answer_prompt
from checkins.models import CheckIn, PromptAnswer
from checkins.periods import rhythm_of, silent_from
from engagements.commands.engagements import update_engagement
from engagements.models import Engagement, Membership
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, code, post
from tests.databases import ROLES, switch
from tests.walls.racing import waiting

CHANGES = [
    "UPDATE checkins_checkin SET actual = 1",
    "UPDATE checkins_checkin SET insight = ''",
    "DELETE FROM checkins_checkin",
]


@pytest.fixture
def card(committed: str) -> KeyResult:
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        return build.live_key_result(build.objective(lead, build.cycle(lead.engagement)))


def refusal(statement: str) -> str:
    with (
        pytest.raises(DatabaseError) as refused,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    return str(refused.value)


@pytest.mark.parametrize("statement", [*CHANGES, "TRUNCATE checkins_checkin CASCADE"])
def test_a_check_in_is_changed_neither_by_the_application_nor_by_the_owner_of_the_table(
    card: KeyResult, statement: str
) -> None:
    with scope(card.engagement_id):
        check_in = post(card, card.objective.owner)
        assert "permission denied" in refusal(statement)

    switch(role=ROLES["owner"])

    with scope(card.engagement_id):
        assert re.search("Cannot update or delete|are append-only", refusal(statement))
        assert CheckIn.objects.get().actual == check_in.actual


@pytest.mark.parametrize("keeps_its_place", [True, False])
def test_the_database_refuses_a_second_check_in_that_counts(
    onboarding: KeyResult, bob: Membership, *, keeps_its_place: bool
) -> None:
    first = post(onboarding, bob)
    second = post(onboarding, bob)
    copy = CheckIn.objects.get(pk=second.pk)
    copy.pk, copy.public_id, copy.idempotency_key = None, "another", uuid4()
    copy.supersedes = first if keeps_its_place else None

    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


def at_once(key_result: KeyResult, keys: list[UUID]) -> list[CheckIn | Conflict]:
    """Post on forms that knew of no check-in, each on a connection of its own."""
    ready, by = Barrier(len(keys)), key_result.objective.owner

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


def test_one_of_two_savers_meets_the_check_in_of_the_other(card: KeyResult) -> None:
    outcomes = at_once(card, [uuid4(), uuid4()])

    (saved,) = [one for one in outcomes if isinstance(one, CheckIn)]
    (conflict,) = [one for one in outcomes if isinstance(one, Conflict)]
    assert conflict.theirs == saved
    with scope(card.engagement_id):
        assert CheckIn.objects.get() == saved


def test_a_double_click_makes_one_check_in(card: KeyResult) -> None:
    first, second = at_once(card, [uuid4()] * 2)

    assert first == second
    with scope(card.engagement_id):
        assert CheckIn.objects.count() == 1


def test_a_double_click_gives_one_answer(card: KeyResult) -> None:
    lead = card.objective.owner
    with scope(card.engagement_id):
        post(card, lead, actual="8.9", confidence=2)

    def answer() -> PromptAnswer:
        return answer_prompt(
            key_result=card, text="Paper forms.", bet="By phone.", by=lead, now=TUESDAY
        )

    with waiting(answer, answer, engagement_id=card.engagement_id) as second:
        pass

    refused = second.exception()
    assert isinstance(refused, ValidationError)
    assert code(refused) == "answered"
    with scope(card.engagement_id):
        assert PromptAnswer.objects.count() == 1


def test_a_first_check_in_that_waits_for_a_new_rhythm_follows_it(card: KeyResult) -> None:
    lead = card.objective.owner
    with scope(card.engagement_id):
        settings = Engagement.objects.get(pk=card.engagement_id)
        other = Membership.objects.select_related("engagement").get(pk=lead.pk)

    with waiting(
        lambda: update_engagement(
            engagement=settings, version=settings.version, by=other, now=TUESDAY, cadence="monthly"
        ),
        lambda: post(card, lead),
        engagement_id=card.engagement_id,
    ) as posted:
        pass

    with scope(card.engagement_id):
        now_is = KeyResult.objects.select_related("engagement", "objective__cycle").get(pk=card.pk)
        assert rhythm_of(now_is).cadence == "monthly"
        assert now_is.silent_from == silent_from(now_is)
        assert posted.result().period.day == 2
