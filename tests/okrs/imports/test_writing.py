"""All or nothing, never twice, and in few statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagements.models import Membership, Role
from metrics.models import Metric
from okrs.imports.command import Writer, check_import, import_okrs
from okrs.imports.plans import Made
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Stage, Team
from tenancy.models import TenantModel
from tenancy.scoping import ScopeError, scope, unscoped
from tests import build
from tests.okrs.imports.files import SHIPPED, faults, file_of, load
from tests.query_counts import queries_of

TENANT_TABLES = [model for model in apps.get_models() if issubclass(model, TenantModel)]
NOTHING = Made(0, 0, 0, 0, 0, 0, 0)


def counts(lead: Membership) -> dict[str, int]:
    with scope(lead.engagement_id):
        return {model.__name__: model._default_manager.count() for model in TENANT_TABLES}


def test_planted_faults_are_all_reported_and_nothing_else(lead: Membership) -> None:
    before = counts(lead)
    content = SHIPPED.read_bytes()
    planted = {
        b"lower,3,1,": b"lower,three,1,",  # line 2
        b"Growth PM,growth.pm@northwind.test": b"Growth PM,growth.pm",  # line 2
        b"4:1.0;6:0.7;8:0.3": b"4:1.0;6:0.7;5:0.3",  # line 9
        b"higher,78,85": b"higher,85,85",  # line 14
        b"percent,higher,31": b"percent,better,31",  # line 21
    }
    for right, wrong in planted.items():
        assert content.count(right) == 1
        content = content.replace(right, wrong)

    assert faults(content, by=lead) == [
        (2, "baseline"),
        (2, "owner_email"),
        (9, "ladder"),
        (14, "target"),
        (21, "direction"),
    ]
    assert counts(lead) == before


def test_a_check_counts_and_writes_nothing(lead: Membership) -> None:
    before = counts(lead)

    with scope(lead.engagement_id):
        checked = check_import(content=SHIPPED.read_bytes(), by=lead)

    assert counts(lead) == before
    assert load(SHIPPED.read_bytes(), by=lead) == checked


def test_a_failure_in_the_middle_leaves_nothing(
    lead: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts(lead)
    monkeypatch.setattr(Writer, "_write_contributions", broken)

    with pytest.raises(RuntimeError, match="in the middle"):
        load(SHIPPED.read_bytes(), by=lead)

    assert counts(lead) == before


def broken(*args: object) -> None:
    raise RuntimeError("in the middle")


def test_another_case_or_a_full_stop_is_no_other_key_result(lead: Membership) -> None:
    line = {"objective": "Keep them coming", "key_result": "They come back"}
    load(file_of(line), by=lead)

    again = {"objective": "KEEP them  coming.", "key_result": "they COME back"}
    outcome = load(file_of({**again, "cycle": "2026-q1"}), by=lead)

    assert (outcome.made, outcome.already_there) == (NOTHING, 1)


def test_what_is_there_already_stays_as_it_is(lead: Membership) -> None:
    load(file_of({"target": "28"}), by=lead)

    load(file_of({"target": "40"}, {}), by=lead)

    with scope(lead.engagement_id):
        assert [key_result.target for key_result in KeyResult.objects.all()] == [28, 28]


def test_new_rows_come_after_those_that_are_there(lead: Membership) -> None:
    load(file_of({}, {}), by=lead)
    load(file_of({}, {}, {}), by=lead)

    with scope(lead.engagement_id):
        found = KeyResult.objects.order_by("position").values_list("title", "position")
        assert list(found) == [("Result 1", 0), ("Result 2", 1), ("Result 3", 2)]


def test_it_mails_nobody(lead: Membership) -> None:
    with CaptureQueriesContext(connection) as captured:
        load(SHIPPED.read_bytes(), by=lead)

    assert not [q for q in captured.captured_queries if "notifications_" in q["sql"]]


def test_the_walls_hold(lead: Membership) -> None:
    other = build.member(build.engagement("Harbor Retail"), "Charlie")
    before = counts(other)
    load(SHIPPED.read_bytes(), by=lead)

    assert counts(other) == before
    with pytest.raises(ScopeError):
        import_okrs(content=SHIPPED.read_bytes(), by=lead, is_trusted=True)
    with scope(lead.engagement_id), unscoped():
        assert {row.engagement_id for row in KeyResult.objects.all()} == {lead.engagement_id}


def test_the_number_of_queries_does_not_grow_with_the_rows(db: None) -> None:
    few, many = (queries_of_import(name, rows=rows) for name, rows in (("Few", 10), ("Many", 200)))

    assert few == many


def queries_of_import(client_name: str, *, rows: int) -> int:
    lead = build.member(build.engagement(client_name), f"Lead of {client_name}")
    lines = [
        {
            "objective": f"Objective {row // 5}",
            "level": "team",
            "team": f"Team {row // 5}",
            "owner": f"Owner {row}",
            "owner_email": f"owner.{row}@harbor.test",
            "contributes_to": f"Metric {row}" if row else "",
        }
        for row in range(rows)
    ]
    made = []
    queries = queries_of(lambda: made.append(load(file_of(*lines), by=lead).made.key_results))
    assert made == [rows]
    return len(queries)


titles = st.text("abcdefÄß“”,;\"'\n 0123456789", min_size=1, max_size=30).filter(
    lambda text: text.strip() != ""
)
figures = st.decimals(-(10**9), 10**9, places=2, allow_nan=False)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(titles, figures, figures).filter(lambda line: line[1] != line[2]),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(",;\t"),
)
def test_a_valid_file_is_there_as_written(
    lead: Membership, lines: list[tuple[str, object, object]], delimiter: str
) -> None:
    wanted = [
        (f"{number} " + " ".join(title.split()), baseline, target)
        for number, (title, baseline, target) in enumerate(lines)
    ]
    content = file_of(
        *(
            {"key_result": f"{number} {title}", "baseline": f"{baseline}", "target": f"{target}"}
            for number, (title, baseline, target) in enumerate(lines)
        ),
        delimiter=delimiter,
    )
    with scope(lead.engagement_id):
        KeyResult.objects.all().delete()
        assert load(content, by=lead).already_there == 0
        found = KeyResult.objects.order_by("position")
        assert [(row.title, row.baseline, row.target) for row in found] == wanted
        assert load(content, by=lead).made == NOTHING


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
