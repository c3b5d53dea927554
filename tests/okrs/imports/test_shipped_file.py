"""The file that comes with the product, in a new engagement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

from engagements.models import Membership, Role
from engagements.scoping import scope
from metrics.models import Metric
from okrs.imports import Made
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Stage, Team
from tests import build
from tests.okrs.imports.files import SHIPPED, load


@pytest.fixture
def loaded(lead: Membership) -> Iterator[Made]:
    outcome = load(SHIPPED.read_bytes(), by=lead)
    with scope(lead.engagement_id):
        yield outcome.made


def test_it_makes_all_it_names(loaded: Made) -> None:
    assert loaded == Made(
        cycles=3,
        teams=4,
        placeholders=21,
        metrics=21,
        objectives=9,
        key_results=21,
        contributions=7,
    )
    assert KeyResult.objects.count() == 21
    assert ContributionLink.objects.count() == 7


def test_cycles_are_the_calendar_quarters_of_their_names(loaded: Made) -> None:
    spans = {cycle.name: (cycle.starts_on, cycle.ends_on) for cycle in Cycle.objects.all()}

    assert spans == {
        "2026-Q1": (dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
        "2026-Q2": (dt.date(2026, 4, 1), dt.date(2026, 6, 30)),
        "2026-Q3": (dt.date(2026, 7, 1), dt.date(2026, 9, 30)),
    }


def test_teams_own_what_the_company_does_not(loaded: Made) -> None:
    names = {team.name for team in Team.objects.all()}

    assert names == {"Platform", "Marketing", "Sales", "Engineering"}
    assert Objective.objects.filter(team=None).count() == 5
    assert Objective.objects.get(title__startswith="Win back").team == Team.objects.get(
        name="Platform"
    )


def test_ladders_and_directions_are_those_of_the_file(loaded: Made) -> None:
    ladders = {
        key_result.title: (key_result.ladder, key_result.direction)
        for key_result in KeyResult.objects.filter(method="ladder")
    }

    assert ladders == {
        "Median onboarding time of a loyalty member": (
            [["4", "1.00"], ["6", "0.70"], ["8", "0.30"]],
            "lower",
        ),
        "Gross margin stays above its floor": (
            [["62", "1.00"], ["60", "0.70"], ["58", "0.30"]],
            "higher",
        ),
        "Signed pilot agreement with a top-ten contractor": ([["1", "1.00"]], "higher"),
    }
    assert KeyResult.objects.filter(direction="lower").count() == 5


def test_contributions_go_to_the_key_results_that_read_the_metric(loaded: Made) -> None:
    links = {
        (link.source.title, link.target.title)
        for link in ContributionLink.objects.select_related("source", "target")
    }

    assert ("Consultation requests from inbound channels", "Monthly recurring revenue") in links
    assert ("Day-seven retention", "Paying customers") in links


def test_dates_and_figures_are_taken_as_they_stand(loaded: Made) -> None:
    key_result = KeyResult.objects.get(title="Monthly recurring revenue")

    assert (key_result.starts_on, key_result.due_on) == (
        dt.date(2026, 7, 1),
        dt.date(2026, 9, 30),
    )
    assert (key_result.baseline, key_result.target) == (Decimal(280), Decimal(360))
    assert (key_result.weight, key_result.indicator) == (Decimal(2), "lagging")


def test_key_results_stay_in_draft_and_objectives_are_the_leads(
    loaded: Made, lead: Membership
) -> None:
    assert {key_result.stage for key_result in KeyResult.objects.all()} == {Stage.DRAFT}
    assert {objective.owner_id for objective in Objective.objects.all()} == {lead.pk}


def test_owners_become_placeholders(loaded: Made) -> None:
    owner = KeyResult.objects.get(title="Paying customers").owner

    assert owner is not None
    assert (owner.name, owner.email, owner.role) == (
        "Founder",
        "founder@lakeside.test",
        Role.CONTRIBUTOR,
    )
    assert owner.is_placeholder


def test_metrics_carry_their_facts(loaded: Made) -> None:
    metric = Metric.objects.get(name="API latency p95")

    assert (metric.unit, metric.source, metric.refresh) == ("ms", "Telemetry", "hourly")
    assert (metric.valid_low, metric.valid_high) == (Decimal(1), Decimal(60_000))
    assert metric.definition == "Read from the Telemetry, in ms"


def test_a_second_import_makes_nothing(loaded: Made, lead: Membership) -> None:
    outcome = load(SHIPPED.read_bytes(), by=lead)

    assert outcome.made == Made(0, 0, 0, 0, 0, 0, 0)
    assert outcome.already_there == 21
    assert KeyResult.objects.count() == 21


def test_only_the_rows_of_a_client_that_the_file_names_are_taken(db: None) -> None:
    lead = build.member(build.engagement("Harbor Retail"))

    outcome = load(SHIPPED.read_bytes(), by=lead)

    assert outcome.made.key_results == 2
    assert outcome.of_other_clients == 19
