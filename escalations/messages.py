"""Escalations as people are told of them: what is red, since when, how often it was reported, what
was tried, and what the rule asks, by when (M7).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone

from checkins.messages.cards import card, page_of
from checkins.messages.moments import moment
from engagements.models import Membership
from escalations.models import EscalationState, Outcome
from escalations.queries.escalations import EscalationCard, escalation_cards
from escalations.queries.tasks import WaitingEscalation, Wanted, waiting_escalations
from escalations.words import how_it_ended, raised_because, what_is_asked, why_active, why_fired
from mail.plain_text import one_line
from notifications.models import Notice
from notifications.rules import Aside, Item, NoticeRule, Noun, register_asides, register_rule
from okrs.formatting import write_day

ESCALATION = Noun("escalation", "escalations", "waits", "wait")
MOST_SAID = 200  # characters of what somebody wrote
TOLD = "were told of the escalation"
ACTS = "answer for it, champion the team or lead the program"


def active(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """While it waits for its huddle and outcome: not once it is answered, raised or over."""
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="Red for two weeks: an escalation is active",
            weight=95,
            state=_huddle_state(found, now=now),
            said=_of_active(found, now=now),
        )
        for notice, found in _found(notices, EscalationState.ACTIVE, now=now)
    }


def raised(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """While it waits for the sponsor."""
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="With the sponsor",
            weight=100,
            state="with the sponsor",
            said=_of_raised(found),
        )
        for notice, found in _found(notices, EscalationState.RAISED, now=now)
    }


def decided(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="Decided by the sponsor",
            weight=88,
            state="decided",
            said=[how_it_ended(found.told), _said(found.escalation.verdict_note)],
        )
        for notice, found in _found(notices, EscalationState.DECIDED, now=now)
    }


def answered(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    """While its plan runs."""
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="A recovery plan runs",
            weight=30,
            state="answered by a plan",
            said=_of_answered(found),
        )
        for notice, found in _found(notices, EscalationState.ANSWERED, now=now)
    }


def recovered(notices: Sequence[Notice], now: dt.datetime) -> dict[int, Item]:
    return {
        notice.pk: _item(
            found,
            to=notice.person,
            heading="Out of red",
            weight=20,
            state="recovered",
            said=[how_it_ended(found.told)],
        )
        for notice, found in _found(notices, EscalationState.RECOVERED, now=now)
    }


def clocks(memberships: Sequence[Membership], now: dt.datetime) -> list[Aside]:
    """The clocks of escalations that wait for this person, over all their clients. One query."""
    return [_aside(one, now=now) for one in waiting_escalations(memberships=memberships, now=now)]


def _found(
    notices: Sequence[Notice], state: EscalationState, *, now: dt.datetime
) -> Iterator[tuple[Notice, EscalationCard]]:
    """Each notice with its escalation, of those that are still in this state. Three queries."""
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
    said: Sequence[str],
) -> Item:
    row = found.key_result
    item = card(row, to=to, heading=heading, weight=weight, state=state)
    return replace(
        item,
        about=f"escalation:{found.escalation.pk}",
        url=f"{page_of(row)}#escalation",
        text="\n".join(filter(None, said)),
    )


def _of_active(found: EscalationCard, *, now: dt.datetime) -> list[str]:
    due_at = found.escalation.huddle_due_at
    by = f"The huddle is due by {moment(due_at, now=now)}." if due_at and now < due_at else ""
    told = found.told
    why = f"{why_fired(told)} {why_active(told)}"
    return [why, _tried(found), f"{what_is_asked(told)} {by}"]


def _of_raised(found: EscalationCard) -> list[str]:
    why = f"{why_fired(found.told)} Raised: {raised_because(found.told)}."
    return [why, _plan(found), _tried(found), what_is_asked(found.told)]


def _of_answered(found: EscalationCard) -> list[str]:
    return [_plan(found), what_is_asked(found.told)]


def _plan(found: EscalationCard) -> str:
    row = found.escalation
    if row.answered_at is None or row.checkpoint_on is None:
        return ""
    on = write_day(row.checkpoint_on, today=found.told.today)
    chosen = Outcome(row.outcome).label
    return f"{chosen}, {row.plan_owner}, checkpoint {on}: {_said(row.plan)}"


def _tried(found: EscalationCard) -> str:
    """What the newest red check-in before that one meant to do, and what is still to come."""
    said = [f"Tried: {_said(found.tried[0].next_action)}"] if found.tried else []
    if found.coming is not None:
        on = write_day(found.coming.next_action_due, today=found.told.today, weekday=False)
        said.append(f"Next, by {on}: {_said(found.coming.next_action)}")
    return " ".join(said)


def _said(text: str) -> str:
    """Somebody's words, as a sentence."""
    words = one_line(text, most=MOST_SAID)
    return words if not words or words[-1] in ".!?…" else f"{words}."


def _huddle_state(found: EscalationCard, *, now: dt.datetime) -> str:
    due_at = found.escalation.huddle_due_at
    if found.escalation.huddle_at is not None or due_at is None or due_at <= now:
        return "active"
    return f"active (huddle by {moment(due_at, now=now)})"


def _aside(one: WaitingEscalation, *, now: dt.datetime) -> Aside:
    before, after = {
        Wanted.HUDDLE: ("the huddle on", "is due"),
        Wanted.OUTCOME: ("the outcome of the escalation of", "is to be recorded"),
        Wanted.VERDICT: ("the sponsor’s decision on", "is asked for"),
        Wanted.PLAN: ("the recovery plan of", "is yours to carry out"),
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
        "label": "Escalation raised",
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
        "reason": TOLD,
        "noun": ESCALATION,
        "describe": answered,
        "switch": "wants_digests",
    },
    "escalation_recovered": {
        "label": "Escalation recovered",
        "reason": TOLD,
        "noun": ESCALATION,
        "describe": recovered,
        "switch": "wants_digests",
    },
}


def register_rules() -> None:
    """Register how each notice of escalations is worded, and which clocks run for a person."""
    for name, rule in RULES.items():
        register_rule(name, NoticeRule(**rule))
    register_asides(clocks)
