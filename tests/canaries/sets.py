"""What the planning of a client writes down: metrics, cycles, teams, objectives, key results."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from engagements.models import Membership
from metrics.commands import archive_metric, create_metric
from metrics.models import Metric
from okrs.commands import key_results
from okrs.commands.cycles import create_cycle, create_team
from okrs.commands.objectives import commit_objective, draft_objective, update_objective
from okrs.models import ContributionLink, Cycle, KeyResult, Objective, Team
from tests.canaries.marks import Marks
from tests.checkins.posting import at

COMMITTED = at("2026-01-05T11:00")
LINE: dict[str, Any] = {"baseline": 9, "target": 4, "direction": "lower"}
LADDER: dict[str, Any] = {
    "method": "ladder",
    "baseline": 40,
    "target": 90,
    "ladder": [("90", "1.00"), ("80", "0.70"), ("60", "0.30")],
}
YES_NO: dict[str, Any] = {"method": "ladder", "baseline": 0, "target": 1, "ladder": [("1", "1.00")]}


@dataclass(frozen=True)
class Planned:
    """What was committed; `line` has the check-ins that matter, `steps` and `yes` a few."""

    cycle: Cycle
    team: Team
    metric: Metric
    company: Objective
    line: KeyResult
    steps: KeyResult
    yes: KeyResult
    draft: KeyResult
    contribution: ContributionLink


def plan_the_set(marks: Marks, *, lead: Membership, other: Membership) -> Planned:
    """Committed objectives of company and team, beside drafts that clients do not know yet."""
    cycle = create_cycle(
        engagement=lead.engagement,
        name=marks.client_reads("cycle.name"),
        kind="quarterly",
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 3, 31),
        by=lead,
        now=COMMITTED,
        confirm_overlap=True,
    )
    team = create_team(
        engagement=lead.engagement, name=marks.client_reads("team.name"), champion=lead, by=lead
    )
    metric = _dictionary(marks, lead=lead, other=other)
    company = _company(marks, cycle=cycle, lead=lead, other=other)
    fields: dict[str, Any] = {"unit": "yes/no", "source": "A list", "refresh": "weekly"}
    switch = create_metric(engagement=lead.engagement, by=lead, name="Done", **fields)
    line = _key_result(company, marks, "line", metric=metric, owner=other, **LINE)
    steps = _key_result(company, marks, "steps", metric=metric, owner=lead, **LADDER)
    yes = _key_result(company, marks, "yes", metric=switch, owner=lead, **YES_NO)
    commit_objective(objective=company, by=lead, now=COMMITTED)
    aligned = _of_the_team(marks, "aligned", team=team, parent=company, metric=metric, lead=lead)
    proposed = draft_objective(
        cycle=cycle, title=marks.inside("objective.title.proposed"), owner=lead, by=lead
    )
    _of_the_team(marks, "early", team=team, parent=proposed, metric=metric, lead=lead)
    return Planned(
        cycle=cycle,
        team=team,
        metric=metric,
        company=company,
        line=_fresh(line),
        steps=_fresh(steps),
        yes=_fresh(yes),
        draft=key_results.draft_key_result(
            objective=company, title=marks.inside("keyresult.title.draft"), by=lead, owner=lead
        ),
        contribution=key_results.link_contribution(
            source=aligned, target=line, how=marks.inside("contributionlink.how"), by=lead
        ),
    )


def rename_the_set(marks: Marks, planned: Planned, *, lead: Membership) -> None:
    """Other words for what clients knew by its old ones."""
    company = Objective.objects.get(engagement=lead.engagement, pk=planned.company.pk)
    update_objective(
        objective=company,
        version=company.version,
        title=f"{marks.later('objective.title')}, by 20 percent",
        owner=company.owner,
        by=lead,
    )
    steps = _fresh(planned.steps)
    key_results.update_key_result(
        key_result=steps, version=steps.version, title=marks.later("keyresult.title"), by=lead
    )


def _dictionary(marks: Marks, *, lead: Membership, other: Membership) -> Metric:
    archived = marks.inside("metric.name.archived")
    old = create_metric(engagement=lead.engagement, by=lead, name=archived)
    archive_metric(metric=old, by=lead, now=COMMITTED)
    return create_metric(
        engagement=lead.engagement,
        by=lead,
        name=marks.inside("metric.name"),
        definition=marks.inside("metric.definition"),
        technical_definition=marks.inside("metric.technical_definition"),
        unit=marks.client_reads("metric.unit"),
        owner=lead,
        steward=other,
        source=marks.inside("metric.source"),
        source_url=marks.inside_url("metric.source_url"),
        refresh="weekly",
        access=marks.inside("metric.access"),
        fetched_by=marks.inside("metric.fetched_by"),
    )


def _company(marks: Marks, *, cycle: Cycle, lead: Membership, other: Membership) -> Objective:
    """Drafted in words that clients are not to read, and put into others before its commit."""
    drafted = draft_objective(
        cycle=cycle,
        title=marks.inside("objective.title.drafted"),
        owner=lead,
        by=lead,
        why_now=marks.inside("objective.why_now"),
        reviewer=other,
        divergence_reason=marks.inside("objective.divergence_reason"),
        reasons={"measure": marks.inside("objective.reasons")},
        collaborators=[other],
    )
    return update_objective(
        objective=drafted,
        version=drafted.version,
        title=f"{marks.client_reads('objective.title')}, by 20 percent",
        owner=lead,
        by=lead,
    )


def _of_the_team(
    marks: Marks, name: str, *, team: Team, parent: Objective, metric: Metric, lead: Membership
) -> KeyResult:
    """A committed objective of the team with two key results; returns the first."""
    objective = draft_objective(
        cycle=parent.cycle,
        title=marks.client_reads(f"objective.title.{name}"),
        owner=lead,
        by=lead,
        team=team,
        parent=parent,
    )
    first = _key_result(objective, marks, f"{name}.first", metric=metric, owner=lead, **LINE)
    _key_result(objective, marks, f"{name}.second", metric=metric, owner=lead, **LINE)
    commit_objective(objective=objective, by=lead, now=COMMITTED)
    return _fresh(first)


def _key_result(
    objective: Objective, marks: Marks, name: str, *, owner: Membership, **fields: Any
) -> KeyResult:
    """Audited, and put into the words of its commit after it was drafted in others."""
    lead = objective.owner
    drafted = key_results.draft_key_result(
        objective=objective,
        title=marks.inside(f"keyresult.title.{name}.drafted"),
        by=lead,
        owner=owner,
        reasons={"activity": marks.inside("keyresult.reasons")},
        collaborators=[lead],
        **fields,
    )
    key_results.answer_audit(
        key_result=drafted,
        ambitious=True,
        note=marks.inside("keyresultaudit.note"),
        by=lead,
        now=COMMITTED,
    )
    return key_results.update_key_result(
        key_result=drafted,
        version=drafted.version,
        title=f"Publish {marks.client_reads(f'keyresult.title.{name}')}",
        by=lead,
    )


def _fresh(row: KeyResult) -> KeyResult:
    rows = KeyResult.objects.select_related("engagement", "objective__cycle", "metric")
    return rows.get(engagement_id=row.engagement_id, pk=row.pk)
