"""The home of an engagement: how it stands, what presses, what was won, what comes next."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from checkins.models import Blocker, HelpRequest
from checkins.periods import open_periods, rhythm_of
from checkins.queries.cards import due_of
from decisions.models import ActionItem
from decisions.queries.decisions import Entry, decisions, entries, sift
from engagements.models import Engagement, Membership
from escalations.queries import EscalationCard, escalations
from okrs.models import Cycle, KeyResult, Objective, Stage
from okrs.models.key_results import LIVE
from okrs.states import expected_pace, forecast, weakest
from reviews.models import Review
from scoring import Rag, objective_score, pace, rag
from workspace.home import Line, NextDate, Win, check_ins_due, next_dates, wins
from workspace.queries.first_steps import FirstSteps, first_steps

SHORT = 6  # rows of a list in the margin
SOON = dt.timedelta(days=21)


@dataclass(frozen=True, kw_only=True)
class ObjectiveGlance:
    """An objective with its draft score (M5.6) and its key results."""

    objective: Objective
    lines: Sequence[Line]
    score: Decimal | None
    rag: Rag
    stage: Stage


@dataclass(frozen=True, kw_only=True)
class CycleGlance:
    """A cycle that runs."""

    cycle: Cycle
    week: int
    pace: Decimal
    objectives: Sequence[ObjectiveGlance]

    @property
    def lines(self) -> list[Line]:
        return [line for one in self.objectives for line in one.lines]


@dataclass(frozen=True, kw_only=True)
class Home:
    """The page. `beside` is the cycle that comes, or that was last, where none runs."""

    cycles: Sequence[CycleGlance]
    beside: Cycle | None
    escalations: Sequence[EscalationCard]
    help_requests: Sequence[HelpRequest]
    blockers: Sequence[Blocker]
    wins: Sequence[Win]
    since: dt.date | None  # of the last closed review; None before the first
    decisions: Sequence[Entry]
    dates: Sequence[NextDate]
    overdue_actions: int
    has_begun: bool  # an objective was committed
    steps: FirstSteps | None  # until somebody has checked in
    today: dt.date

    @property
    def objectives(self) -> list[ObjectiveGlance]:
        return [one for cycle in self.cycles for one in cycle.objectives]

    @property
    def lines(self) -> list[Line]:
        return [line for cycle in self.cycles for line in cycle.lines]

    @property
    def forecasts(self) -> list[bool]:
        """Whether each on pace that says anything yet (M9.2)."""
        return [one.forecast_holds for one in self.lines if one.forecast_holds is not None]

    @property
    def late(self) -> int:
        return sum(line.is_late for line in self.lines)

    @property
    def over_time(self) -> int:
        return sum(card.is_over_time for card in self.escalations)


def home_page(*, membership: Membership, now: dt.datetime) -> Home:
    """Everything of the page. At most sixteen queries, however much there is, and until somebody
    has checked in six more."""
    engagement = membership.engagement
    today = engagement.today(now)
    cycles = list(Cycle.objects.filter(engagement=engagement).order_by("-kind", "starts_on", "id"))
    live = {"engagement": engagement, "key_result__stage__in": LIVE}
    asked = HelpRequest.objects.filter(**live, answered_at=None).order_by("asked_at", "id")
    named = Blocker.objects.filter(**live, resolved_at=None).order_by("opened_at", "id")
    running = [one for one in cycles if one.starts_on <= today <= one.ends_on]
    glances = _glances(running, engagement=engagement, today=today, now=now)
    lines = [line for one in glances for line in one.lines]
    beside = None if running else _beside(cycles, today=today)
    review = Review.objects.filter(engagement=engagement).closed().order_by("-closed_at").first()
    found = escalations(membership=membership, now=now).open
    actions = ActionItem.objects.filter(engagement=engagement).open()
    to_come = Q(scheduled_at__gte=now) | Q(started_at__isnull=False)
    ahead = Review.objects.filter(to_come, engagement=engagement).ahead().defer("standings")
    return Home(
        cycles=glances,
        beside=beside,
        escalations=found,
        help_requests=list(asked.select_related("key_result", "asked_by")),
        blockers=list(named.select_related("key_result", "opened_by")),
        wins=wins(lines, standings=review.standings if review else None)[:SHORT],
        since=engagement.today(review.closed_at) if review and review.closed_at else None,
        decisions=entries(sift(decisions(engagement))[:SHORT], engagement=engagement),
        dates=next_dates(
            due=check_ins_due(running, engagement=engagement, now=now),
            reviews=ahead.order_by("scheduled_at", "id")[:SHORT],
            actions=actions.filter(due_on__gte=today, due_on__lte=today + SOON)
            .select_related("owner")
            .order_by("due_on", "id")[:SHORT],
            escalations=[card.escalation for card in found],
            cycles=cycles,
            today=today,
            now=now,
        ),
        overdue_actions=actions.filter(due_on__lt=today).count(),
        has_begun=Objective.objects.filter(engagement=engagement).committed().exists(),
        steps=_steps(membership, lines, cycle=next(iter(running), beside)),
        today=today,
    )


def _steps(
    membership: Membership, lines: Sequence[Line], *, cycle: Cycle | None
) -> FirstSteps | None:
    if any(line.key_result.checked_in_at for line in lines):
        return None
    return first_steps(membership=membership, cycle=cycle)


def _beside(cycles: Sequence[Cycle], *, today: dt.date) -> Cycle | None:
    coming = [one for one in cycles if one.starts_on > today]
    ended = [one for one in cycles if one.ends_on < today]
    if coming:
        return min(coming, key=lambda one: one.starts_on)
    return max(ended, key=lambda one: one.ends_on, default=None)


def _glances(
    cycles: Sequence[Cycle], *, engagement: Engagement, today: dt.date, now: dt.datetime
) -> list[CycleGlance]:
    running = {"engagement": engagement, "objective__cycle__in": cycles}
    shown = KeyResult.objects.filter(**running).exclude(stage=Stage.WITHDRAWN)
    held: dict[int, list[KeyResult]] = defaultdict(list)
    for row in shown.select_related("metric").order_by("position", "id") if cycles else ():
        row.engagement = engagement
        held[row.objective_id].append(row)
    by_cycle: dict[int, list[ObjectiveGlance]] = {one.pk: [] for one in cycles}
    rows = Objective.objects.filter(engagement=engagement, cycle__in=cycles)
    ordered = rows.select_related("cycle", "team").order_by("team__name", "position", "id")
    found = list(ordered) if cycles else []
    for one in sorted(found, key=lambda one: one.team_id is not None):  # the company's first
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
    score = objective_score((one.score, one.weight) for one in held if not one.is_draft)
    alone = Stage.COMMITTED if objective.committed_at else Stage.DRAFT
    return ObjectiveGlance(
        objective=objective,
        lines=lines,
        score=score,
        rag=rag(score, engagement.rag_bands),
        stage=weakest(one.stage for one in held) or alone,
    )


def _line(row: KeyResult, *, engagement: Engagement, today: dt.date, now: dt.datetime) -> Line:
    line = expected_pace(row, today=today)
    asked = row.stage in LIVE and bool(open_periods(rhythm_of(row), now))
    return Line(
        key_result=row,
        pace=line,
        forecast_holds=forecast(
            row,
            score=row.score,
            line=line,
            confidence=row.confidence,
            bands=engagement.rag_bands,
        ),
        is_late=asked and due_of(row, now=now).is_late,
    )
