from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from checkins.models import CheckIn
from engagements.models import Membership
from okrs.models import KeyResult
from tests.checkins.posting import post


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkins_checkin SET actual = 1 WHERE id = %s",
        "UPDATE checkins_checkin SET insight = '' WHERE id = %s",
        "DELETE FROM checkins_checkin WHERE id = %s",
    ],
)
def test_the_database_refuses_to_change_a_check_in(
    onboarding: KeyResult, bob: Membership, statement: str
) -> None:
    check_in = post(onboarding, bob)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [check_in.pk])

    assert CheckIn.objects.get(pk=check_in.pk).actual == 6


def test_the_database_refuses_to_empty_the_table(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE checkins_checkin CASCADE")

    assert CheckIn.objects.count() == 1


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
