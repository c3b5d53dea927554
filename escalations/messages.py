"""Notices and deadlines of escalations: why, what was tried, what to do next and by when (M7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone

from checkins.messages.cards import card, moment, page_of
from engagements.models import Membership
from escalations.models import EscalationState, Outcome
from escalations.queries.escalations import EscalationCard, escalation_cards
from escalations.queries.tasks import WaitingEscalation, Wanted, waiting_escalations
from escalations.words import how_it_ended, raised_because, what_is_asked, why_active, why_fired
from mail.email_types import one_line
from notifications.models import Notice
from notifications.rules import Aside, Item, NoticeRule, Noun, register_asides, register_rule
from okrs.formatting import write_day

ESCALATION = Noun("escalation", "escalations", "changed")
LONGEST_QUOTE = 200  # characters
NOTIFIED = "were notified of the escalation"
ACTS = "own it, champion the team or lead the program"


def active(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe active escalations until they have a recovery plan, are raised or closed."""
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="Escalation active: red for two weeks",
            news="has been red for two weeks",
            weight=95,
            state=_huddle_state(found, now=now),
            lines=_of_active(found, now=now),
        )
        for notice, found in _found(notices, EscalationState.ACTIVE, now=now)
    }


def raised(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe escalations with the sponsor until they are decided or recover."""
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="With the sponsor",
            news="needs a decision by the sponsor",
            weight=100,
            state="with the sponsor",
            lines=_of_raised(found),
        )
        for notice, found in _found(notices, EscalationState.RAISED, now=now)
    }


def decided(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe decisions of the sponsor."""
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="Decided by the sponsor",
            news="has a decision by the sponsor",
            weight=88,
            state="decided",
            lines=[how_it_ended(found.told), _quote(found.escalation.verdict_note)],
        )
        for notice, found in _found(notices, EscalationState.DECIDED, now=now)
    }


def answered(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe recovery plans under way."""
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="Recovery plan recorded",
            news="has a recovery plan",
            weight=30,
            state="with a recovery plan",
            lines=_of_answered(found),
        )
        for notice, found in _found(notices, EscalationState.ANSWERED, now=now)
    }


def recovered(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """Describe escalations of key results that are out of red."""
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="Out of red",
            news="is out of red",
            weight=20,
            state="recovered",
            lines=[how_it_ended(found.told)],
        )
        for notice, found in _found(notices, EscalationState.RECOVERED, now=now)
    }


def clocks(memberships: Sequence[Membership], now: dt.datetime) -> list[Aside]:
    """Return the deadlines of escalations that wait on this person, in all clients. One query."""
    return [_aside(one, now=now) for one in waiting_escalations(memberships=memberships, now=now)]


def _found(
    notices: Sequence[Notice], state: EscalationState, *, now: dt.datetime
) -> Iterator[tuple[Notice, EscalationCard]]:
    """Return notices with their escalations, of those still in this state. Three queries."""
    ids = {one.subject for one in notices}
    cards = escalation_cards(ids, membership=notices[0].person, now=now)
    for one in notices:
        found = cards.get(one.subject)
        if found is not None and found.state is state:
            yield one, found


def _item(
    found: EscalationCard,
    *,
    to: Membership,
    heading: str,
    weight: int,
    state: str,
    news: str,
    lines: Sequence[str],
) -> Item:
    row = found.key_result
    item = card(row, to=to, heading=heading, weight=weight, state=state, news=news)
    return replace(
        item,
        about=f"escalation:{found.escalation.pk}",
        url=f"{page_of(row)}#escalation",
        text="\n".join(filter(None, lines)),
    )


def _of_active(found: EscalationCard, *, now: dt.datetime) -> list[str]:
    due_at = found.escalation.huddle_due_at
    by = f"The huddle is due by {moment(due_at, now=now)}." if due_at and now < due_at else ""
    told = found.told
    why = f"{why_fired(told)} {why_active(told)}"
    return [why, _tried(found), f"{what_is_asked(told)} {by}"]


def _of_raised(found: EscalationCard) -> list[str]:
    why = f"{why_fired(found.told)} Sent to the sponsor: {raised_because(found.told)}."
    return [why, _plan(found), _tried(found), what_is_asked(found.told)]


def _of_answered(found: EscalationCard) -> list[str]:
    return [_plan(found), what_is_asked(found.told)]


def _plan(found: EscalationCard) -> str:
    row = found.escalation
    if row.answered_at is None or row.checkpoint_on is None:
        return ""
    on = write_day(row.checkpoint_on, today=found.told.today)
    chosen = Outcome(row.outcome).label
    return f"{chosen}, {row.plan_owner}, checkpoint {on}: {_quote(row.plan)}"


def _tried(found: EscalationCard) -> str:
    """Return the next action tried last, and the one to come."""
    parts = [f"Tried: {_quote(found.tried[0].next_action)}"] if found.tried else []
    if found.coming is not None:
        on = write_day(found.coming.next_action_due, today=found.told.today, weekday=False)
        parts.append(f"Next, by {on}: {_quote(found.coming.next_action)}")
    return " ".join(parts)


def _quote(text: str) -> str:
    """Return what someone wrote, as one sentence."""
    words = one_line(text, most=LONGEST_QUOTE)
    return words if not words or words[-1] in ".!?…" else f"{words}."


def _huddle_state(found: EscalationCard, *, now: dt.datetime) -> str:
    due_at = found.escalation.huddle_due_at
    if found.escalation.huddle_at is not None or due_at is None or due_at <= now:
        return "active"
    return f"active (huddle by {moment(due_at, now=now)})"


def _aside(one: WaitingEscalation, *, now: dt.datetime) -> Aside:
    before, after = {
        Wanted.HUDDLE: ("the huddle on", "is due"),
        Wanted.OUTCOME: ("the recovery plan for", "is due"),
        Wanted.VERDICT: ("the sponsor’s decision on", "is needed"),
        Wanted.PLAN: ("the recovery plan for", "is yours to carry out"),
    }[one.wanted]
    at = None if one.wanted is Wanted.VERDICT else one.clock.at
    if at is not None and at <= now:
        after = f"was due {moment(at, now=now)}"
    elif at is not None:
        after = f"{after} by {moment(at, now=now)}"
    elif one.clock.on is not None:
        after = f"{after}, checkpoint {write_day(one.clock.on, today=timezone.localdate(now))}"
    row = one.escalation.key_result
    return Aside(
        client=row.engagement.client_name,
        before=before,
        title=row.title,
        url=f"{page_of(row)}#escalation",
        after=f"{after}.",
        about=f"escalation:{one.escalation.pk}",
    )


RULES: dict[str, dict[str, Any]] = {
    "escalation_active": {
        "label": "Escalation active",
        "reason": ACTS,
        "noun": ESCALATION,
        "describe": active,
        "is_urgent": True,
    },
    "escalation_raised": {
        "label": "Escalation with the sponsor",
        "reason": "sponsor it, lead the program or own the objective",
        "noun": ESCALATION,
        "describe": raised,
        "is_urgent": True,
    },
    "escalation_decided": {
        "label": "Escalation decided",
        "reason": ACTS,
        "noun": ESCALATION,
        "describe": decided,
        "is_urgent": True,
    },
    "escalation_answered": {
        "label": "Recovery plan recorded",
        "reason": NOTIFIED,
        "noun": ESCALATION,
        "describe": answered,
        "switch": "wants_digests",
    },
    "escalation_recovered": {
        "label": "Escalation recovered",
        "reason": NOTIFIED,
        "noun": ESCALATION,
        "describe": recovered,
        "switch": "wants_digests",
    },
}


def register_rules() -> None:
    """Register the wording of escalation notices, and the query for a person's deadlines."""
    for name, rule in RULES.items():
        register_rule(name, NoticeRule(**rule))
    register_asides(clocks)
