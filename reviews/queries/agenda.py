"""What an agenda is drawn from, read in a bounded number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Value, When

from checkins.periods import open_periods, rhythm_of
from checkins.queries.states import due_of
from decisions.models import ActionItem, Decision
from engagements.models import Engagement, Membership
from okrs.models import Cycle, CycleKind, KeyResult, Stage
from okrs.states import expected_pace, forecast
from reviews.agenda import (
    ActionFacts,
    AgendaFacts,
    DecisionFacts,
    ExperimentFacts,
    KeyResultFacts,
    Then,
)
from reviews.agenda.escalations import escalation_facts
from reviews.agenda.screens import Facts, Told, key_result_screen, outcome_of
from reviews.models import Review
from reviews.queries.item_context import live_rows, tell
from scoring import Rag

FIRST_LOOK_BACK = dt.timedelta(days=35)  # of the first review: what ended about a month ago


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The facts of an agenda, the rows that they speak of and their screens, by public id."""

    facts: AgendaFacts
    rows: Mapping[str, KeyResult]
    screens: Mapping[str, Facts]


def gather(review: Review, *, engagement: Engagement, now: dt.datetime) -> Gathered:
    """Everything that this review's agenda is drawn from. At most eleven queries."""
    today = engagement.today(now)
    rows = live_rows(engagement, now=now)
    told = tell(rows, review=review, engagement=engagement, now=now)
    before = previous_review(review)
    since = before.closed_at if before else None
    standings: Mapping[str, Mapping[str, Any]] = before.standings if before else {}
    return Gathered(
        facts=AgendaFacts(
            kind=review.kind,
            today=today,
            scale=engagement.score_scale,
            since=engagement.today(since) if since else None,
            key_results=[
                _key_result(row, told[row.pk], standings.get(row.public_id), now=now)
                for row in rows
            ],
            actions=overdue_actions(engagement, today=today),
            experiments=_experiments(
                engagement,
                since=engagement.today(since) if since else today - FIRST_LOOK_BACK,
                today=today,
            ),
            decisions=_decisions(before, rows),
        ),
        rows={row.public_id: row for row in rows},
        screens={row.public_id: key_result_screen(row, told[row.pk], today=today) for row in rows},
    )


def previous_review(review: Review) -> Review | None:
    """The last closed one of the same kind, else of any. One query."""
    closed = Review.objects.filter(engagement_id=review.engagement_id).closed()
    other = Case(When(kind=review.kind, then=Value(0)), default=Value(1))
    return closed.exclude(pk=review.pk).order_by(other, "-closed_at").first()


def overdue_actions(engagement: Engagement, *, today: dt.date) -> list[ActionFacts]:
    """Open ones whose day has gone by (M8.3). One query."""
    overdue = ActionItem.objects.filter(engagement=engagement, due_on__lt=today).open()
    return [
        ActionFacts(
            what=one.what,
            owner=one.owner.name,
            due_on=one.due_on,
            about=one.key_result.title if one.key_result else "",
            public_id=one.public_id,
        )
        for one in overdue.select_related("owner", "key_result")
    ]


def _key_result(
    row: KeyResult, told: Told, then: Mapping[str, Any] | None, *, now: dt.datetime
) -> KeyResultFacts:
    rhythm = rhythm_of(row)
    line = expected_pace(row, today=rhythm.day_of(now))
    due = due_of(row, now=now) if open_periods(rhythm, now) else None
    return KeyResultFacts(
        public_id=row.public_id,
        title=row.title,
        owner=row.owner.name if row.owner else "",
        owner_gap=owner_gap(row.owner),
        unit=row.metric.unit if row.metric else "",
        baseline=row.baseline,
        value=row.latest_value,
        score=row.score,
        rag=Rag(row.rag),
        confidence=row.confidence,
        pace=line,
        forecast_holds=forecast(
            row,
            score=row.score,
            line=line,
            confidence=row.confidence,
            bands=row.engagement.rag_bands,
        ),
        ends_on=row.objective.cycle.ends_on,
        last_week=row.last_week,
        red_since=row.red_since,
        red_reported=row.red_reported,
        escalation=escalation_facts(told.escalation, engagement=row.engagement, now=now),
        spells=told.spells,
        late_since=rhythm.day_of(due.period.due_at) if due and due.is_late else None,
        blockers=told.blockers,
        help_requests=told.help_requests,
        then=_then(then),
        insight=row.insight,
    )


def _then(kept: Mapping[str, Any] | None) -> Then | None:
    if kept is None:
        return None
    return Then(value=_number(kept["value"]), score=_number(kept["score"]))


def owner_gap(owner: Membership | None) -> str:
    """Why nobody answers for it (M9.3); empty where somebody does."""
    if owner is None:
        return "no owner"
    if owner.removed_at is not None:
        return f"{owner.name} has left"
    if owner.is_placeholder:
        return f"{owner.name} has not signed in yet"
    return ""


def _experiments(
    engagement: Engagement, *, since: dt.date, today: dt.date
) -> list[ExperimentFacts]:
    ended = Cycle.objects.filter(
        engagement=engagement, kind=CycleKind.MICRO, ends_on__gte=since, ends_on__lt=today
    )
    rows = KeyResult.objects.filter(
        engagement=engagement, objective__cycle__in=ended, committed_at__isnull=False
    ).exclude(stage=Stage.WITHDRAWN)
    return [
        ExperimentFacts(
            cycle=row.objective.cycle.name,
            ended_on=row.objective.cycle.ends_on,
            title=row.title,
            public_id=row.public_id,
            unit=row.metric.unit if row.metric else "",
            baseline=row.baseline,
            value=row.latest_value,
            rag=Rag(row.rag),
            insight=row.insight,
        )
        for row in rows.for_card().order_by("objective__cycle__ends_on", "position", "id")
    ]


def _decisions(before: Review | None, rows: Sequence[KeyResult]) -> list[DecisionFacts]:
    """Those of the last review that stand, with what became of the key result that they touch."""
    if before is None:
        return []
    made = Decision.objects.filter(
        engagement_id=before.engagement_id, superseded_by=None, **before.occasion.columns
    )
    decisions = list(made.select_related("owner").order_by("number"))
    known = {row.public_id: row for row in rows}
    known |= _gone(_touched(decisions) - known.keys(), engagement_id=before.engagement_id)
    return [_decision(one, known) for one in decisions]


def _decision(decision: Decision, known: Mapping[str, KeyResult]) -> DecisionFacts:
    about = [str(one["title"]) for one in decision.touches if "title" in one]
    public_id = next(iter(_touched([decision])), "")
    label = words = ""
    if row := known.get(public_id):
        unit = row.metric.unit if row.metric else ""
        found = outcome_of(decision, row)
        label, words = found.moved.value, found.words(unit=unit)
    return DecisionFacts(
        text=decision.text,
        owner=decision.owner.name,
        due_on=decision.due_on,
        about=", ".join(about),
        public_id=public_id,
        label=label,
        words=words,
    )


def _touched(decisions: Iterable[Decision]) -> set[str]:
    touches = (one.get("key_result") for decision in decisions for one in decision.touches)
    return {public_id for public_id in touches if public_id}


def _gone(public_ids: set[str], *, engagement_id: int) -> dict[str, KeyResult]:
    """Key results that are live no longer. One query, or none."""
    if not public_ids:
        return {}
    here = KeyResult.objects.filter(engagement_id=engagement_id, public_id__in=public_ids)
    return {row.public_id: row for row in here.select_related("metric")}


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
