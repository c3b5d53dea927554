"""The rows of lists are rendered once, for one client, and again when what they show has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NoConnection

from engagements.models import Engagement, Membership
from engagements.row_cache import Row, render_rows
from metrics.models import Metric
from okrs.models import ContributionLink, Cycle, KeyResult, KeyResultAudit, Objective, Team
from tenancy.scoping import scope
from tests import build

TEMPLATE = "components/stage.html"
MONDAY = dt.datetime(2026, 3, 9, 8, 30, tzinfo=dt.UTC)  # 9:30 in Berlin, due at 10:00
VERSIONS = ((1, "First"), (2, "Second"), (3, "Third"))


class Renderer:
    """Renders rows and counts those that were not in the cache."""

    def __init__(self) -> None:
        self.rendered: list[str] = []

    def __call__(self, *rows: Row, now: dt.datetime = MONDAY) -> list[str]:
        own: Any = {"row_of": lambda row: row, "contexts": self.contexts}
        ((_, html),) = render_rows(TEMPLATE, [("all", rows)], **own, now=now)
        return list(map(str, html))

    def contexts(self, rows: Sequence[Row]) -> Iterable[Mapping[str, Any]]:
        for row in rows:
            self.rendered.append(row.public_id)
            yield {"stage": row.state, "label": row.engagement}


@pytest.fixture
def rendered() -> Renderer:
    return Renderer()


def test_a_row_is_rendered_once(rendered: Renderer) -> None:
    rows = [Row(Engagement(pk=1, client_name="Harbor"), name) for name in "ab"]

    assert rendered(*rows) == rendered(*rows)
    assert rendered.rendered == ["a", "b"]
    rendered(*rows, Row(rows[0].engagement, "c"))
    assert rendered.rendered == ["a", "b", "c"]


def test_rows_of_two_clients_with_equal_ids_and_versions_stay_apart(rendered: Renderer) -> None:
    harbor, other = (
        Engagement(pk=pk, client_name=name) for pk, name in enumerate(("Harbor", "Other"))
    )

    for _ in range(2):
        first, second = rendered(Row(harbor, "same"), Row(other, "same"))
        assert ("Harbor" in first, "Other" in first) == (True, False)
        assert ("Harbor" in second, "Other" in second) == (False, True)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"slug": "other"}, id="slug"),
        pytest.param({"created_at": MONDAY}, id="time of creation"),
    ],
)
def test_another_database_has_its_own_rows(rendered: Renderer, change: dict[str, Any]) -> None:
    (first,) = rendered(Row(Engagement(pk=1, client_name="Harbor"), "a"))
    (second,) = rendered(Row(Engagement(pk=1, client_name="Other", **change), "a"))

    assert ("Harbor" in first, "Other" in second) == (True, True)


def test_a_newer_row_replaces_the_old(rendered: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    set_many = cache.set_many

    def write(values: dict[str, Any], *args: Any) -> Any:
        keys.extend(values)
        return set_many(values, *args)

    monkeypatch.setattr(cache, "set_many", write)
    rows = [Row(Engagement(pk=1, client_name=name, row_version=n), "a") for n, name in VERSIONS]

    for row, (_, name) in zip(rows, VERSIONS, strict=True):
        assert all(name in rendered(row)[0] for _ in range(2))

    assert rendered.rendered == ["a"] * len(rows)
    assert len(keys) == len(rows)
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    ("change", "now"),
    [
        pytest.param({"row_version": 2}, MONDAY, id="a row of the client was written"),
        pytest.param({"version": 2}, MONDAY, id="settings"),
        pytest.param({}, MONDAY + dt.timedelta(days=1), id="another day"),
        pytest.param({}, MONDAY + dt.timedelta(hours=1), id="the due time has passed"),
        pytest.param({"time_zone": "Pacific/Auckland"}, MONDAY, id="day of the client's zone"),
    ],
)
def test_changes_render_anew(rendered: Renderer, change: dict[str, Any], now: dt.datetime) -> None:
    rendered(Row(Engagement(pk=1), "a"))
    rendered(Row(Engagement(pk=1, **change), "a"), now=now)

    assert rendered.rendered == ["a", "a"]


@pytest.mark.parametrize(
    ("before", "after", "is_rendered_again"),
    [
        pytest.param("2026-03-29T00:45", "2026-03-29T01:15", False, id="skipped, before it"),
        pytest.param("2026-03-29T01:15", "2026-03-29T01:45", True, id="skipped, at it"),
        pytest.param("2026-10-25T00:15", "2026-10-25T00:45", True, id="twice, at the first"),
        pytest.param("2026-10-25T00:45", "2026-10-25T01:15", False, id="twice, between them"),
    ],
)
def test_at_a_clock_change_the_due_time_passes_once(
    rendered: Renderer, before: str, after: str, is_rendered_again: bool
) -> None:
    row = Row(Engagement(pk=1, due_time=dt.time(2, 30)), "a")

    for moment in (before, after):
        rendered(row, now=dt.datetime.fromisoformat(f"{moment}Z"))

    assert (len(rendered.rendered) == 2) == is_rendered_again


def test_each_state_has_its_own_row(rendered: Renderer) -> None:
    first, late = rendered(Row(Engagement(pk=1), "a"), Row(Engagement(pk=1), "a", "late"))

    assert first != late


def test_it_works_without_the_cache(rendered: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise NoConnection

    for name in ("get_many", "set_many"):
        monkeypatch.setattr(cache, name, refuse)
    row = Row(Engagement(pk=1, client_name="Harbor"), "a")

    assert rendered(row) == rendered(row)
    assert rendered.rendered == ["a", "a"]


@pytest.fixture
def shown(db: None) -> dict[type[Any], Any]:
    """One row of each table that a cached row shows."""
    lead = build.member(build.engagement())
    with scope(lead.engagement_id):
        cycle, team = build.cycle(lead.engagement), build.team(lead.engagement)
        objective = build.objective(lead, cycle, team=team)
        first, second = (
            build.key_result(objective, build.metric(lead.engagement, name)) for name in "ab"
        )
        build.audited(first, by=lead)
        link = build.contribution(first, second)
        audit = KeyResultAudit.objects.get()
    rows = (cycle, team, objective, first, first.metric, link, audit, lead)
    return {type(row): row for row in rows}


def row_version(engagement_id: int) -> int:
    return Engagement.objects.get(pk=engagement_id).row_version


@pytest.mark.parametrize(
    ("model", "field"),
    [
        pytest.param(Cycle, "name", id="cycle"),
        pytest.param(Team, "name", id="team"),
        pytest.param(Objective, "title", id="objective"),
        pytest.param(KeyResult, "title", id="key result"),
        pytest.param(Metric, "unit", id="metric"),
        pytest.param(ContributionLink, "how", id="contribution"),
        pytest.param(KeyResultAudit, "note", id="audit"),
        pytest.param(Membership, "name", id="owner"),
    ],
)
def test_a_write_to_a_table_that_rows_show_changes_the_version(
    shown: dict[type[Any], Any], model: type[Any], field: str
) -> None:
    row = shown[model]
    with scope(row.engagement_id):
        before = row_version(row.engagement_id)
        build.change(row, **{field: "changed"})
        assert row_version(row.engagement_id) == before + 1


def test_so_does_each_row_that_goes(shown: dict[type[Any], Any]) -> None:
    versions = []
    with scope(shown[KeyResult].engagement_id):
        for model in (ContributionLink, KeyResultAudit, KeyResult, Objective):
            versions.append(row_version(shown[model].engagement_id))
            model.objects.all().delete()
        versions.append(row_version(shown[KeyResult].engagement_id))
    assert versions == sorted(set(versions))
