"""What is said of key results beside their own rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db.models import F

from checkins.models import Blocker, CheckIn, HelpRequest
from checkins.periods import closed_periods, rhythm_of, was_asked
from decisions.models import Decision
from engagements.models import Engagement
from okrs.models import KeyResult
from okrs.models.key_results import LIVE
from okrs.queries.shown import shown_key_results
from reviews.agenda import Ask, Spell
from reviews.agenda.screens import Facts, Told, key_result_screen
from reviews.models import Review
from reviews.queries.escalated import running
from scoring import rag

MOST_DECISIONS = 200  # of the log, newest first, in which the last one of a key result is sought
JOINED = ("engagement", "objective__cycle", "metric", "owner")


def live_rows(engagement: Engagement, *, now: dt.datetime) -> list[KeyResult]:
    """Live key results of the cycles that run, in the order of the status page. One query."""
    shown = shown_key_results(engagement, at=now, today=engagement.today(now))
    rows = shown.filter(stage__in=LIVE)
    return list(rows.select_related(*JOINED))


def screen_of(row: KeyResult, *, review: Review, engagement: Engagement, now: dt.datetime) -> Facts:
    """The facts of one key result's screen in this review, live or not. Seven queries."""
    fresh = KeyResult.objects.select_related(*JOINED).get(engagement=engagement, pk=row.pk)
    told = tell([fresh], review=review, engagement=engagement, now=now)
    return key_result_screen(fresh, told[fresh.pk], today=engagement.today(now))


def tell(
    rows: Sequence[KeyResult], *, review: Review, engagement: Engagement, now: dt.datetime
) -> dict[int, Told]:
    """What is said of each beside its own row: six queries.

    The last decision is that of an earlier review: what this one decides cannot have moved anything.
    """
    here = {"engagement": engagement, "key_result__in": rows}
    standing = CheckIn.objects.current().filter(**here, period=F("key_result__last_period"))
    check_ins = {one.key_result_id: one for one in standing.select_related("author")}
    measured: dict[int, dict[dt.date, dt.date]] = defaultdict(dict)
    days = CheckIn.objects.current().filter(**here)
    for pk, period, day in days.values_list("key_result_id", "period", "measured_on"):
        measured[pk][period] = day
    asked = HelpRequest.objects.filter(**here, answered_at=None).select_related("asked_by")
    named = Blocker.objects.filter(**here, resolved_at=None).select_related("opened_by")
    helped, blocked = defaultdict(list), defaultdict(list)
    for one in asked.order_by("asked_at"):
        since = engagement.today(one.asked_at)
        helped[one.key_result_id].append(Ask(text=one.text, since=since, by=one.asked_by.name))
    for each in named.order_by("opened_at"):
        since = engagement.today(each.opened_at)
        blocked[each.key_result_id].append(Ask(text=each.text, since=since, by=each.opened_by.name))
    decided = _last_decisions(engagement, before=review)
    found = running(engagement, key_results=[row.pk for row in rows])
    escalated = {
        one.key_result_id: one
        for one in found.select_related("huddle_set_by", "plan_owner", "decided_by")
    }
    return {
        row.pk: Told(
            check_in=check_ins.get(row.pk),
            decision=decided.get(row.public_id),
            escalation=escalated.get(row.pk),
            help_requests=helped[row.pk],
            blockers=blocked[row.pk],
            spells=spells(row, measured=measured[row.pk], now=now),
        )
        for row in rows
    }


def spells(row: KeyResult, *, measured: Mapping[dt.date, dt.date], now: dt.datetime) -> list[Spell]:
    """Its periods until now: those that have a value, and those that closed without one.

    `measured` are the days of the values, by period.
    """
    bands = row.engagement.rag_bands
    filled = {
        dt.date.fromisoformat(str(period)): (value, score) for period, value, score in row.trail
    }
    missed = {
        one.monday
        for one in closed_periods(rhythm_of(row), now)
        if one.monday not in filled and was_asked(row, period=one)
    }
    return [
        Spell(
            monday=monday,
            value=Decimal(str(filled[monday][0])),
            rag=rag(filled[monday][1], bands),
            measured_on=measured.get(monday),
        )
        if monday in filled
        else Spell(monday=monday)
        for monday in sorted(missed | set(filled))
    ]


def _last_decisions(engagement: Engagement, *, before: Review) -> dict[str, Decision]:
    """The newest decision about each key result that no later one supersedes."""
    found: dict[str, Decision] = {}
    stands = Decision.objects.filter(engagement=engagement, superseded_by=None)
    if before.pk:
        stands = stands.exclude(**before.occasion.columns)
    for decision in stands.order_by("-number")[:MOST_DECISIONS]:
        for one in decision.touches:
            found.setdefault(one.get("key_result", ""), decision)
    return found
