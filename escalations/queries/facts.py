"""What the words about an escalation are made of, read off its rows. No query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from checkins.models import CheckIn
from escalations.models import Escalation
from escalations.rule import Facts, huddle_due_at
from escalations.words import Told
from okrs.models import KeyResult
from okrs.states import EARLY_PACE, expected_pace
from okrs.weeks import monday_of, weeks_red
from scoring import Method, Rag

WEEKS_THAT_FIRE = 2  # M7.1


def ended_at(escalation: Escalation) -> dt.datetime:
    """When it recovered or was decided; its opening for one that is open."""
    ended: dt.datetime = escalation.recovered_at or escalation.decided_at or escalation.opened_at
    return ended


def is_of(post: CheckIn, row: Escalation) -> bool:
    """Whether a check-in stands for one of its weeks and was there before it ended."""
    return post.week >= row.streak and (row.is_open or post.posted_at <= ended_at(row))


def told_of(
    row: Escalation,
    *,
    conveners: str,
    sponsors: Sequence[str],
    posts: Sequence[CheckIn],
    red: Sequence[CheckIn],
    now: dt.datetime,
) -> Told:
    key_result, engagement = row.key_result, row.key_result.engagement
    today = engagement.today(now)
    last = next((one for one in posts if is_of(one, row)), None)
    return Told(
        state=row.state,
        streak=row.streak,
        weeks=_weeks(row, red=red, today=today),
        reported=_reported(row, red=red),
        today=today,
        was_watched=row.activated_at is not None and row.opened_at < row.activated_at,
        cause=row.cause,
        activated_by=str(row.activated_by or ""),
        pace=expected_pace(key_result, today=today),
        limit=EARLY_PACE[Method(key_result.method)],
        early_until=key_result.early_until,
        confidence=key_result.confidence,
        scale=engagement.score_scale,
        conveners=conveners,
        owner=str(key_result.objective.owner),
        huddle_is_set=row.huddle_at is not None,
        huddle_is_held=row.huddle_at is not None and row.huddle_at <= now,
        huddle_is_late=row.huddle_due_at is not None and row.huddle_due_at <= now,
        plan_owner=str(row.plan_owner or ""),
        checkpoint_on=row.checkpoint_on,
        raised_for=row.raised_for,
        sponsors=sponsors,
        would_rise=_would_rise(key_result, now=now),
        verdict=row.verdict,
        decided_by=str(row.decided_by or ""),
        word_of=row.word_of,
        closed_on=None if row.is_open else engagement.today(ended_at(row)),
        rag=Rag(last.rag) if last else Rag(key_result.rag),
        score=last.score if last else key_result.score,
    )


def _would_rise(key_result: KeyResult, *, now: dt.datetime) -> bool:
    """Whether one made active now could go to the sponsor: not in weeks after the cycle (M7.4)."""
    facts = Facts(key_result=key_result, escalation=None, now=now)
    ends_on: dt.date = key_result.objective.cycle.ends_on
    return monday_of(huddle_due_at(facts).astimezone(facts.zone).date()) <= ends_on


def _weeks(row: Escalation, *, red: Sequence[CheckIn], today: dt.date) -> int:
    """Weeks in a row that were red, up to now or to its end; what fired were two at least."""
    key_result, last_week = row.key_result, row.key_result.last_week
    if not row.is_open:
        today = key_result.engagement.today(ended_at(row))
        last_week = max((one.week for one in red), default=None)
    ends_on = key_result.objective.cycle.ends_on
    weeks = weeks_red(red_since=row.streak, last_week=last_week, today=today, ends_on=ends_on)
    return weeks if row.is_open else max(weeks, WEEKS_THAT_FIRE)


def _reported(row: Escalation, *, red: Sequence[CheckIn]) -> int:
    """How many of those weeks had a red check-in of their own."""
    key_result = row.key_result
    if row.is_open and key_result.red_since == row.streak:
        return int(key_result.red_reported)
    return len({one.week for one in red})
