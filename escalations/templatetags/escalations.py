"""Filters of escalations: their sentences, and what their reader can do."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.urls import reverse

from escalations import words
from escalations.models import Escalation
from escalations.pending import PendingTask
from escalations.queries import EscalationCard
from escalations.rule import Deadline, EscalationAct

register = template.Library()
register.filter("still_early", words.still_early)
register.filter("asks", words.what_is_asked)
register.filter("by_hand_means", words.by_hand_means)
register.filter("verdict_of", words.verdict_of)
register.filter("ended", words.how_it_ended)

PAGES = {
    Deadline.HUDDLE: "huddle",
    Deadline.OUTCOME: "outcome",
    Deadline.VERDICT: "verdict",
}


@dataclass(frozen=True, kw_only=True)
class ActLink:
    label: str
    url: str
    is_primary: bool


@register.filter
def why(card: EscalationCard) -> str:
    """Return why it fired, and why it is active."""
    return f"{words.why_fired(card)} {words.why_active(card)}".strip()


@register.filter
def links(card: EscalationCard) -> list[ActLink]:
    """Return the links to the forms that its reader can fill in."""
    row, found = card.escalation, []
    has_huddle = EscalationAct.HUDDLE in card.acts
    if has_huddle:
        label = "Reschedule huddle" if row.huddle_at else "Schedule huddle"
        url = _url(row, Deadline.HUDDLE)
        found.append(ActLink(label=label, url=url, is_primary=not card.huddle_is_held))
    if EscalationAct.ANSWER in card.acts:
        url, is_primary = _url(row, Deadline.OUTCOME), card.huddle_is_held or not has_huddle
        found.append(ActLink(label="Record recovery plan", url=url, is_primary=is_primary))
    if EscalationAct.DECIDE in card.acts:
        label = "Record the sponsor’s decision" if card.on_behalf else "Record decision"
        found.append(ActLink(label=label, url=_url(row, Deadline.VERDICT), is_primary=True))
    return found


@register.filter
def next_act(card: EscalationCard) -> str:
    """Return the label of the reader's next step; empty if there is none."""
    found = links(card)
    is_set = card.escalation.huddle_at is not None
    return found[-1 if is_set else 0].label if found else ""


@register.filter
def act_url(task: PendingTask | None) -> str:
    """Return the URL of the task's form; empty if it has none."""
    return _url(task.escalation, task.deadline) if task and task.deadline in PAGES else ""


def _url(row: Escalation, deadline: Deadline) -> str:
    slug = row.key_result.engagement.slug
    return reverse(f"escalations:escalation-{PAGES[deadline]}", args=[slug, row.public_id])
