"""The facts of an agenda and of its screens, read in a bounded number of queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Value, When

from checkins.models import Blocker, CheckIn, HelpRequest
from checkins.periods import closed_periods, open_periods, rhythm_of, was_asked
from checkins.queries.cards import due_of
from decisions.commands.decisions import key_result_ids
from decisions.models import ActionItem, Decision
from engagements.models import Engagement, Membership
from okrs.models import Cycle, CycleKind, KeyResult, Stage
from okrs.models.key_results import LIVE
from okrs.queries.shown import shown_key_results
from okrs.states import expected_pace, forecast
from reviews.models import Review
from reviews.queries.recorded import escalations_of, running_among
from reviews.reasons import AgendaFacts, DecisionFacts, KeyResultFacts
from reviews.screens import Ask, Facts, ItemContext, Spell, as_number, key_result_screen, outcome_of
from scoring import Rag, rag

FIRST_LOOK_BACK = dt.timedelta(days=35)  # of the first review: about a month
MOST_DECISIONS = 200  # of the log, newest first, searched for the last one of a key result
JOINED = ("engagement", "objective__cycle", "metric", "owner")


def agenda_facts(review: Review, *, engagement: Engagement, now: dt.datetime) -> AgendaFacts:
    """Return everything that the agenda of this review is built from. At most eleven queries."""
    today = engagement.today(now)
    shown = shown_key_results(engagement, at=now, today=today).filter(stage__in=LIVE)
    rows = list(shown.select_related(*JOINED))
    contexts = load_item_context(rows, review=review, engagement=engagement, now=now)
    before = previous_review(review)
    since = engagement.today(before.closed_at) if before and before.closed_at else None
    states: Mapping[str, Mapping[str, Any]] = before.standings if before else {}
    return AgendaFacts(
        kind=review.kind,
        engagement=engagement,
        now=now,
        since=since,
        key_results=[
            _key_result(row, contexts[row.pk], states.get(row.public_id, {}), now=now)
            for row in rows
        ],
        actions=overdue_actions(engagement, today=today),
        experiments=_experiments(engagement, since=since or today - FIRST_LOOK_BACK, today=today),
        decisions=_decisions(before, rows),
        rows={row.public_id: row for row in rows},
        screens={
            row.public_id: key_result_screen(row, contexts[row.pk], today=today) for row in rows
        },
    )


def screen_of(row: KeyResult, *, review: Review, engagement: Engagement, now: dt.datetime) -> Facts:
    """Return the facts of one key result's screen in this review, live or not. Seven queries."""
    fresh = KeyResult.objects.select_related(*JOINED).get(engagement=engagement, pk=row.pk)
    contexts = load_item_context([fresh], review=review, engagement=engagement, now=now)
    return key_result_screen(fresh, contexts[fresh.pk], today=engagement.today(now))


def load_item_context(
    rows: Sequence[KeyResult], *, review: Review, engagement: Engagement, now: dt.datetime
) -> dict[int, ItemContext]:
    """Return the rows around each key result, by its key. Six queries.

    The last decision comes from an earlier review: one of this review can't have changed anything.
    """
    here = {"engagement": engagement, "key_result__in": rows}
    current = CheckIn.objects.current().filter(**here)
    latest = current.filter(period=F("key_result__last_period")).select_related("author")
    check_ins = {check_in.key_result_id: check_in for check_in in latest}
    measured: dict[int, dict[dt.date, dt.date]] = defaultdict(dict)
    for pk, period, day in current.values_list("key_result_id", "period", "measured_on"):
        measured[pk][period] = day
    requests = HelpRequest.objects.filter(**here, answered_at=None).select_related("asked_by")
    opened = Blocker.objects.filter(**here, resolved_at=None).select_related("opened_by")
    help_requests, blockers = defaultdict(list), defaultdict(list)
    for request in requests.order_by("asked_at"):
        since, by = engagement.today(request.asked_at), request.asked_by.name
        help_requests[request.key_result_id].append(Ask(text=request.text, since=since, by=by))
    for blocker in opened.order_by("opened_at"):
        since, by = engagement.today(blocker.opened_at), blocker.opened_by.name
        blockers[blocker.key_result_id].append(Ask(text=blocker.text, since=since, by=by))
    decided = _last_decisions(engagement, before=review)
    escalations = running_among(escalations_of(engagement, key_results={row.pk for row in rows}))
    return {
        row.pk: ItemContext(
            check_in=check_ins.get(row.pk),
            decision=decided.get(row.public_id),
            escalation=escalations.get(row.pk),
            help_requests=help_requests[row.pk],
            blockers=blockers[row.pk],
            spells=spells(row, measured=measured[row.pk], now=now),
        )
        for row in rows
    }


def spells(row: KeyResult, *, measured: Mapping[dt.date, dt.date], now: dt.datetime) -> list[Spell]:
    """List its periods until now that have a value or closed without one.

    `measured` are the days of the values, by period.
    """
    bands = row.engagement.rag_bands
    by_monday = {}
    for text, value, score in row.trail:
        monday = dt.date.fromisoformat(str(text))
        by_monday[monday] = Spell(
            monday=monday,
            value=Decimal(str(value)),
            rag=rag(score, bands),
            measured_on=measured.get(monday),
        )
    for period in closed_periods(rhythm_of(row), now):
        if period.monday not in by_monday and was_asked(row, period=period):
            by_monday[period.monday] = Spell(monday=period.monday)
    return [by_monday[monday] for monday in sorted(by_monday)]


def previous_review(review: Review) -> Review | None:
    """Return the last closed one of the same kind, else of any. One query."""
    closed = Review.objects.filter(engagement_id=review.engagement_id).closed()
    other = Case(When(kind=review.kind, then=Value(0)), default=Value(1))
    return closed.exclude(pk=review.pk).order_by(other, "-closed_at").first()


def overdue_actions(engagement: Engagement, *, today: dt.date) -> list[ActionItem]:
    """List open actions whose day has passed (M8.3). One query."""
    overdue = ActionItem.objects.filter(engagement=engagement, due_on__lt=today).open()
    return list(overdue.select_related("owner", "key_result"))


def owner_gap(owner: Membership | None) -> str:
    """Return why no one is responsible for it (M9.3), "" if someone is."""
    if owner is None:
        return "no owner"
    if owner.removed_at is not None:
        return f"{owner.name} has left"
    if owner.is_placeholder:
        return f"{owner.name} has not signed in yet"
    return ""


def _key_result(
    row: KeyResult, context: ItemContext, earlier: Mapping[str, Any], *, now: dt.datetime
) -> KeyResultFacts:
    rhythm = rhythm_of(row)
    pace = expected_pace(row, today=rhythm.day_of(now))
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
        pace=pace,
        forecast_holds=forecast(
            row,
            score=row.score,
            line=pace,
            confidence=row.confidence,
            bands=row.engagement.rag_bands,
        ),
        ends_on=row.objective.cycle.ends_on,
        last_week=row.last_week,
        red_since=row.red_since,
        red_reported=row.red_reported,
        escalation=context.escalation,
        spells=context.spells,
        late_since=rhythm.day_of(due.period.due_at) if due and due.is_late else None,
        blockers=context.blockers,
        help_requests=context.help_requests,
        earlier_value=as_number(earlier.get("value")),
        earlier_score=as_number(earlier.get("score")),
        insight=row.insight,
    )


def _experiments(engagement: Engagement, *, since: dt.date, today: dt.date) -> list[KeyResult]:
    ended = Cycle.objects.filter(
        engagement=engagement, kind=CycleKind.MICRO, ends_on__gte=since, ends_on__lt=today
    )
    rows = KeyResult.objects.filter(
        engagement=engagement, objective__cycle__in=ended, committed_at__isnull=False
    ).exclude(stage=Stage.WITHDRAWN)
    return list(rows.for_card().order_by("objective__cycle__ends_on", "position", "id"))


def _decisions(before: Review | None, rows: Sequence[KeyResult]) -> list[DecisionFacts]:
    """List the last review's current decisions, and how their key results moved."""
    if before is None:
        return []
    current = Decision.objects.filter(
        engagement_id=before.engagement_id, superseded_by=None, **before.occasion.columns
    )
    decisions = list(current.select_related("owner").order_by("number"))
    key_results = {row.public_id: row for row in rows}
    touched = {pk for decision in decisions for pk in key_result_ids(decision.touches)}
    others = touched - key_results.keys()
    if others:  # no longer live
        closed = KeyResult.objects.filter(
            engagement_id=before.engagement_id, public_id__in=others
        ).select_related("metric")
        key_results |= {row.public_id: row for row in closed}
    return [_decision(decision, key_results) for decision in decisions]


def _decision(decision: Decision, key_results: Mapping[str, KeyResult]) -> DecisionFacts:
    label = words = ""
    if row := key_results.get(next(iter(key_result_ids(decision.touches)), "")):
        movement = outcome_of(decision, row)
        label = movement.moved.value
        words = movement.words(unit=row.metric.unit if row.metric else "")
    return DecisionFacts(decision=decision, label=label, words=words)


def _last_decisions(engagement: Engagement, *, before: Review) -> dict[str, Decision]:
    """Return the newest current decision about each key result, by public id."""
    newest: dict[str, Decision] = {}
    current = Decision.objects.filter(engagement=engagement, superseded_by=None)
    if before.pk:
        current = current.exclude(**before.occasion.columns)
    for decision in current.order_by("-number")[:MOST_DECISIONS]:
        for touch in decision.touches:
            newest.setdefault(touch.get("key_result", ""), decision)
    return newest
