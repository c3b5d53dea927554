"""Rows beside each other, and beside what the engagement has."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from engagements.models import Membership, Role
from metrics.models import Metric
from okrs.models import Cycle, KeyResult
from tenancy.scoping import scope
from tests import build
from tests.okrs.imports.files import faults, file_of, load


def test_another_cycle_must_exist_and_keeps_its_dates(lead: Membership) -> None:
    build.cycle(lead.engagement, "Spring", starts_on=dt.date(2026, 2, 1))

    load(file_of({"cycle": "SPRING", "due_on": ""}), by=lead)

    with scope(lead.engagement_id):
        assert KeyResult.objects.get().starts_on == dt.date(2026, 2, 1)
        assert KeyResult.objects.get().due_on == dt.date(2026, 3, 31)
        assert Cycle.objects.count() == 1


def test_a_row_that_stands_twice_is_reported() -> None:
    twice = {"key_result": "The same", "metric": "The same"}

    assert faults(file_of(twice, {}, twice)) == [(4, "key_result")]


def test_an_objective_has_one_team() -> None:
    sales = {"level": "team", "team": "Sales"}

    assert faults(file_of(sales, sales, {})) == [(4, "team")]


def test_an_address_has_one_name() -> None:
    content = file_of({}, {"owner": "dana  WHITLOCK"}, {"owner": "Eve"})

    assert faults(content) == [(4, "owner")]


def test_a_metric_has_one_meaning() -> None:
    told = {"metric": "Churn"}
    content = file_of(told, {**told, "unit": "days"}, {**told, "definition": "Another"})

    assert faults(content) == [(3, "unit"), (4, "definition")]


def test_a_metric_is_told_once_and_named_again(lead: Membership) -> None:
    silent = dict.fromkeys(
        ["definition", "unit", "source", "refresh", "valid_low", "valid_high"], ""
    )

    load(file_of({**silent, "metric": "CHURN"}, {"metric": "Churn", "refresh": "daily"}), by=lead)

    with scope(lead.engagement_id):
        metric = Metric.objects.get()
        assert (metric.name, metric.unit, metric.refresh) == ("CHURN", "percent", "daily")


def test_a_refresh_that_nobody_said_stays_open(lead: Membership) -> None:
    load(file_of({"refresh": ""}), by=lead)

    with scope(lead.engagement_id):
        assert "refresh" in Metric.objects.get().data_questions_open


def test_a_range_put_together_from_two_rows_must_rise() -> None:
    low = {"metric": "Churn", "valid_low": "50", "valid_high": ""}
    high = {"metric": "Churn", "valid_low": "", "valid_high": "40"}

    assert faults(file_of(low, high)) == [(3, "valid_high")]


def test_what_is_there_is_used_whatever_its_case(lead: Membership) -> None:
    build.metric(lead.engagement, "Churn", unit="Percent", source="Ours")
    build.team(lead.engagement, "Sales")
    build.member(lead.engagement, "Dana", Role.CHAMPION, email="Dana@Harbor.test")

    made = load(file_of({"metric": "churn", "level": "team", "team": "SALES"}), by=lead).made

    assert (made.metrics, made.teams, made.placeholders, made.key_results) == (0, 0, 0, 1)
    with scope(lead.engagement_id):
        key_result = KeyResult.objects.select_related("owner", "metric").get()
        assert (str(key_result.owner), str(key_result.metric)) == ("Dana", "Churn")
        assert Metric.objects.get().source == "Ours"


def test_a_metric_of_another_unit_or_archived_is_reported(lead: Membership) -> None:
    build.metric(lead.engagement, "Churn", unit="days")
    build.metric(lead.engagement, "Sign-ups", unit="", archived_at=timezone.now())

    content = file_of({"metric": "Churn"}, {"metric": "Sign-ups"})

    assert faults(content, by=lead) == [(2, "unit"), (3, "metric")]


def test_who_left_or_only_reads_owns_nothing(lead: Membership) -> None:
    build.member(lead.engagement, "Eve", Role.VIEWER, email="eve@harbor.test")
    build.member(lead.engagement, "Gus", email="gus@harbor.test", removed_at=timezone.now())

    content = file_of(
        {"owner": "Eve", "owner_email": "eve@harbor.test"},
        {"owner": "Gus", "owner_email": "gus@harbor.test"},
    )

    assert faults(content, by=lead) == [(2, "owner_email"), (3, "owner_email")]


def test_an_objective_that_is_there_keeps_its_team(lead: Membership) -> None:
    load(file_of({}), by=lead)

    content = file_of({"key_result": "New", "level": "team", "team": "Sales"})

    assert faults(content, by=lead) == [(2, "team")]


def test_a_metric_read_twice_names_nobody() -> None:
    churn = {"metric": "Churn"}

    content = file_of(churn, churn, {"contributes_to": "churn"})

    assert faults(content) == [(4, "contributes_to")]


def test_a_title_goes_before_a_metric(lead: Membership) -> None:
    content = file_of({"metric": "Churn"}, {"key_result": "Churn"}, {"contributes_to": "churn"})

    assert load(content, by=lead).made.contributions == 1
    with scope(lead.engagement_id):
        assert KeyResult.objects.get(title="Churn").contributions.count() == 1


def test_a_contribution_stays_in_its_cycle() -> None:
    later = {"cycle": "2026-Q2", "due_on": "", "contributes_to": "Metric 1"}

    assert faults(file_of({}, later)) == [(3, "contributes_to")]


def test_a_contribution_reaches_what_was_there_before(lead: Membership) -> None:
    load(file_of({"metric": "Churn"}), by=lead)

    content = file_of({"key_result": "New", "metric": "New", "contributes_to": "Churn"})

    assert load(content, by=lead).made.contributions == 1


def test_contributions_that_run_in_a_circle_are_reported_once() -> None:
    content = file_of(
        {"contributes_to": "Metric 2"},
        {"contributes_to": "Metric 3"},
        {"contributes_to": "Result 4"},
        {"contributes_to": "Metric 2"},
    )

    assert len(faults(content)) == 1
