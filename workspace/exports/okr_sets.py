"""OKR sets on the way out: as the importer reads them, and as they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from django.db.models import F, Q, QuerySet

from engagements.models import Engagement
from imports.columns import COLUMNS
from imports.sheets import guard_formula
from okrs.models import ContributionLink, KeyResult, Objective
from okrs.writing import plain
from scoring import Method
from workspace.exports.tables import (
    Column,
    Line,
    Table,
    facts,
    figures,
    moments,
    named,
    names,
    selected,
    state,
    table,
    texts,
)


def rungs(stored: Sequence[Sequence[str]]) -> str:
    """As the importer reads them, "4:1.0;6:0.7"; behind a guard where the first is negative."""
    parts = (":".join(f"{Decimal(one).normalize():f}" for one in rung) for rung in stored)
    return guard_formula(";".join(parts))


OF_COMPANY = Q(objective__team=None)
# Each column of the importer but the first, which names the client, and the last, which needs the
# others. The id leads.
SHEET = (
    *facts("id"),
    *texts(cycle="objective__cycle__name"),
    state("level", (OF_COMPANY, "company"), otherwise="team"),
    *texts(team="objective__team__name", objective="objective__title", key_result="title"),
    *named("metric"),
    *texts(definition="metric__definition", unit="metric__unit"),
    *facts("direction"),
    *figures("baseline", "target"),
    *facts("starts_on", "due_on"),
    *figures(valid_low="metric__valid_low", valid_high="metric__valid_high"),
    *named("owner"),
    *texts(owner_email="owner__email", source="metric__source"),
    *facts(refresh="metric__refresh"),
    *facts("method"),
    Column("ladder", "ladder", rungs),
    *figures("weight"),
    *facts("indicator", "commitment"),
)
OBJECTIVES = (
    *facts(objective="public_id"),
    *named("cycle", "team"),
    *texts("title", "why_now"),
    *facts("origin"),
    *named("owner"),
    *facts(parent="parent__public_id"),
    *named("reviewer"),
    *facts("review_by"),
    *moments("committed_at"),
    *named("committed_by"),
)
STANDING = (
    *facts(key_result="public_id", objective="objective__public_id"),
    *texts(
        cycle="objective__cycle__name",
        team="objective__team__name",
        objective_title="objective__title",
        objective_owner="objective__owner__name",
    ),
    *texts("title"),
    *named("owner"),
    *facts("stage"),
    *named("metric"),
    *texts(unit="metric__unit"),
    *facts("starts_on", "due_on"),
    *figures("baseline", "target", "weight", "latest_value"),
    *facts("measured_on", "score", "rag", "confidence", "red_since"),
    *moments("committed_at"),
    *named("committed_by"),
)


def okr_sets(engagement: Engagement) -> Table:
    """Return the rows from which `import_okrs` drafts the same key results."""
    return Table(
        name="okrs.csv",
        about="OKR sets as the importer reads them. It takes neither drafts without a metric, an"
        " owner, a target or rungs, nor more than one contribution of a key result.",
        header=COLUMNS,
        lines=_sheet(engagement),
    )


def objectives(engagement: Engagement) -> Table:
    rows = Objective.objects.filter(engagement=engagement)
    rows = rows.order_by("cycle__starts_on", "cycle__name", "id")
    about = "Every objective, also those without key results."
    return table("objectives.csv", about, rows, OBJECTIVES)


def key_results(engagement: Engagement) -> Table:
    about = "Every key result, drafts too, with its stage and where it stands."
    return table("key_results.csv", about, _in_order(engagement), STANDING)


def _in_order(engagement: Engagement) -> QuerySet[KeyResult]:
    """As pages show them; the importer keeps this order."""
    return KeyResult.objects.filter(engagement=engagement).order_by(
        "objective__cycle__starts_on",
        "objective__cycle__name",
        F("objective__team__name").asc(nulls_first=True),
        "objective__position",
        "objective_id",
        "position",
        "id",
    )


def _sheet(engagement: Engagement) -> Iterator[Line]:
    without_goal = Q(method=Method.LADDER.value, ladder=[]) | Q(
        method=Method.LINEAR.value, target=None
    )
    unfinished = Q(metric=None) | Q(owner=None) | without_goal
    rows = list(selected(_in_order(engagement).exclude(unfinished), SHEET))
    client = guard_formula(engagement.client_name)
    contributes_to = _contributions(engagement, rows)
    for key, *cells in rows:
        yield client, *cells, contributes_to.get(key, "")


def _contributions(engagement: Engagement, rows: Iterable[Line]) -> dict[object, str]:
    """How each key result's first contribution within its cycle is named, by its id."""
    named = _names(rows)
    links = ContributionLink.objects.filter(
        engagement=engagement, source__objective__cycle=F("target__objective__cycle")
    )
    found: dict[object, str] = {}
    for source, target in links.order_by("id").values_list("source_id", "target_id"):
        if target in named:
            found.setdefault(source, named[target])
    return found


def _names(rows: Iterable[Line]) -> dict[object, str]:
    """By id what means this one key result of its cycle alone: its title, else its metric."""
    told = [dict(zip(names(SHEET), row, strict=True)) for row in rows]
    titles = Counter(_called(one, "key_result") for one in told)
    metrics = Counter(_called(one, "metric") for one in told)
    found: dict[object, str] = {}
    for one in told:
        if titles[_called(one, "key_result")] == 1:
            found[one["id"]] = str(one["key_result"])
        elif metrics[_called(one, "metric")] == 1 and not titles[_called(one, "metric")]:
            found[one["id"]] = str(one["metric"])
    return found


def _called(line: dict[str, object], column: str) -> tuple[object, str]:
    return line["cycle"], plain(str(line[column]))
