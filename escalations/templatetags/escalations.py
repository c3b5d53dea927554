"""Filters of escalations: their words."""

from __future__ import annotations

from django import template

from escalations import words
from escalations.queries.escalations import EscalationCard
from escalations.rule import EscalationAct
from escalations.words import Told

register = template.Library()


@register.filter
def why(told: Told) -> str:
    """Why it fired, and why it is active."""
    return f"{words.why_fired(told)} {words.why_active(told)}".strip()


register.filter("why_watched", words.why_watched)
register.filter("still_early", words.still_early)
register.filter("asks", words.what_is_asked)
register.filter("by_hand_means", words.by_hand_means)
register.filter("verdict_of", words.verdict_of)
register.filter("ended", words.how_it_ended)


@register.filter
def next_act(card: EscalationCard) -> str:
    """What its reader does about it next, as the button says it; empty for whoever looks on."""
    told = card.told
    if EscalationAct.HUDDLE in card.acts and not told.huddle_is_set:
        return "Schedule huddle"
    if EscalationAct.ANSWER in card.acts:
        return "Record recovery plan"
    if EscalationAct.DECIDE in card.acts:
        return "Record the sponsor’s decision" if card.on_behalf else "Record decision"
    return ""
