"""All or nothing, never twice, and in few statements."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagements.models import Membership
from engagements.scoping import ScopeError, scope, unscoped
from engagements.tenancy import TenantModel
from okrs.imports import Made, import_okrs
from okrs.imports.writing import Writer
from okrs.models import KeyResult
from tests import build
from tests.okrs.imports.files import SHIPPED, file_of, load, refusal
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

    assert refusal(content, by=lead) == [
        (2, "baseline"),
        (2, "owner_email"),
        (9, "ladder"),
        (14, "target"),
        (21, "direction"),
    ]
    assert counts(lead) == before


def test_a_dry_run_counts_and_writes_nothing(lead: Membership) -> None:
    before = counts(lead)

    dry = load(SHIPPED.read_bytes(), by=lead, dry_run=True)

    assert counts(lead) == before
    assert load(SHIPPED.read_bytes(), by=lead) == dry


def test_a_failure_in_the_middle_leaves_nothing(
    lead: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts(lead)
    monkeypatch.setattr(Writer, "_write_contributions", broken)

    with pytest.raises(RuntimeError, match="in the middle"):
        load(SHIPPED.read_bytes(), by=lead)

    assert counts(lead) == before


def broken(*args: object) -> int:
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
        import_okrs(content=SHIPPED.read_bytes(), by=lead)
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
