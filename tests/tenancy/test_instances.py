"""Instances of a made query are those that Django makes of the same one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Model, QuerySet, Value
from django.test.utils import CaptureQueriesContext

from engagements.models import Membership, Role
from tenancy.compiled import Compiled
from tenancy.scoping import scope
from tests.build import engagement, member

pytestmark = pytest.mark.django_db


def joined() -> QuerySet[Membership]:
    """With what everybody has, what only some have, and a column of nobody's."""
    rows = Membership.objects.order_by("id").select_related("engagement", "user")
    return rows.annotate(said=Value("hello"))


def deferred() -> QuerySet[Membership]:
    rows = Membership.objects.order_by("id").select_related("engagement")
    return rows.only("name", "engagement__client_name")


JOINED, DEFERRED = Compiled(joined), Compiled(deferred)


def anatomy(one: Model | None) -> Any:
    """All that an instance holds, and that of what it was joined with."""
    if one is None:
        return None
    held = {name: value for name, value in vars(one).items() if name != "_state"}
    state = one._state
    kept = {name: anatomy(other) for name, other in state.fields_cache.items()}
    return type(one), held, kept, state.adding, state.db, one.get_deferred_fields()


def people() -> tuple[Membership, Membership]:
    """A lead, and somebody of the same client who never signed in."""
    lead = member(engagement(), "Lena")
    return lead, member(lead.engagement, "Vera", Role.VIEWER, user=None)


@pytest.mark.parametrize("made", [JOINED, DEFERRED], ids=["joined", "deferred"])
def test_they_hold_what_django_would_put_in_them(made: Compiled[Membership]) -> None:
    lead, placeholder = people()

    with scope(lead.engagement_id):
        found = made()
        assert found == [lead, placeholder]
        assert [anatomy(one) for one in found] == [anatomy(one) for one in made.build()]


def test_what_several_rows_join_is_one_object() -> None:
    lead, _ = people()

    with scope(lead.engagement_id):
        first, second = JOINED()

    assert first.engagement is second.engagement


def test_what_was_not_read_is_read_when_it_is_asked_for() -> None:
    lead, _ = people()

    with scope(lead.engagement_id), CaptureQueriesContext(connection) as captured:
        found = DEFERRED()[0]
        before = len(captured)
        assert found.role == Role.LEAD
        assert len(captured) == before + 1


def test_they_can_be_saved() -> None:
    lead, _ = people()

    with scope(lead.engagement_id):
        found = JOINED()[0]
        found.name = "Lena"
        found.save()
        assert Membership.objects.get(pk=lead.pk).name == "Lena"
