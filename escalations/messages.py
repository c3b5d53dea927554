"""Notices and deadlines of escalations in emails (M7); templates write the paragraphs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.template.loader import render_to_string
from django.utils import timezone

from checkins.messages import card, key_result_url
from checkins.templatetags.weeks import closing
from engagements.models import Membership
from escalations.models import EscalationAct, EscalationState
from escalations.pending import tasks_for
from escalations.queries import EscalationCard, escalation_cards
from escalations.rule import TABLE, Party
from notifications.models import Notice
from notifications.rules import Aside, DigestItem, NoticeRule, Noun, register_asides, register_rule
from okrs.formatting import write_day

ESCALATION = Noun("escalation", "escalations", "changed")
NOTIFIED = "were notified of the escalation"
SPACES = re.compile(r"[ \n]+")  # no-break spaces stay
PARAGRAPH = "escalations/email/paragraph.txt"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How notices that an escalation entered a state are worded, as long as it is in that state.

    `paragraphs` name the parts of the template.
    """

    heading: str
    news: str
    weight: int
    paragraphs: Sequence[str]
    reason: str = "own it, champion the team or lead the program"


WORDINGS = {
    EscalationState.ACTIVE: Wording(
        heading="Escalation active",
        news="has been red for two weeks",
        weight=95,
        paragraphs=("why", "tried", "next", "asked"),
    ),
    EscalationState.RAISED: Wording(
        heading="Escalation with the sponsor",
        news="needs a decision by the sponsor",
        weight=100,
        paragraphs=("why", "plan", "tried", "next", "asked"),
        reason="sponsor it, lead the program or own the objective",
    ),
    EscalationState.DECIDED: Wording(
        heading="Escalation decided",
        news="has a decision by the sponsor",
        weight=88,
        paragraphs=("ended", "note"),
    ),
    EscalationState.ANSWERED: Wording(
        heading="Recovery plan recorded",
        news="has a recovery plan",
        weight=30,
        paragraphs=("plan", "asked"),
        reason=NOTIFIED,
    ),
    EscalationState.RECOVERED: Wording(
        heading="Escalation recovered",
        news="is out of red",
        weight=20,
        paragraphs=("ended",),
        reason=NOTIFIED,
    ),
}
ASIDES = {
    EscalationAct.HUDDLE: ("the huddle on", "is due"),
    EscalationAct.ANSWER: ("the recovery plan for", "is due"),
    EscalationAct.DECIDE: ("the sponsor’s decision on", "is needed"),
    EscalationAct.PLAN: ("the recovery plan for", "is yours to carry out"),
}


def register_rules() -> None:
    """Register the wording of escalation notices, and the query for a person's deadlines."""
    for state, wording in WORDINGS.items():
        is_urgent = Party.NOTIFIED not in TABLE[state].notified
        rule = NoticeRule(
            label=wording.heading,
            reason=wording.reason,
            noun=ESCALATION,
            describe=partial(describe, state),
            switch="" if is_urgent else "wants_digests",
            is_urgent=is_urgent,
        )
        register_rule(f"escalation_{state}", rule)
    register_asides(asides)


def describe(
    state: EscalationState, notices: Sequence[Notice], now: dt.datetime
) -> Mapping[int, DigestItem]:
    """Describe those of these notices whose escalation is still in the state. Three queries."""
    ids = {notice.subject for notice in notices}
    cards = escalation_cards(ids, membership=notices[0].person, now=now)
    return {
        notice.pk: _item(cards[notice.subject], WORDINGS[state], to=notice.person)
        for notice in notices
        if notice.subject in cards and cards[notice.subject].escalation.state is state
    }


def _item(found: EscalationCard, wording: Wording, *, to: Membership) -> DigestItem:
    row, now, due = found.escalation, found.now, ""
    if row.state is EscalationState.ACTIVE and row.huddle_due_at and now < row.huddle_due_at:
        due = closing(row.huddle_due_at, now)
    context = {"card": found, "row": row, "due": due}
    parts = [{**context, "part": f"{PARAGRAPH}#{name}"} for name in wording.paragraphs]
    texts = [SPACES.sub(" ", render_to_string(PARAGRAPH, part)).strip() for part in parts]
    item = card(
        found.key_result,
        to=to,
        heading=wording.heading,
        weight=wording.weight,
        state=f"active (huddle by {due})" if due and not row.huddle_at else row.state.label.lower(),
        news=wording.news,
        url=f"{key_result_url(found.key_result)}#escalation",
        text="\n".join(filter(None, texts)),
    )
    return replace(item, about=f"escalation:{row.pk}")


def asides(memberships: Sequence[Membership], now: dt.datetime) -> list[Aside]:
    """Return the deadlines of escalations that wait on this person, in all clients. Two queries."""
    return [_aside(task, now=now) for task in tasks_for(memberships=memberships, now=now)]


def _aside(task: EscalationCard, *, now: dt.datetime) -> Aside:
    assert task.deadline is not None  # noqa: S101 - it waits on the person
    assert task.clock is not None  # noqa: S101 - each deadline has one
    row, at = task.key_result, task.clock.at
    before, after = ASIDES[task.deadline]
    if task.deadline is EscalationAct.PLAN and task.escalation.checkpoint_on:
        today = timezone.localdate(now)
        after = f"{after}, checkpoint {write_day(task.escalation.checkpoint_on, today=today)}"
    elif at is not None and task.deadline is not EscalationAct.DECIDE:
        verb = "was due" if task.clock.is_over else f"{after} by"
        after = f"{verb} {closing(at, now)}"
    return Aside(
        client=row.engagement.client_name,
        before=before,
        title=row.title,
        url=f"{key_result_url(row)}#escalation",
        after=f"{after}.",
        about=f"escalation:{task.escalation.pk}",
    )
