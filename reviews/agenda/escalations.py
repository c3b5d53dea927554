"""The state of an escalation on an agenda, and its rank among red key results (M7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engagements.form_fields import city
from engagements.models import Engagement
from escalations.models import Escalation, EscalationState
from okrs.formatting import NO_BREAK, write_day

FIRST = Decimal(1000)  # more weeks than anything can be red
WATCHED = "watched: red, but early"
ACTIVE = "escalation active, "
PLAN = "recovery plan, checkpoint "
SEPARATOR = " · "  # between the reasons of one item
RAISED = "with the sponsor since "
DECIDED = "the sponsor decided on "


@dataclass(frozen=True, kw_only=True)
class EscalationFacts:
    """An open escalation, or one that the sponsor decided while its streak is still red.

    Times are on the client's clock, named by `city`. `is_over` if its 48 hours have passed without
    a recorded outcome.
    """

    state: EscalationState
    huddle_by: dt.datetime | None = None
    huddle_at: dt.datetime | None = None
    is_over: bool = False
    raised_on: dt.date | None = None
    checkpoint_on: dt.date | None = None
    decided_on: dt.date | None = None
    verdict: str = ""  # its label
    city: str = ""

    @property
    def is_watched(self) -> bool:
        return self.state is EscalationState.WATCHING


def rank_of(found: EscalationFacts | None) -> Decimal:
    """Rank raised ones first, then overdue huddles, then active ones, then plans (M8.3)."""
    if found is None or found.state in (EscalationState.WATCHING, EscalationState.DECIDED):
        return Decimal(0)
    if found.state is EscalationState.RAISED:
        return 4 * FIRST
    if found.state is EscalationState.ANSWERED:
        return FIRST
    return (3 if found.is_over else 2) * FIRST


def where_it_stands(found: EscalationFacts, *, today: dt.date) -> str:
    """Return for example "escalation active, huddle by Wed 11 Mar 09:04"."""
    if found.is_watched:
        return WATCHED
    if found.state is EscalationState.DECIDED and found.decided_on:
        on = write_day(found.decided_on, today=today, weekday=False)
        return f"{DECIDED}{on}: {found.verdict.lower()}"
    if found.state is EscalationState.RAISED and found.raised_on:
        return f"{RAISED}{write_day(found.raised_on, today=today)}"
    if found.state is EscalationState.ANSWERED and found.checkpoint_on:
        checkpoint = write_day(found.checkpoint_on, today=today, weekday=False)
        return f"{PLAN}{checkpoint}"
    return f"{ACTIVE}{_huddle(found, today=today)}"


def why_now(why: str, found: EscalationFacts, *, today: dt.date) -> str:
    """Return the reasons of an item with the current state of its escalation."""
    begins = (WATCHED, ACTIVE, PLAN, RAISED, DECIDED)
    said = where_it_stands(found, today=today)
    parts = why.split(SEPARATOR)
    return SEPARATOR.join(said if one.startswith(begins) else one for one in parts)


def escalation_facts(
    row: Escalation | None, *, engagement: Engagement, now: dt.datetime
) -> EscalationFacts | None:
    """Return the facts for an agenda, None once the key result is no longer red."""
    if row is None or row.recovered_at is not None:
        return None
    local = engagement.local
    return EscalationFacts(
        state=row.state,
        huddle_by=local(row.huddle_due_at) if row.huddle_due_at else None,
        huddle_at=local(row.huddle_at) if row.huddle_at else None,
        is_over=row.huddle_due_at is not None and row.huddle_due_at <= now,
        raised_on=local(row.raised_at).date() if row.raised_at else None,
        checkpoint_on=row.checkpoint_on,
        decided_on=local(row.decided_at).date() if row.decided_at else None,
        verdict=row.get_verdict_display(),
        city=city(engagement.time_zone),
    )


def escalation_screen(
    row: Escalation | None, *, engagement: Engagement, today: dt.date
) -> dict[str, Any] | None:
    """Return the state of an escalation, its huddle, plan and decision, for a closed review."""
    if row is None:
        return None
    since = row.decided_at or row.raised_at or row.answered_at or row.activated_at or row.opened_at
    return {
        "state": row.state.value,
        "label": row.state.label,
        "since": _at(engagement.local(since), today=today),
        "said": [
            *_set(row, engagement=engagement, today=today),
            *_plan(row, today=today),
            *_verdict(row),
        ],
    }


def _set(row: Escalation, *, engagement: Engagement, today: dt.date) -> list[dict[str, str]]:
    if row.huddle_at is None:
        return []
    at = _at(engagement.local(row.huddle_at), today=today)
    by = f"set by {row.huddle_set_by.name}" if row.huddle_set_by else ""
    return [{"head": f"Huddle {at}", "text": "", "meta": by}]


def _plan(row: Escalation, *, today: dt.date) -> list[dict[str, str]]:
    if row.checkpoint_on is None or row.plan_owner is None:
        return []
    checkpoint = write_day(row.checkpoint_on, today=today, weekday=False)
    meta = f"{row.plan_owner.name}, checkpoint {checkpoint}"
    return [{"head": row.get_outcome_display(), "text": row.plan, "meta": meta}]


def _verdict(row: Escalation) -> list[dict[str, str]]:
    if row.decided_by is None:
        return []
    by = row.decided_by.name
    meta = f"{row.word_of}, recorded by {by}" if row.word_of else by
    return [{"head": row.get_verdict_display(), "text": row.verdict_note, "meta": meta}]


def _huddle(found: EscalationFacts, *, today: dt.date) -> str:
    if found.huddle_at is not None:
        said = "no outcome since the huddle on" if found.is_over else "huddle on"
        return f"{said} {_at(found.huddle_at, today=today)}{_clock(found)}"
    if found.huddle_by is None:
        return "no huddle set"
    said = "huddle overdue since" if found.is_over else "huddle by"
    return f"{said} {_at(found.huddle_by, today=today)}{_clock(found)}"


def _clock(found: EscalationFacts) -> str:
    """Return for example " New York time", because readers may live elsewhere."""
    return f" {found.city} time" if found.city else ""


def _at(moment: dt.datetime, *, today: dt.date) -> str:
    return f"{write_day(moment.date(), today=today)}{NO_BREAK}{moment:%H:%M}"
