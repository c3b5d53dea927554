"""Notices and deadlines of escalations in emails (M7); templates write the paragraphs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.template.loader import render_to_string

from checkins.messages import card, key_result_url
from checkins.templatetags.weeks import closing
from engagements.models import Membership
from escalations.models import Escalation, EscalationAct, EscalationState
from escalations.pending import tasks_for
from escalations.queries import EscalationCard, escalation_cards
from escalations.rule import TABLE, Party
from notifications.models import Notice
from notifications.rules import Aside, DigestItem, NoticeRule, Noun, register_asides, register_rule

SPACES = re.compile(r"[ \n]+")  # no-break spaces stay
PARAGRAPH = "escalations/email/paragraph.txt"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The wording of notices that an escalation entered a state; `paragraphs` are template parts."""

    heading: str
    news: str
    weight: int
    paragraphs: Sequence[str]
    reason: str = "own key results, champion a team or lead the program"


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
        reason="are the sponsor, lead the program or own objectives",
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
    ),
    EscalationState.RECOVERED: Wording(
        heading="Escalation recovered", news="is no longer red", weight=20, paragraphs=("ended",)
    ),
}
ASIDES: dict[EscalationAct | None, str] = {  # the title of the key result follows
    EscalationAct.HUDDLE: "the huddle on",
    EscalationAct.ANSWER: "the recovery plan for",
    EscalationAct.DECIDE: "the sponsor’s decision on",
    EscalationAct.PLAN: "the recovery plan for",
}


def register_rules() -> None:
    """Register the wording of escalation notices, and the query for a person's deadlines."""
    for state, wording in WORDINGS.items():
        is_urgent = Party.NOTIFIED not in TABLE[state].notified
        rule = NoticeRule(
            label=wording.heading,
            reason=wording.reason if is_urgent else "were notified of the escalation",
            noun=Noun("escalation", "escalations", "changed"),
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
    return card(
        found.key_result,
        to=to,
        heading=wording.heading,
        weight=wording.weight,
        state=f"active (huddle by {due})" if due and not row.huddle_at else row.state.label.lower(),
        news=wording.news,
        url=escalation_url(row),
        text="\n".join(filter(None, texts)),
        about=f"escalation:{row.pk}",
    )


def escalation_url(escalation: Escalation) -> str:
    return f"{key_result_url(escalation.key_result)}#escalation"


def asides(memberships: Sequence[Membership], now: dt.datetime) -> list[Aside]:
    """Return the deadlines of escalations that wait on this person, in all clients. Two queries."""
    return [_aside(task, now=now) for task in tasks_for(memberships=memberships, now=now)]


def _aside(task: EscalationCard, *, now: dt.datetime) -> Aside:
    row, context = task.key_result, {"card": task, "clock": task.clock, "now": now}
    return Aside(
        client=row.engagement.client_name,
        before=ASIDES[task.deadline],
        title=row.title,
        url=escalation_url(task.escalation),
        after=render_to_string(f"{PARAGRAPH}#aside", context).strip(),
        about=f"escalation:{task.escalation.pk}",
    )
