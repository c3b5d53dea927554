"""The facts of a status page as they stood on an earlier day, from rows that are only added.

Which key results stood there follows from when they were committed and from the dates that their
cycles had; their words and terms from the events of their rows, their figures from the check-ins
posted by then. Bands, scale, rhythm and zone are the engagement's of today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checkins.key_result_states import states_at
from decisions.queries.decisions import DecisionFacts, visible_decisions
from engagements.models import Engagement, Membership
from metrics.models import Metric
from okrs.models import Cycle, CycleKind, KeyResult, Objective, Stage, Team
from okrs.queries.shown import RESTS_FOR, end_of
from okrs.states import KeyResultState, stage_for
from scoring import pace
from status.page import Facts, KeyResultFacts
from status.queries.answers import answers
from status.queries.now import last_check_in, last_report, said, since
from tenancy.history import rows_at

Events = Mapping[int, Any]  # by the id of their row


@dataclass(frozen=True, kw_only=True)
class Then:
    """Rows as they stood, each kind by id."""

    rows: Sequence[KeyResult]
    key_results: Events
    objectives: Events
    parents: Events
    teams: Events
    cycles: Events
    metrics: Events
    people: Events


def status_facts_on(engagement: Engagement, *, day: dt.date, now: dt.datetime) -> Facts:
    """The page as it stood at the end of that day on the client's calendar. 13 queries at most."""
    at = min(now, end_of(day, engagement=engagement))
    decisions = visible_decisions(engagement, at=at)
    then = _then(engagement, decisions=decisions, at=at)
    shown = _shown(then, day=day)
    figures = states_at(engagement_id=engagement.pk, ids=[one.pk for one in shown], at=at)
    report = last_report(engagement, at=at)
    return Facts(
        engagement=engagement,
        at=at,
        today=day,
        posted_at=last_check_in(engagement.pk, at=at).first() if shown else None,
        key_results=[
            _facts(one, then=then, figures=figures.get(one.pk), engagement=engagement)
            for one in shown
        ],
        decisions=[replace(one, owner=then.people[one.owner_id].name) for one in decisions],
        since=since(report, engagement=engagement),
        report=said(report),
    )


def _then(engagement: Engagement, *, decisions: list[DecisionFacts], at: dt.datetime) -> Then:
    """All that was committed by then, whichever cycle it was in."""
    where: dict[str, Any] = {"engagement_id": engagement.pk, "at": at}
    rows = list(
        KeyResult.objects.filter(
            engagement=engagement, committed_at__lte=at, objective__committed_at__lte=at
        )
        .annotate(**answers(at=at))
        .select_related("objective")
    )
    committed = {**where, "committed_at__isnull": False}
    key_results = rows_at(KeyResult, ids=[one.pk for one in rows], **committed)
    objectives = rows_at(Objective, ids=[one.objective_id for one in rows], **committed)
    held = objectives.values()
    people = [one.owner_id for one in (*key_results.values(), *held, *decisions)]
    return Then(
        rows=rows,
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


def _shown(then: Then, *, day: dt.date) -> list[KeyResult]:
    """Those of the page, in its order: what `status.shown_key_results` says, of rows as they stood."""
    begun = [one for one in then.cycles.values() if one.starts_on <= day]
    cycles = {one.pgh_obj_id for one in begun if _is_shown(one, among=begun, day=day)}
    shown = [
        one
        for one in then.rows
        if then.objectives[one.objective_id].cycle_id in cycles
        and then.key_results[one.pk].stage != Stage.WITHDRAWN
    ]
    # Kinds run backwards (quarterly, micro, annual), all else forwards.
    ranked = sorted(shown, key=lambda one: _place(one, then=then))
    return sorted(ranked, key=lambda one: _cycle(one, then=then).kind, reverse=True)


def _is_shown(cycle: Any, *, among: list[Any], day: dt.date) -> bool:
    if cycle.ends_on >= day:
        return True
    later = any(one.kind == cycle.kind and one.ends_on > cycle.ends_on for one in among)
    rests = cycle.kind != CycleKind.MICRO and cycle.ends_on >= day - RESTS_FOR
    return rests and not later


def _place(row: KeyResult, *, then: Then) -> tuple[Any, ...]:
    event, objective = then.key_results[row.pk], then.objectives[row.objective_id]
    cycle = _cycle(row, then=then)
    team = then.teams[objective.team_id].name if objective.team_id else ""
    return (
        cycle.starts_on,
        cycle.pgh_obj_id,
        team,
        objective.position,
        row.objective_id,
        event.position,
        row.pk,
    )


def _cycle(row: KeyResult, *, then: Then) -> Any:
    return then.cycles[then.objectives[row.objective_id].cycle_id]


def _facts(
    row: KeyResult,
    *,
    then: Then,
    figures: tuple[KeyResultState, dt.datetime] | None,
    engagement: Engagement,
) -> KeyResultFacts:
    event, objective = then.key_results[row.pk], then.objectives[row.objective_id]
    cycle, parent = then.cycles[objective.cycle_id], then.parents.get(objective.parent_id)
    stood, written_at = figures or (KeyResultState(), None)
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
        last_week=stood.week,
        red_since=stood.red_since,
        escalated_since=row.escalated_since,  # type: ignore[attr-defined] # `answers`
        answered_since=row.answered_since,  # type: ignore[attr-defined]
        decided_streak=row.decided_streak,  # type: ignore[attr-defined]
        checkpoint_on=row.checkpoint_on,  # type: ignore[attr-defined]
        insight=stood.insight,
        next_action=stood.next_action,
        next_action_due=stood.next_action_due,
        evidence_url=stood.evidence_url,
        trail=stood.trail,
    )


def _stage(
    event: Any, *, stood: KeyResultState, written_at: dt.datetime | None, engagement: Engagement
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
