from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Collate

from accounts.models import midnight
from engagements.models import Engagement
from metrics.models import Metric
from okrs.guardrails import check_objectives, objectives_span
from okrs.headlines import describe_counts
from okrs.models import (
    Commitment,
    Cycle,
    CycleKind,
    KeyResult,
    Objective,
    Origin,
    Stage,
    Team,
)
from okrs.queries.objectives import Alignment, ObjectiveRow, fetch_sets, objective_row
from okrs.weeks import quarters_to_plan
from okrs.writing import Finding
from tenancy.text import comparable

DAY = dt.timedelta(days=1)
RESTS_FOR = dt.timedelta(days=100)  # a quarter and some days to plan the next


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Two counts, to compare with the 60/40 guideline (M2.2, M3.2)."""

    first: int
    second: int

    @property
    def total(self) -> int:
        return self.first + self.second

    @property
    def share(self) -> int | None:
        """Return the share of the first in percent."""
        return round(100 * self.first / self.total) if self.total else None


@dataclass(frozen=True, kw_only=True)
class Group:
    """The objectives of the company or of one team, with guardrail warnings."""

    name: str
    rows: Sequence[ObjectiveRow]
    guardrails: Sequence[Finding]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Key results that use one metric, or that contribute to one key result (M2.3)."""

    shared: Metric | KeyResult
    key_results: Sequence[KeyResult]


@dataclass(frozen=True, kw_only=True)
class CyclePage:
    """A cycle with its sets and mixes, and the topics of an alignment session."""

    cycle: Cycle
    week: int
    groups: Sequence[Group]
    commitment: Mix  # committed and aspirational key results
    origin: Mix  # top-down and bottom-up objectives
    unaligned: Sequence[ObjectiveRow]
    unlinked: Sequence[KeyResult]  # key results of teams without a contribution
    metric_overlaps: Sequence[Overlap]
    contribution_overlaps: Sequence[Overlap]

    @property
    def progress(self) -> str:
        """Count the committed key results by their forecast (M9.2); empty if there are none."""
        cards = (card for group in self.groups for row in group.rows for card in row.cards)
        counted = [card for card in cards if card.key_result.is_counted]
        return describe_counts(counted) if counted else ""


def next_quarter(engagement: Engagement, *, today: dt.date) -> dict[str, Any]:
    """Return name and days of the next quarter that no quarterly cycle covers.

    A cycle covers a quarter if it has its name, or its middle (today, if that is later). Days of
    cycles that reach into the quarter are left out.
    """
    cycles = list(Cycle.objects.filter(engagement=engagement))
    names = {cycle.name_key for cycle in cycles}
    spans = [(one.starts_on, one.ends_on) for one in cycles if one.kind == CycleKind.QUARTERLY]
    for quarter in quarters_to_plan(today):
        day = max(quarter.middle, today)
        covered = any(first <= day <= last for first, last in spans)
        if not covered and comparable(quarter.name) not in names:
            break
    return {
        "name": quarter.name,
        "starts_on": max([quarter.starts_on, *(last + DAY for _, last in spans if last < day)]),
        "ends_on": min([quarter.ends_on, *(first - DAY for first, _ in spans if first > day)]),
    }


def current_cycle(engagement: Engagement, *, today: dt.date) -> Cycle | None:
    """Return the quarterly cycle of today, else the next one, else the last one, else None."""
    cycles = Cycle.objects.filter(engagement=engagement, kind=CycleKind.QUARTERLY)
    return (
        cycles.running_on(today).order_by("starts_on", "id").first()
        or cycles.filter(starts_on__gt=today).order_by("starts_on", "id").first()
        or cycles.order_by("-ends_on", "-id").first()
    )


def cycle_list(engagement: Engagement) -> QuerySet[Any]:
    """Return all cycles, the latest first, with counts of their objectives and key results."""
    return (
        Cycle.objects.filter(engagement=engagement)
        .annotate(
            objective_count=Count("objectives", distinct=True),
            committed_count=Count(
                "objectives", filter=Q(objectives__committed_at__isnull=False), distinct=True
            ),
            key_result_count=Count(
                "objectives__key_results",
                filter=~Q(objectives__key_results__stage="withdrawn"),
                distinct=True,
            ),
        )
        .order_by("-starts_on", "name")
    )


def cycle_page(cycle: Cycle, *, today: dt.date) -> CyclePage:
    """Return the page of a cycle that comes with its engagement. Three queries."""
    engagement = cycle.engagement
    objectives = list(
        Objective.objects.filter(engagement=engagement, cycle=cycle)
        .select_related("team", "owner", "parent", "cycle")
        .order_by("team__name", "position", "id")
    )
    fetch_sets(objectives)
    rows = [objective_row(one, engagement=engagement, today=today) for one in objectives]
    key_results = [card.key_result for row in rows for card in row.cards]
    return CyclePage(
        cycle=cycle,
        week=cycle.week_on(today),
        groups=_groups(rows, cycle=cycle),
        commitment=_mix(one.commitment == Commitment.COMMITTED for one in key_results),
        origin=_mix(row.objective.origin == Origin.TOP_DOWN for row in rows),
        unaligned=[row for row in rows if row.alignment is Alignment.UNALIGNED],
        unlinked=[
            one for one in key_results if one.objective.team_id and not one.contributes_to.all()
        ],
        metric_overlaps=_overlaps((one.metric, one) for one in key_results),
        contribution_overlaps=_overlaps(
            (link.target, one) for one in key_results for link in one.contributes_to.all()
        ),
    )


def _groups(rows: list[ObjectiveRow], *, cycle: Cycle) -> list[Group]:
    """Return the company's group, then those of teams by name."""
    by_team: dict[Team | None, list[ObjectiveRow]] = {}
    for row in sorted(rows, key=lambda row: (bool(row.objective.team_id), str(row.objective.team))):
        by_team.setdefault(row.objective.team, []).append(row)
    groups = []
    for team, own in by_team.items():
        level, name = ("team", team.name) if team else ("company", "Company")
        findings = check_objectives(
            span=objectives_span(preset=cycle.engagement.guardrails, kind=cycle.kind, level=level),
            drafted=len(own),
            committed=sum(row.objective.committed_at is not None for row in own),
            who=team.name if team else "The company",
        )
        groups.append(Group(name=name, rows=own, guardrails=findings))
    return groups


def _mix(firsts: Iterable[bool]) -> Mix:
    counts = Counter(firsts)
    return Mix(first=counts[True], second=counts[False])


def _overlaps(pairs: Iterable[tuple[Metric | KeyResult | None, KeyResult]]) -> list[Overlap]:
    users: dict[Metric | KeyResult, list[KeyResult]] = {}
    for shared, key_result in pairs:
        if shared is not None:
            users.setdefault(shared, []).append(key_result)
    return [Overlap(shared=one, key_results=of) for one, of in users.items() if len(of) > 1]


def shown_key_results(
    engagement: Engagement, *, at: dt.datetime, today: dt.date
) -> QuerySet[KeyResult]:
    """Return those committed by `at` of the cycles of today; of a kind without one, of the last.

    They come in the order of the page: quarterly, micro, then annual cycles; in each the company's
    objectives first.
    """
    later = Cycle.objects.filter(
        engagement_id=OuterRef("engagement_id"),
        kind=OuterRef("objective__cycle__kind"),
        starts_on__lte=today,
        ends_on__gt=OuterRef("objective__cycle__ends_on"),
        objectives__committed_at__lte=at,
    )
    runs = Q(objective__cycle__ends_on__gte=today)
    rests = (
        Q(objective__cycle__ends_on__gte=today - RESTS_FOR)
        & ~Q(objective__cycle__kind=CycleKind.MICRO)
        & ~Exists(later)
    )
    return (
        KeyResult.objects.filter(
            runs | rests,
            engagement=engagement,
            committed_at__lte=at,
            objective__committed_at__lte=at,
            objective__cycle__starts_on__lte=today,
        )
        .exclude(stage=Stage.WITHDRAWN)
        .order_by(
            "-objective__cycle__kind",  # quarterly, micro, annual
            "objective__cycle__starts_on",
            "objective__cycle_id",
            Collate("objective__team__name", "C").asc(nulls_first=True),
            "objective__position",
            "objective_id",
            "position",
            "id",
        )
    )


def end_of(day: dt.date, *, engagement: Engagement) -> dt.datetime:
    """Return the last instant of that day in the client's zone."""
    return midnight(day + dt.timedelta(days=1), engagement.zone) - dt.timedelta(microseconds=1)


def team_list(engagement: Engagement) -> QuerySet[Any]:
    """Return all teams by name, with champion and `objective_count`."""
    return (
        Team.objects.filter(engagement=engagement)
        .select_related("champion")
        .annotate(objective_count=Count("objectives"))
        .order_by("name")
    )
