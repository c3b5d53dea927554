from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from engagements.models import Engagement
from metrics.models import Metric
from okrs.guardrails import check_objectives, objectives_span
from okrs.models import Commitment, Cycle, CycleKind, KeyResult, Objective, Origin, Team
from okrs.quarters import quarters_from
from okrs.queries.cards import Card
from okrs.queries.sets import ObjectiveRow, fetch_sets, objective_row
from okrs.standards import Finding


@dataclass(frozen=True, kw_only=True)
class CycleRow:
    """A line of the list of cycles."""

    cycle: Cycle
    objectives: int
    committed: int
    key_results: int


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Two counts, shown beside the 60/40 guide (M2.2, M3.2); `share` is the first in percent."""

    first: int
    second: int
    guide: int = 60

    @property
    def total(self) -> int:
        return self.first + self.second

    @property
    def share(self) -> int | None:
        return round(100 * self.first / self.total) if self.total else None


@dataclass(frozen=True, kw_only=True)
class Group:
    """The objectives of the company (no team) or of one team, with guardrail warnings."""

    team: Team | None
    rows: Sequence[ObjectiveRow]
    guardrails: Sequence[Finding]

    @property
    def name(self) -> str:
        return "Company" if self.team is None else self.team.name


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Key results that read one metric, or that contribute to one key result (M2.3)."""

    what: Metric | KeyResult
    key_results: Sequence[KeyResult]


@dataclass(frozen=True, kw_only=True)
class CyclePage:
    """A cycle: its sets, its mixes beside the guide, what the alignment session goes through."""

    cycle: Cycle
    week: int
    groups: Sequence[Group]
    commitment: Mix  # committed and aspirational key results
    origin: Mix  # top-down and bottom-up objectives
    unaligned: Sequence[ObjectiveRow]
    unlinked: Sequence[Card]  # key results of teams that contribute to nothing
    metric_overlaps: Sequence[Overlap]
    contribution_overlaps: Sequence[Overlap]

    @property
    def objectives(self) -> int:
        return sum(len(group.rows) for group in self.groups)

    @property
    def forecasts(self) -> Mix:
        """How many forecasts hold and how many do not (M9.2), of those that say anything yet."""
        cards = (card for group in self.groups for row in group.rows for card in row.cards)
        return _mix(card.forecast_holds for card in cards if card.forecast_holds is not None)


def next_quarter(engagement: Engagement, *, today: dt.date) -> dict[str, Any]:
    """Name and days of the quarter to plan, running or coming; empty if both are there.

    Taken is a quarter whose name a cycle has, or whose first day lies in a quarterly one.
    """
    cycles = list(Cycle.objects.filter(engagement=engagement))
    names = {cycle.name.casefold() for cycle in cycles}
    spans = [(one.starts_on, one.ends_on) for one in cycles if one.kind == CycleKind.QUARTERLY]
    for found in quarters_from(today):
        inside = any(first <= found.starts_on <= last for first, last in spans)
        if not inside and found.name.casefold() not in names:
            return {"name": found.name, "starts_on": found.starts_on, "ends_on": found.ends_on}
    return {}


def current_cycle(engagement: Engagement, *, today: dt.date) -> Cycle | None:
    """The quarterly cycle that runs today, else the next one, else the last; None without any."""
    cycles = Cycle.objects.filter(engagement=engagement, kind=CycleKind.QUARTERLY)
    return (
        cycles.running_on(today).order_by("starts_on", "id").first()
        or cycles.filter(starts_on__gt=today).order_by("starts_on", "id").first()
        or cycles.order_by("-ends_on", "-id").first()
    )


def cycle_list(engagement: Engagement) -> list[CycleRow]:
    """All cycles, the latest first. One query."""
    cycles: Any = Cycle.objects.filter(engagement=engagement).annotate(
        held=Count("objectives", distinct=True),
        frozen=Count("objectives", filter=Q(objectives__committed_at__isnull=False), distinct=True),
        shown=Count(
            "objectives__key_results",
            filter=~Q(objectives__key_results__stage="withdrawn"),
            distinct=True,
        ),
    )
    latest_first = cycles.order_by("-starts_on", "name")
    return [
        CycleRow(cycle=one, objectives=one.held, committed=one.frozen, key_results=one.shown)
        for one in latest_first
    ]


def cycle_page(cycle: Cycle, *, today: dt.date) -> CyclePage:
    """The page of a cycle that came with its engagement. Six queries."""
    engagement = cycle.engagement
    objectives = list(
        Objective.objects.filter(engagement=engagement, cycle=cycle)
        .select_related("team", "owner", "parent", "cycle")
        .order_by("team__name", "position", "id")
    )
    fetch_sets(objectives)
    rows = [objective_row(one, engagement=engagement, today=today) for one in objectives]
    cards = [card for row in rows for card in row.cards]
    return CyclePage(
        cycle=cycle,
        week=cycle.week_on(today),
        groups=_groups(rows, cycle=cycle),
        commitment=_mix(card.key_result.commitment == Commitment.COMMITTED for card in cards),
        origin=_mix(row.objective.origin == Origin.TOP_DOWN for row in rows),
        unaligned=[row for row in rows if row.is_unaligned],
        unlinked=[card for card in cards if card.objective.team_id and not card.contributes_to],
        metric_overlaps=_metric_overlaps(cards),
        contribution_overlaps=_contribution_overlaps(cards),
    )


def _groups(rows: list[ObjectiveRow], *, cycle: Cycle) -> list[Group]:
    by_team: dict[Team | None, list[ObjectiveRow]] = {}
    for row in rows:
        by_team.setdefault(row.objective.team, []).append(row)
    first = sorted(by_team.items(), key=lambda pair: (pair[0] is not None, str(pair[0])))
    return [_group(team, held, cycle=cycle) for team, held in first]


def _group(team: Team | None, rows: list[ObjectiveRow], *, cycle: Cycle) -> Group:
    span = objectives_span(
        preset=cycle.engagement.guardrails,
        kind=cycle.kind,
        level="company" if team is None else "team",
    )
    committed = sum(row.objective.committed_at is not None for row in rows)
    who = "The company" if team is None else team.name
    findings = check_objectives(span=span, drafted=len(rows), committed=committed, who=who)
    return Group(team=team, rows=rows, guardrails=findings)


def _mix(firsts: Iterable[bool]) -> Mix:
    counts = Counter(firsts)
    return Mix(first=counts[True], second=counts[False])


def _metric_overlaps(cards: list[Card]) -> list[Overlap]:
    readers: dict[Metric, list[KeyResult]] = {}
    for card in cards:
        if card.key_result.metric is not None:
            readers.setdefault(card.key_result.metric, []).append(card.key_result)
    return [Overlap(what=what, key_results=who) for what, who in readers.items() if len(who) > 1]


def _contribution_overlaps(cards: list[Card]) -> list[Overlap]:
    sources: dict[KeyResult, list[KeyResult]] = {}
    for card in cards:
        for link in card.contributes_to:
            sources.setdefault(link.target, []).append(card.key_result)
    return [Overlap(what=what, key_results=who) for what, who in sources.items() if len(who) > 1]
