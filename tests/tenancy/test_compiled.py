"""Queries whose SQL is made once give what Django's own would, behind both walls."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import CharField
from django.test.utils import CaptureQueriesContext

from engagements.models import Engagement, Membership, Role
from tenancy.compiled import Compiled, Slot
from tenancy.scoping import ScopeError, scope, unscoped
from tests.build import engagement, member

pytestmark = pytest.mark.django_db
BY_ROLE = Compiled(
    lambda: Membership.objects.filter(role=Slot("role", CharField())).select_related("engagement")
)
CLIENTS = Compiled(lambda: Engagement.objects.order_by("id"))
NAMES = Compiled(lambda: Membership.objects.order_by("name").values_list("name", "role"))


def start(name: str = "Northwind") -> Membership:
    return member(engagement(f"{name} SaaS"), f"Lead of {name}")


def test_it_answers_for_the_values_of_each_run() -> None:
    lead = start()
    viewer = member(lead.engagement, "Victor", Role.VIEWER)

    with scope(lead.engagement_id):
        assert BY_ROLE(role=Role.VIEWER) == [viewer]
        assert BY_ROLE(role=Role.LEAD) == [lead]


def test_rows_come_with_what_was_joined_in() -> None:
    lead = start()

    with scope(lead.engagement_id), CaptureQueriesContext(connection) as captured:
        (found,) = BY_ROLE(role=Role.LEAD)
        assert found.engagement.client_name == lead.engagement.client_name

    assert sum("membership" in query["sql"] for query in captured.captured_queries) == 1


def test_it_sees_the_engagements_in_scope_of_each_run_alone() -> None:
    first, second = start(), start("Harbor")

    with scope(first.engagement_id):
        assert [name for name, _ in NAMES()] == [first.name]
    with scope(first.engagement_id, second.engagement_id):
        assert len(NAMES()) == 2
    with scope():
        assert NAMES() == []


def test_the_first_wall_stands_by_itself() -> None:
    """Where the database would let the rows through, the filter of the scope holds them."""
    first, second = start(), start("Harbor")

    with scope(first.engagement_id, second.engagement_id), pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenancy.compiled.engagements_in_scope", lambda: [first.engagement_id])
        assert [name for name, _ in NAMES()] == [first.name]


def test_without_a_scope_it_raises() -> None:
    with pytest.raises(ScopeError):
        NAMES()
    with unscoped(), pytest.raises(ScopeError):
        NAMES()


def test_engagements_themselves_are_those_of_each_run() -> None:
    first, second = start(), start("Harbor")

    for one in (first, second):
        with scope(one.engagement_id):
            assert [found.pk for found in CLIENTS()] == [one.engagement_id]


def test_a_run_builds_no_sql() -> None:
    lead = start()
    with scope(lead.engagement_id):
        NAMES()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.db.models.sql.compiler.SQLCompiler.get_select", None)
            assert len(NAMES()) == 1
