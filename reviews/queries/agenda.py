"""The facts of an agenda and of its screens, read in a bounded number of queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, QuerySet, Value, When

from checkins.models import Blocker, CheckIn, HelpRequest
from checkins.periods import closed_periods, rhythm_of, was_asked
from checkins.queries.cards import asks_now, due_of
from checkins.rules import assess_latest
from decisions.commands import key_result_ids
from decisions.models import ActionItem, Decision
from engagements.models import Engagement
from okrs.models import Cycle, CycleKind, KeyResult, Stage
from okrs.models.key_results import LIVE
from okrs.queries.cycles import shown_key_results
from reviews.models import Review
from reviews.queries.recorded import escalations_of, running_among
from reviews.reasons import AgendaFacts
from reviews.screens import Ask, Facts, KeyResultFacts, Spell, key_result_screen
from scoring import rag

FIRST_LOOK_BACK = dt.timedelta(days=35)  # of the first review: about a month
MOST_DECISIONS = 200  # of the log, newest first, searched for the last one of a key result
JOINED = ("engagement", "objective__cycle", "metric", "owner")


def agenda_facts(review: Review, *, engagement: Engagement, now: dt.datetime) -> AgendaFacts:
    """Return everything that the agenda of this review is built from. At most eleven queries."""
    today = engagement.today(now)
    shown = shown_key_results(engagement, at=now, today=today).filter(stage__in=LIVE)
    rows = list(shown.select_related(*JOINED))
    before = previous_review(review)
    since = engagement.today(before.closed_at) if before and before.closed_at else None
    overdue = ActionItem.objects.filter(engagement=engagement, due_on__lt=today).open()  # M8.3
    return AgendaFacts(
        kind=review.kind,
        engagement=engagement,
        now=now,
        since=since,
        key_results=_key_results(
            rows, engagement=engagement, review=review, before=before, now=now
        ),
        actions=list(overdue.select_related("owner", "key_result")),
        experiments=_experiments(engagement, since=since or today - FIRST_LOOK_BACK, today=today),
        decisions=_decisions(before, rows),
    )


def screen_of(row: KeyResult, *, review: Review, engagement: Engagement, now: dt.datetime) -> Facts:
    """Return the facts of one key result's screen in this review, live or not. Seven queries."""
    fresh = KeyResult.objects.select_related(*JOINED).get(engagement=engagement, pk=row.pk)
    (facts,) = _key_results([fresh], engagement=engagement, review=review, before=None, now=now)
    return key_result_screen(facts, today=engagement.today(now))


def _key_results(
    rows: Sequence[KeyResult],
    *,
    engagement: Engagement,
    review: Review,
    before: Review | None,
    now: dt.datetime,
) -> list[KeyResultFacts]:
    """Return key results with the rows around them. Six queries.

    The last decision comes from an earlier review: one of this review can't have changed anything.
    """
    here, today = {"engagement": engagement, "key_result__in": rows}, engagement.today(now)
    current = CheckIn.objects.current().filter(**here)
    latest = current.filter(period=F("key_result__last_period")).select_related("author")
    check_ins = {check_in.key_result_id: check_in for check_in in latest}
    measured: dict[int, dict[dt.date, dt.date]] = defaultdict(dict)
    for pk, period, day in current.values_list("key_result_id", "period", "measured_on"):
        measured[pk][period] = day
    help_of = _asks(HelpRequest.objects.filter(**here, answered_at=None), "asked", engagement)
    blockers_of = _asks(Blocker.objects.filter(**here, resolved_at=None), "opened", engagement)
    decided = _last_decisions(engagement, before=review)
    escalations = running_among(escalations_of(engagement, key_results={row.pk for row in rows}))
    return [
        KeyResultFacts(
            key_result=row,
            forecast=row.forecast_on(today),
            assessment=assess_latest(row, today=today),
            check_in=check_ins.get(row.pk),
            decision=decided.get(row.public_id),
            escalation=escalations.get(row.pk),
            help_requests=help_of[row.pk],
            blockers=blockers_of[row.pk],
            spells=spells(row, measured=measured[row.pk], now=now),
            late_since=_late_since(row, now=now),
            earlier=before.standings.get(row.public_id, {}) if before else {},
        )
        for row in rows
    ]


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


def _asks(rows: QuerySet[Any], verb: str, engagement: Engagement) -> dict[int, list[Ask]]:
    """Return help requests or blockers by key result, the oldest first."""
    asks = defaultdict(list)
    columns = ("key_result_id", "text", f"{verb}_at", f"{verb}_by__name")
    for pk, text, at, by in rows.order_by(f"{verb}_at").values_list(*columns):
        asks[pk].append(Ask(text=text, since=engagement.today(at), by=by))
    return asks


def _late_since(row: KeyResult, *, now: dt.datetime) -> dt.date | None:
    due = due_of(row, now=now) if asks_now(row, now=now) else None
    return rhythm_of(row).day_of(due.period.due_at) if due and due.is_late else None


def _experiments(engagement: Engagement, *, since: dt.date, today: dt.date) -> list[KeyResult]:
    ended = Cycle.objects.filter(
        engagement=engagement, kind=CycleKind.MICRO, ends_on__gte=since, ends_on__lt=today
    )
    rows = KeyResult.objects.filter(
        engagement=engagement, objective__cycle__in=ended, committed_at__isnull=False
    ).exclude(stage=Stage.WITHDRAWN)
    return list(rows.for_card().order_by("objective__cycle__ends_on", "position", "id"))


def _decisions(
    before: Review | None, rows: Sequence[KeyResult]
) -> list[tuple[Decision, KeyResult | None]]:
    """List the last review's current decisions, each with its key result."""
    if before is None:
        return []
    current = Decision.objects.filter(
        engagement_id=before.engagement_id, superseded_by=None, **before.occasion.columns
    )
    decisions = list(current.select_related("owner").order_by("number"))
    key_results = {row.public_id: row for row in rows}
    about = {row.pk: next(iter(key_result_ids(row.touches)), "") for row in decisions}
    if others := {*about.values()} - key_results.keys() - {""}:  # no longer live
        closed = KeyResult.objects.filter(
            engagement_id=before.engagement_id, public_id__in=others
        ).select_related("metric")
        key_results |= {row.public_id: row for row in closed}
    return [(row, key_results.get(about[row.pk])) for row in decisions]


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
