"""Imports: all or nothing, never twice, in few statements, by page and by command."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagements.models import Membership, Role
from imports.commands import check_import, import_okrs
from metrics.models import Metric
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Stage
from tenancy.models import TenantModel
from tenancy.scoping import ScopeError, scope, unscoped
from tests import build, databases
from tests.browser.servers import VARIABLES
from tests.escalations.racing import waiting
from tests.imports.files import SHIPPED, faults, file_of, load
from tests.processes import eventually
from tests.query_counts import queries_of

TENANT_TABLES = [model for model in apps.get_models() if issubclass(model, TenantModel)]
NOTHING = dict.fromkeys(
    ("key result", "objective", "metric", "cycle", "team", "placeholder", "contribution link"), 0
)


def counts(lead: Membership) -> dict[str, int]:
    with scope(lead.engagement_id):
        return {model.__name__: model._default_manager.count() for model in TENANT_TABLES}


def test_planted_faults_are_all_reported_and_nothing_else(lead: Membership) -> None:
    before = counts(lead)
    content = SHIPPED.read_bytes()
    planted = {
        (2, "baseline"): (b"lower,3,1,", b"lower,three,1,"),
        (2, "owner_email"): (b"Growth PM,growth.pm@northwind.test", b"Growth PM,growth.pm@"),
        (9, "ladder"): (b"4:1.0;6:0.7;8:0.3", b"4:1.0;6:0.7;5:0.3"),
        (14, "target"): (b"higher,78,85", b"higher,85,85"),
        (21, "direction"): (b"percent,higher,31", b"percent,better,31"),
    }
    for right, wrong in planted.values():
        assert content.count(right) == 1
        content = content.replace(right, wrong)

    assert faults(content, by=lead) == list(planted)
    assert counts(lead) == before


def test_a_check_counts_and_writes_nothing(lead: Membership) -> None:
    before = counts(lead)

    checked = check_import(content=SHIPPED.read_bytes(), by=lead, now=build.COMMITTED_AT)

    assert counts(lead) == before
    imported = load(SHIPPED.read_bytes(), by=lead)
    assert (imported.made, imported.preview) == (checked.made, checked.preview)


def test_a_failure_midway_leaves_nothing(lead: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counts(lead)
    monkeypatch.setattr(ContributionLink.objects, "bulk_create", Mock(side_effect=RuntimeError))

    with pytest.raises(RuntimeError):
        load(SHIPPED.read_bytes(), by=lead)

    assert counts(lead) == before


def test_existing_key_results_stay_and_new_ones_come_after_them(lead: Membership) -> None:
    load(file_of({"objective": "Keep them coming", "key_result": "They come back"}), by=lead)

    again = {"key_result": "they COME back", "target": "40", "cycle": "2026-q1"}
    sheet = file_of({"objective": "KEEP them  coming.", **again}, {"objective": "Keep them coming"})
    outcome = load(sheet, by=lead)

    assert (outcome.key_results, outcome.already_there) == (1, 1)
    found = KeyResult.objects.order_by("position")
    assert [(row.title, row.position) for row in found] == [("They come back", 0), ("Result 2", 1)]
    assert [row.target for row in found] == [28, 28]
    assert load(sheet, by=lead).made == NOTHING


def test_an_import_sends_no_email(lead: Membership) -> None:
    sent = queries_of(lambda: load(SHIPPED.read_bytes(), by=lead))

    assert sent
    assert not [sql for sql in sent if "notifications_" in sql]


def test_the_walls_hold(db: None) -> None:
    lead = build.member(build.engagement("Brightwater"))
    other = build.member(build.engagement("Harbor Retail"), "Charlie")
    before = counts(other)
    load(SHIPPED.read_bytes(), by=lead)

    assert counts(other) == before
    with pytest.raises(ScopeError):
        import_okrs(content=SHIPPED.read_bytes(), by=lead, is_trusted=True, now=build.COMMITTED_AT)
    with scope(lead.engagement_id), unscoped():
        assert {row.engagement_id for row in KeyResult.objects.all()} == {lead.engagement_id}


def test_the_number_of_queries_does_not_grow_with_the_rows(db: None) -> None:
    few, many = (queries_of_import(name, rows=rows) for name, rows in (("Few", 10), ("Many", 200)))

    assert few == many


def line(row: int) -> dict[str, str]:
    """One of many lines: five for each team, a new owner, and a link to the line before."""
    number = row // 5
    team = {"level": "team", "team": f"Team {number}", "objective": f"Objective {number}"}
    owner = {"owner": f"Owner {row}", "owner_email": f"owner.{row}@harbor.test"}
    return {**team, **owner, "contributes_to": f"Metric {row}" if row else ""}


def queries_of_import(client_name: str, *, rows: int) -> int:
    lead = build.member(build.engagement(client_name), f"Lead of {client_name}")
    content = file_of(*map(line, range(rows)))
    made = []
    queries = queries_of(lambda: made.append(load(content, by=lead).key_results))
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
            {
                "key_result": f"{number} {title}",
                "baseline": f"{baseline}",
                "target": f"{target}",
                **dict.fromkeys(("direction", "unit", "valid_low", "valid_high"), ""),
            }
            for number, (title, baseline, target) in enumerate(lines)
        ),
        delimiter=delimiter,
    )
    KeyResult.objects.all().delete()
    assert load(content, by=lead).already_there == 0
    found = KeyResult.objects.order_by("position")
    assert [(row.title, row.baseline, row.target) for row in found] == wanted
    assert load(content, by=lead).made == NOTHING


def test_an_import_creates_everything_the_file_names(lead: Membership) -> None:
    made = load(SHIPPED.read_bytes(), by=lead).made

    assert list(made.values()) == [21, 9, 21, 3, 4, 21, 7]
    spans = {cycle.name: (cycle.starts_on, cycle.ends_on) for cycle in Cycle.objects.all()}
    assert spans["2026-Q2"] == (dt.date(2026, 4, 1), dt.date(2026, 6, 30))
    assert Objective.objects.filter(team=None, owner=lead).count() == 5
    assert str(Objective.objects.get(title__startswith="Win back").team) == "Platform"
    assert {row.stage for row in KeyResult.objects.all()} == {Stage.DRAFT}
    revenue = KeyResult.objects.get(title="Monthly recurring revenue")
    assert (revenue.starts_on, revenue.due_on) == (None, dt.date(2026, 9, 30))
    assert [revenue.baseline, revenue.target, revenue.weight] == [280, 360, 2]
    assert (revenue.indicator, revenue.direction) == ("lagging", "higher")
    assert revenue.contributions.filter(source__title__startswith="Consultation").exists()
    onboarding = KeyResult.objects.get(method="ladder", title__startswith="Median onboarding")
    assert onboarding.ladder == [["4", "1.00"], ["6", "0.70"], ["8", "0.30"]]
    assert onboarding.direction == "lower"
    owner = Membership.objects.get(email="founder@lakeside.test")
    assert (owner.name, owner.role, owner.is_placeholder) == ("Founder", Role.CONTRIBUTOR, True)
    assert KeyResult.objects.get(title="Paying customers").owner == owner
    latency = Metric.objects.get(name="API latency p95")
    assert (latency.unit, latency.source, latency.refresh) == ("ms", "Telemetry", "hourly")
    assert [latency.valid_low, latency.valid_high] == [1, 60_000]
    assert latency.definition == "Read from the Telemetry, in ms"


@pytest.fixture
def operator(committed: str) -> Membership:
    databases.let_only_members_act()
    return build.member(build.engagement("Brightwater", slug="brightwater"))


def run(file: Path, *options: str, engagement: str = "brightwater") -> str:
    out, err = StringIO(), StringIO()
    command = ["import_okrs", str(file), f"--engagement={engagement}", *options]
    try:
        call_command(*command, stdout=out, stderr=err)
    except CommandError as error:
        return f"{err.getvalue()}{error}"
    return out.getvalue().strip()


def key_results(operator: Membership) -> int:
    with scope(operator.engagement_id):
        return KeyResult.objects.count()


def test_it_says_what_it_made_and_what_was_there(operator: Membership) -> None:
    dry = run(SHIPPED, "--dry-run")
    assert dry.startswith("Would make 21 key results")
    assert key_results(operator) == 0

    first, again = run(SHIPPED), run(SHIPPED)
    assert first.startswith("Made 21 key results, 9 objectives, 21 metrics, 3 cycles, 4 teams,")
    assert "The file names Northwind SaaS, Harbor Retail," in first  # and not this client
    assert again.startswith("Made 0 key results, 0 objectives,")
    assert "There already: 21 key results." in again
    assert key_results(operator) == 21


def test_it_takes_only_the_rows_of_one_client(operator: Membership) -> None:
    build.member(build.engagement("Harbor Retail"), "Charlie")

    named_in_the_file = run(SHIPPED, engagement="harbor")
    assert named_in_the_file.startswith("Made 2 key results, 1 objective,")
    assert named_in_the_file.endswith("Left out, of other clients: 19 rows.")
    assert key_results(operator) == 0
    assert run(SHIPPED, "--client=harbor retail").startswith("Made 2 key results, 1 objective,")
    assert key_results(operator) == 2


CONTRADICTION = (
    "line 4, direction: Lower is better, but the target 28 is above the baseline 18."
    " Change the direction, or swap baseline and target. (higher)"
)


def test_every_problem_has_its_line(operator: Membership, tmp_path: Path) -> None:
    file = tmp_path / "set.csv"
    file.write_bytes(file_of({"unit": "x" * 41}, {}, {"direction": "lower", "weight": "none"}))

    assert run(file).splitlines() == [
        "line 2, unit: The cell has 41 characters. Keep it to 40.",
        CONTRADICTION,
        "line 4, weight: “none” is not a number. Enter a number, for example 1250 or 12,5.",
        "Nothing was written: 3 problems.",
    ]
    assert key_results(operator) == 0


def test_it_names_what_it_cannot_find(operator: Membership, tmp_path: Path) -> None:
    assert run(tmp_path / "none.csv").endswith("none.csv: No such file or directory.")
    assert run(tmp_path).endswith("Is a directory.")
    unknown = "No engagement “brightwtr”. There are: brightwater."
    assert run(SHIPPED, engagement="brightwtr") == unknown
    stranger = "eve@example.test does not lead this engagement."
    assert run(SHIPPED, "--by=eve@example.test") == stranger


def test_the_lead_who_imports_can_be_named(operator: Membership) -> None:
    second = build.member(operator.engagement, "Lena", Role.LEAD)

    run(SHIPPED, "--by=LENA@example.test")

    with scope(operator.engagement_id):
        key_result = KeyResult.objects.select_related("objective").all()[0]
        assert key_result.objective.owner_id == second.pk
        (event,) = key_result.events.all()  # type: ignore[attr-defined]
        assert event.pgh_context == {"user": second.user_id}


@pytest.mark.slow
def test_a_kill_in_the_middle_leaves_nothing(operator: Membership) -> None:
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        # The import's last step waits here, with all other rows written.
        cursor.execute("LOCK TABLE okrs_contributionlink IN SHARE MODE")
        process = start(SHIPPED)
        try:
            assert eventually(lambda: waiting("default"))
        finally:
            process.kill()
            process.wait(timeout=10)

    assert key_results(operator) == 0
    assert run(SHIPPED).startswith("Made 21 key results")


def start(file: Path) -> subprocess.Popen[bytes]:
    urls = {name: databases.url(alias) for alias, name in VARIABLES.items()}
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_okrs", str(file), "--engagement=brightwater"],
        env={**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=SHIPPED.parents[2],
    )
