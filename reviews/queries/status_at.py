"""The facts of a status page as they stood on an earlier day, from rows that are only added.

Which key results stood there follows from when they were committed; their words and terms from
the events of their rows, their figures from the check-ins posted by then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from checkins.queries import standings_at
from engagements.history import rows_at
from engagements.models import Engagement, Membership
from metrics.models import Metric
from okrs.models import Cycle, KeyResult, Objective, Stage, Team
from okrs.standing import Standing, stage_for
from reviews.queries.status import (
    last_report,
    posts,
    said,
    shown_key_results,
    since,
    visible_decisions,
)
from reviews.status import DecisionFacts, Facts, KeyResultFacts
from scoring import pace

Events = Mapping[int, Any]  # by the id of their row


@dataclass(frozen=True, kw_only=True)
class Then:
    """Rows as they stood, each kind by id."""

    key_results: Events
    objectives: Events
    parents: Events
    teams: Events
    cycles: Events
    metrics: Events
    people: Events


def status_facts_on(engagement: Engagement, *, day: dt.date, now: dt.datetime) -> Facts:
    """The page as it stood at the end of that day on the client's calendar. 12 queries at most."""
    at = min(now, end_of(day, engagement=engagement))
    shown = list(shown_key_results(engagement, at=at, today=day).select_related("objective"))
    decisions = visible_decisions(engagement, at=at)
    then = _then(shown, decisions=decisions, engagement=engagement, at=at)
    figures = standings_at(engagement_id=engagement.pk, ids=[one.pk for one in shown], at=at)
    report = last_report(engagement, at=at)
    latest = posts(engagement, at=at).values_list("posted_at", flat=True).first()
    return Facts(
        engagement=engagement,
        at=at,
        today=day,
        posted_at=latest if shown else None,
        key_results=[
            _facts(one, then=then, figures=figures.get(one.pk), engagement=engagement)
            for one in shown
        ],
        decisions=[replace(one, owner=then.people[one.owner_id].name) for one in decisions],
        since=since(report, engagement=engagement),
        report=said(report),
    )


def end_of(day: dt.date, *, engagement: Engagement) -> dt.datetime:
    """The last instant of that day on the client's calendar."""
    midnight = dt.datetime.combine(
        day + dt.timedelta(days=1), dt.time(), tzinfo=engagement.zone
    ).astimezone(dt.UTC)
    return midnight - dt.timedelta(microseconds=1)


def _then(
    shown: list[KeyResult],
    *,
    decisions: list[DecisionFacts],
    engagement: Engagement,
    at: dt.datetime,
) -> Then:
    where: dict[str, Any] = {"engagement_id": engagement.pk, "at": at}
    committed = {**where, "committed_at__isnull": False}
    key_results = rows_at(KeyResult, ids=[one.pk for one in shown], **committed)
    objectives = rows_at(Objective, ids=[one.objective_id for one in shown], **committed)
    held = objectives.values()
    people = [one.owner_id for one in (*key_results.values(), *held, *decisions)]
    return Then(
        key_results=key_results,
        objectives=objectives,
        # Those that were committed by then: of drafts clients know nothing.
        parents=rows_at(
            Objective, ids=[one.parent_id for one in held], committed_at__lte=at, **where
        ),
        teams=rows_at(Team, ids=[one.team_id for one in held], **where),
        cycles=rows_at(Cycle, ids=[one.cycle_id for one in held], **where),
        metrics=rows_at(Metric, ids=[one.metric_id for one in key_results.values()], **where),
        people=rows_at(Membership, ids=people, **where),
    )


def _facts(
    row: KeyResult,
    *,
    then: Then,
    figures: tuple[Standing, dt.datetime] | None,
    engagement: Engagement,
) -> KeyResultFacts:
    event, objective = then.key_results[row.pk], then.objectives[row.objective_id]
    cycle, parent = then.cycles[objective.cycle_id], then.parents.get(objective.parent_id)
    stood, written_at = figures or (Standing(), None)
    return KeyResultFacts(
        public_id=row.public_id,
        title=event.title,
        owner=_name(then.people, event.owner_id),
        commitment=event.commitment,
        weight=event.weight,
        method=event.method,
        direction=event.direction,
        unit=then.metrics[event.metric_id].unit if event.metric_id else None,
        baseline=event.baseline,
        target=event.target,
        starts_on=event.starts_on,
        due_on=event.due_on,
        committed_at=row.committed_at or event.committed_at,
        objective=row.objective.public_id,
        objective_title=objective.title,
        objective_owner=_name(then.people, objective.owner_id) or "",
        team=then.teams[objective.team_id].name if objective.team_id else None,
        parent=parent.title if parent else None,
        cycle=str(objective.cycle_id),
        cycle_name=cycle.name,
        cycle_kind=cycle.kind,
        cycle_starts_on=cycle.starts_on,
        cycle_ends_on=cycle.ends_on,
        stage=_stage(event, stood=stood, written_at=written_at, engagement=engagement),
        value=stood.value,
        score=stood.score,
        rag=stood.rag.value,
        confidence=stood.confidence,
        measured_on=stood.measured_on,
        last_period=stood.period,
        red_since=stood.red_since,
        insight=stood.insight,
        next_action=stood.next_action,
        next_action_due=stood.next_action_due,
        evidence_url=stood.evidence_url,
        trail=stood.trail,
    )


def _stage(
    event: Any, *, stood: Standing, written_at: dt.datetime | None, engagement: Engagement
) -> str:
    """By the forecast on the day of the last post (M9.2), as a post writes it."""
    if written_at is None or event.due_on is None or event.due_on <= event.starts_on:
        return Stage.COMMITTED
    line = pace(start=event.starts_on, due=event.due_on, today=engagement.today(written_at))
    return stage_for(
        stage=Stage.COMMITTED,
        method=event.method,
        score=stood.score,
        pace=line,
        confidence=stood.confidence,
        bands=engagement.rag_bands,
    )


def _name(people: Events, id_: int | None) -> str | None:
    return people[id_].name if id_ else None
