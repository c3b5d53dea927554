"""The home of an engagement: forecasts, escalations, requests, wins and next dates."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from checkins.queries.asks import OpenAsk, asks_in
from checkins.queries.cards import asks_now, due_of
from decisions.models import ActionItem
from decisions.queries.log import LatestDecision, latest_decisions
from engagements.holdings import count_left
from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may_here
from escalations.queries import EscalationCard, open_escalations
from okrs.headlines import count_forecasts
from okrs.models import Cycle, KeyResult, Objective, Stage
from okrs.queries.objectives import standing_of
from okrs.states import expected_pace
from reviews.models import Review
from scoring import Rag, pace
from workspace.home import Line, NextDate, Win, check_ins_due, next_dates, wins
from workspace.queries.first_steps import FirstSteps, first_steps

SHORT = 6  # rows of a list in the margin
SOON = dt.timedelta(days=21)
# Django's cost of a query grows with its columns, most of all if it sorts.
OWNER_COLUMNS = ("owner__name", "owner__role", "owner__removed_at")
KEY_RESULT_COLUMNS = (
    *("engagement_id", "public_id", "objective_id", "metric__unit", "title", "method"),
    *("direction", "baseline", "target", "starts_on", "due_on", "weight", "position"),
    *("committed_at", "stage", "latest_value", "score", "rag", "confidence", "measured_on"),
    *("checked_in_at", "insight", "evidence_url", "trail", "on_pace", "silent_from"),
    *OWNER_COLUMNS,
    *("is_finished", "last_period"),
)
OBJECTIVE_COLUMNS = (
    *("engagement_id", "public_id", "cycle_id", "team__name", "title", "position"),
    *("committed_at", *OWNER_COLUMNS),
)


@dataclass(frozen=True, kw_only=True)
class ObjectiveGlance:
    """An objective with its draft score (M5.6) and its key results."""

    objective: Objective
    lines: Sequence[Line]
    score: Decimal | None
    rag: Rag
    stage: Stage

    @property
    def forecasts(self) -> list[str]:
        """Count the committed key results: ["2 of 4 on pace", "1 of 4 not measured yet"]."""
        return count_forecasts(line.forecast for line in self.lines if line.key_result.is_counted)


@dataclass(frozen=True, kw_only=True)
class CycleGlance:
    """A cycle that runs."""

    cycle: Cycle
    week: int
    pace: Decimal
    objectives: Sequence[ObjectiveGlance]


@dataclass(frozen=True, kw_only=True)
class Home:
    """The page. `beside` is the cycle that comes, or that was last, where none runs."""

    cycles: Sequence[CycleGlance]
    beside: Cycle | None
    escalations: Sequence[EscalationCard]  # open ones
    watched: int  # of these, and counted apart (M7.2)
    pressing: int
    help_requests: Sequence[OpenAsk]
    blockers: Sequence[OpenAsk]
    wins: Sequence[Win]
    since: dt.date | None  # of the last closed review; None before the first
    decisions: Sequence[LatestDecision]
    dates: Sequence[NextDate]
    overdue_actions: int
    left: int  # items without an active owner, for a lead
    has_begun: bool  # an objective was committed
    steps: FirstSteps | None  # until somebody has checked in
    today: dt.date

    @property
    def objectives(self) -> list[ObjectiveGlance]:
        return [one for cycle in self.cycles for one in cycle.objectives]

    @property
    def lines(self) -> list[Line]:
        return [line for one in self.objectives for line in one.lines]

    @property
    def committed(self) -> bool:
        return any(one.objective.committed_at for one in self.objectives)

    @property
    def late(self) -> int:
        return sum(line.is_late for line in self.lines)

    @property
    def over_time(self) -> int:
        return sum(card.is_over_time for card in self.escalations)


def home_page(*, membership: Membership, now: dt.datetime) -> Home:
    """Return everything on the page.

    At most sixteen queries, however much there is, and six more until the first check-in.
    """
    engagement = membership.engagement
    today = engagement.today(now)
    rows = Cycle.objects.filter(engagement=engagement).order_by()
    cycles = sorted(rows, key=lambda one: (one.starts_on, one.pk))
    cycles.sort(key=lambda one: one.kind, reverse=True)
    asks = asks_in(engagement)
    running = [one for one in cycles if one.starts_on <= today <= one.ends_on]
    glances = _glances(running, engagement=engagement, today=today, now=now)
    glances.sort(key=lambda glance: not glance.objectives)  # else an empty one hides the work
    glances.sort(key=lambda glance: glance.cycle.kind, reverse=True)
    objectives = [one for glance in glances for one in glance.objectives]
    lines = [line for one in objectives for line in one.lines]
    beside = None if running else _beside(cycles, today=today)
    closed = Review.objects.filter(engagement=engagement).closed().order_by("-closed_at")
    closed_at, standings = next(
        iter(closed.values_list("closed_at", "standings")[:1]), (None, None)
    )
    found = open_escalations(membership=membership, now=now)
    actions = ActionItem.objects.filter(engagement=engagement).open()
    committed = Objective.objects.filter(engagement=engagement).committed()
    to_come = Q(scheduled_at__gte=now) | Q(started_at__isnull=False)
    ahead = Review.objects.filter(to_come, engagement=engagement).ahead()
    return Home(
        cycles=glances,
        beside=beside,
        escalations=found.open,
        watched=found.watched,
        pressing=found.pressing,
        help_requests=[ask for ask in asks if ask.kind == "help_request"],
        blockers=[ask for ask in asks if ask.kind == "blocker"],
        wins=wins(lines, standings=standings)[:SHORT],
        since=engagement.today(closed_at) if closed_at else None,
        decisions=latest_decisions(
            engagement,
            most=SHORT,
            key_results={line.key_result.public_id: line.key_result for line in lines},
        ),
        dates=next_dates(
            due=check_ins_due(running, engagement=engagement, now=now),
            reviews=ahead.only("public_id", "title", "scheduled_at", "started_at").order_by(
                "scheduled_at", "id"
            )[:SHORT],
            actions=actions.filter(due_on__gte=today, due_on__lte=today + SOON)
            .select_related("owner")
            .only("public_id", "what", "due_on", *OWNER_COLUMNS)
            .order_by("due_on", "id")[:SHORT],
            escalations=[card.escalation for card in found.open],
            cycles=cycles,
            today=today,
            now=now,
        ),
        overdue_actions=actions.filter(due_on__lt=today).count(),
        left=count_left(engagement, today=today) if may_here(membership, Permission.PLAN) else 0,
        has_begun=any(one.objective.committed_at for one in objectives) or committed.exists(),
        steps=None
        if engagement.is_closed or any(line.key_result.checked_in_at for line in lines)
        else first_steps(
            membership=membership, cycle=glances[0].cycle if glances else beside, now=now
        ),
        today=today,
    )


def _beside(cycles: Sequence[Cycle], *, today: dt.date) -> Cycle | None:
    coming = [one for one in cycles if one.starts_on > today]
    ended = [one for one in cycles if one.ends_on < today]
    if coming:
        return min(coming, key=lambda one: one.starts_on)
    return max(ended, key=lambda one: one.ends_on, default=None)


def _glances(
    cycles: Sequence[Cycle], *, engagement: Engagement, today: dt.date, now: dt.datetime
) -> list[CycleGlance]:
    if not cycles:
        return []
    by_id = {one.pk: one for one in cycles}
    held: dict[int, list[KeyResult]] = defaultdict(list)
    shown = (
        KeyResult.objects.filter(engagement=engagement, objective__cycle__in=cycles)
        .exclude(stage=Stage.WITHDRAWN)
        .select_related("metric", "owner")
        .only(*KEY_RESULT_COLUMNS)
        .order_by()
    )
    for row in sorted(shown, key=lambda row: (row.position, row.pk)):
        row.engagement = engagement
        held[row.objective_id].append(row)
    by_cycle: dict[int, list[ObjectiveGlance]] = {pk: [] for pk in by_id}
    rows = (
        Objective.objects.filter(engagement=engagement, cycle__in=cycles)
        .select_related("team", "owner")
        .only(*OBJECTIVE_COLUMNS)
        .order_by("team__name", "position", "id")
    )
    for one in sorted(rows, key=lambda one: one.team_id is not None):  # the company's first
        one.cycle = by_id[one.cycle_id]
        for row in held[one.pk]:
            row.objective = one
        glance = _glance(one, held[one.pk], engagement=engagement, today=today, now=now)
        by_cycle[one.cycle_id].append(glance)
    return [
        CycleGlance(
            cycle=one,
            week=one.week_on(today),
            pace=pace(start=one.starts_on, due=one.ends_on, today=today),
            objectives=by_cycle[one.pk],
        )
        for one in cycles
    ]


def _glance(
    objective: Objective,
    held: Sequence[KeyResult],
    *,
    engagement: Engagement,
    today: dt.date,
    now: dt.datetime,
) -> ObjectiveGlance:
    lines = [_line(one, engagement=engagement, today=today, now=now) for one in held]
    score, band, stage = standing_of(objective, held, engagement=engagement)
    return ObjectiveGlance(objective=objective, lines=lines, score=score, rag=band, stage=stage)


def _line(row: KeyResult, *, engagement: Engagement, today: dt.date, now: dt.datetime) -> Line:
    return Line(
        key_result=row,
        pace=expected_pace(row, today=today),
        forecast=row.forecast_on(today),
        is_late=asks_now(row, now=now) and due_of(row, now=now).is_late,
    )
