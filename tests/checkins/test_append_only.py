from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from checkins.models import CheckIn
from engagements.models import Membership
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import post
from tests.databases import ROLES, switch

CHANGES = [
    "UPDATE checkins_checkin SET actual = 1",
    "UPDATE checkins_checkin SET insight = ''",
    "DELETE FROM checkins_checkin",
]


def refusal(statement: str) -> str:
    with (
        pytest.raises(DatabaseError) as refused,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    return str(refused.value)


@pytest.mark.parametrize("statement", [*CHANGES, "TRUNCATE checkins_checkin CASCADE"])
def test_the_application_has_no_right_to_change_a_check_in(
    onboarding: KeyResult, bob: Membership, statement: str
) -> None:
    check_in = post(onboarding, bob)

    assert "permission denied" in refusal(statement)
    assert CheckIn.objects.get() == check_in


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        *((change, "Cannot update or delete rows from checkins_checkin") for change in CHANGES),
        ("TRUNCATE checkins_checkin CASCADE", "check-ins are append-only"),
    ],
)
def test_a_trigger_refuses_it_to_the_owner_of_the_table_too(
    committed: str, statement: str, message: str
) -> None:
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        key_result = build.live_key_result(build.objective(lead, build.cycle(lead.engagement)))
        post(key_result, lead)
    switch(role=ROLES["owner"])

    with scope(lead.engagement_id):
        assert message in refusal(statement)
        assert CheckIn.objects.get().actual == 6


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
