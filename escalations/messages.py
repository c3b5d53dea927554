"""Notices and deadlines of escalations: reasons, attempts, next steps and deadlines (M7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.utils import timezone

from checkins.messages.cards import card, moment, page_of
from engagements.models import Membership
from escalations.models import EscalationState, Outcome, RaisedFor
from escalations.pending import PendingTask, tasks_for
from escalations.queries import EscalationCard, escalation_cards
from escalations.rule import Deadline
from escalations.words import how_it_ended, what_is_asked, why_active, why_fired
from mail.email_types import one_line
from notifications.models import Notice
from notifications.rules import Aside, DigestItem, NoticeRule, Noun, register_asides, register_rule
from okrs.formatting import write_day

ESCALATION = Noun("escalation", "escalations", "changed")
LONGEST_QUOTE = 200  # characters
NOTIFIED = "were notified of the escalation"
ACTS = "own it, champion the team or lead the program"


def clocks(memberships: Sequence[Membership], now: dt.datetime) -> list[Aside]:
    """Return the deadlines of escalations that wait on this person, in all clients. One query."""
    return [_aside(one, now=now) for one in tasks_for(memberships=memberships, now=now)]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How notices that an escalation entered a state are worded, as long as it is in that state.

    `lines` are the paragraphs; `count` names the state where several items are counted.
    """

    label: str
    heading: str
    news: str
    count: Callable[[EscalationCard], str]
    weight: int
    lines: Callable[[EscalationCard], Sequence[str]]
    reason: str = ACTS
    is_urgent: bool = True

    def describe(
        self, state: EscalationState, notices: Sequence[Notice], now: dt.datetime
    ) -> dict[int, DigestItem]:
        """Describe those of these notices that still apply. Three queries."""
        ids = {notice.subject for notice in notices}
        cards = escalation_cards(ids, membership=notices[0].person, now=now)
        return {
            notice.pk: self._item(cards[notice.subject], to=notice.person)
            for notice in notices
            if notice.subject in cards and cards[notice.subject].state is state
        }

    def _item(self, found: EscalationCard, *, to: Membership) -> DigestItem:
        row = found.key_result
        item = card(
            row,
            to=to,
            heading=self.heading,
            weight=self.weight,
            state=self.count(found),
            news=self.news,
        )
        return replace(
            item,
            about=f"escalation:{found.escalation.pk}",
            url=f"{page_of(row)}#escalation",
            text="\n".join(filter(None, self.lines(found))),
        )


def _of_active(found: EscalationCard) -> list[str]:
    due_at, now = found.escalation.huddle_due_at, found.facts.now
    by = f"The huddle is due by {moment(due_at, now=now)}." if due_at and now < due_at else ""
    why = f"{why_fired(found)} {why_active(found)}"
    return [why, _tried(found), f"{what_is_asked(found)} {by}"]


def _of_raised(found: EscalationCard) -> list[str]:
    why = f"{why_fired(found)} Sent to the sponsor: {RaisedFor(found.escalation.raised_for).label}."
    return [why, _plan(found), _tried(found), what_is_asked(found)]


def _plan(found: EscalationCard) -> str:
    row = found.escalation
    if row.answered_at is None or row.checkpoint_on is None:
        return ""
    on = write_day(row.checkpoint_on, today=found.today)
    chosen = Outcome(row.outcome).label
    return f"{chosen}, {row.plan_owner}, checkpoint {on}: {_quote(row.plan)}"


def _tried(found: EscalationCard) -> str:
    """Return the next action tried last, and the one to come."""
    parts = [f"Tried: {_quote(found.tried[0].next_action)}"] if found.tried else []
    if found.coming is not None:
        on = write_day(found.coming.next_action_due, today=found.today, weekday=False)
        parts.append(f"Next, by {on}: {_quote(found.coming.next_action)}")
    return " ".join(parts)


def _quote(text: str) -> str:
    """Return what someone wrote, as one sentence."""
    words = one_line(text, most=LONGEST_QUOTE)
    return words if not words or words[-1] in ".!?…" else f"{words}."


def _active_state(found: EscalationCard) -> str:
    due_at, now = found.escalation.huddle_due_at, found.facts.now
    if found.escalation.huddle_at is not None or due_at is None or due_at <= now:
        return "active"
    return f"active (huddle by {moment(due_at, now=now)})"


def _aside(one: PendingTask, *, now: dt.datetime) -> Aside:
    before, after = {
        Deadline.HUDDLE: ("the huddle on", "is due"),
        Deadline.OUTCOME: ("the recovery plan for", "is due"),
        Deadline.VERDICT: ("the sponsor’s decision on", "is needed"),
        Deadline.PLAN: ("the recovery plan for", "is yours to carry out"),
    }[one.deadline]
    at = None if one.deadline is Deadline.VERDICT else one.clock.at
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


WORDINGS = {
    EscalationState.ACTIVE: Wording(
        label="Escalation active",
        heading="Escalation active: red for two weeks",
        news="has been red for two weeks",
        count=_active_state,
        weight=95,
        lines=_of_active,
    ),
    EscalationState.RAISED: Wording(
        label="Escalation with the sponsor",
        reason="sponsor it, lead the program or own the objective",
        heading="With the sponsor",
        news="needs a decision by the sponsor",
        count=lambda _: "with the sponsor",
        weight=100,
        lines=_of_raised,
    ),
    EscalationState.DECIDED: Wording(
        label="Escalation decided",
        heading="Decided by the sponsor",
        news="has a decision by the sponsor",
        count=lambda _: "decided",
        weight=88,
        lines=lambda found: [how_it_ended(found), _quote(found.escalation.verdict_note)],
    ),
    EscalationState.ANSWERED: Wording(
        label="Recovery plan recorded",
        reason=NOTIFIED,
        heading="Recovery plan recorded",
        news="has a recovery plan",
        count=lambda _: "with a recovery plan",
        weight=30,
        lines=lambda found: [_plan(found), what_is_asked(found)],
        is_urgent=False,
    ),
    EscalationState.RECOVERED: Wording(
        label="Escalation recovered",
        reason=NOTIFIED,
        heading="Out of red",
        news="is out of red",
        count=lambda _: "recovered",
        weight=20,
        lines=lambda found: [how_it_ended(found)],
        is_urgent=False,
    ),
}


def register_rules() -> None:
    """Register the wording of escalation notices, and the query for a person's deadlines."""
    for state, wording in WORDINGS.items():
        rule = NoticeRule(
            label=wording.label,
            reason=wording.reason,
            noun=ESCALATION,
            describe=partial(wording.describe, state),
            switch="" if wording.is_urgent else "wants_digests",
            is_urgent=wording.is_urgent,
        )
        register_rule(f"escalation_{state}", rule)
    register_asides(clocks)
