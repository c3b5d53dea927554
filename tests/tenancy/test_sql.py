"""SQL text is read behind the same two walls as a queryset."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagements.models import Role
from tenancy.scoping import ScopeError, scope, unscoped
from tenancy.sql import rows
from tests.build import engagement, member

pytestmark = pytest.mark.django_db
MEMBERS = """
    SELECT name, role FROM engagements_membership
    WHERE engagement_id = ANY(%(scope)s) AND role = ANY(%(roles)s) ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    role: str


def members(*roles: Role) -> list[Member]:
    return rows(MEMBERS, Member, roles=list(roles or Role))


def test_rows_are_filled_by_the_names_of_their_columns() -> None:
    lead = member(engagement(), "Lena")
    member(lead.engagement, "Victor", Role.VIEWER)

    with scope(lead.engagement_id), CaptureQueriesContext(connection) as captured:
        assert members(Role.VIEWER) == [Member("Victor", "viewer")]

    assert len(captured) == 1


def test_rows_of_other_clients_stay_out_of_reach() -> None:
    first, second = member(engagement(), "Lena"), member(engagement("Harbor"), "Harriet")

    with scope(first.engagement_id):
        assert [one.name for one in members()] == ["Lena"]
    with scope(first.engagement_id, second.engagement_id):
        assert [one.name for one in members()] == ["Harriet", "Lena"]
    with scope():
        assert members() == []


def test_the_first_wall_holds_without_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = member(engagement(), "Lena"), member(engagement("Harbor"), "Harriet")

    with scope(first.engagement_id, second.engagement_id):
        monkeypatch.setattr("tenancy.sql.engagements_in_scope", lambda: [first.engagement_id])
        assert [one.name for one in members()] == ["Lena"]


def test_it_raises_outside_a_scope_and_without_a_filter_by_scope() -> None:
    with pytest.raises(ScopeError):
        members()
    with unscoped(), pytest.raises(ScopeError):
        members()
    with scope(1), pytest.raises(ScopeError):
        rows("SELECT name, role FROM engagements_membership", Member)
