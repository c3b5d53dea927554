"""SQL text is read behind the same two walls as a queryset."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import connection
from django.forms import model_to_dict
from django.test.utils import CaptureQueriesContext

from engagements.models import Role
from metrics.models import Metric
from okrs.models import KeyResult
from tenancy.models import instances, rows, select_list
from tenancy.scoping import ScopeError, scope, unscoped
from tests.build import cycle, engagement, key_result, member, metric, objective

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
        monkeypatch.setattr("tenancy.models.engagements_in_scope", lambda: [first.engagement_id])
        assert [one.name for one in members()] == ["Lena"]


def test_instances_are_those_of_the_manager_with_none_for_a_missing_row() -> None:
    sql = f"""
        SELECT {select_list(KeyResult, "k")}, {select_list(Metric, "m")}, upper(k.title)
        FROM okrs_keyresult k LEFT JOIN metrics_metric m ON m.id = k.metric_id
        WHERE k.engagement_id = ANY(%(scope)s) ORDER BY k.id
    """
    lead = member(engagement(), "Lena")
    churn = metric(lead.engagement, "Churn")
    goal = objective(lead, cycle(lead.engagement))
    first = key_result(goal, method="ladder", ladder=[["4", "1.00"]])
    second = key_result(goal, churn, reasons={"target": "Agreed"})

    with scope(lead.engagement_id):
        found = instances(sql, KeyResult, Metric)

        assert found == [[first, None, first.title.upper()], [second, churn, second.title.upper()]]
        for row, *_ in found:
            assert model_to_dict(row) == model_to_dict(KeyResult.objects.get(pk=row.pk))
        with pytest.raises(ScopeError):
            instances(sql.replace("ANY(%(scope)s)", "1"), KeyResult, Metric)
    with pytest.raises(ScopeError):
        instances(sql, KeyResult, Metric)


def test_it_raises_outside_a_scope_and_without_a_filter_by_scope() -> None:
    with pytest.raises(ScopeError):
        members()
    with unscoped(), pytest.raises(ScopeError):
        members()
    with scope(1), pytest.raises(ScopeError):
        rows("SELECT name, role FROM engagements_membership", Member)
