"""Filters of escalations: their words."""

from __future__ import annotations

from django import template

from checkins import escalation_words
from checkins.escalation_rights import EscalationAct
from checkins.escalation_words import Told
from checkins.queries import EscalationCard

register = template.Library()


@register.filter
def why(told: Told) -> str:
    """Why it fired, and why it is active."""
    return f"{escalation_words.why_fired(told)} {escalation_words.why_active(told)}".strip()


register.filter("why_watched", escalation_words.why_watched)
register.filter("still_early", escalation_words.still_early)
register.filter("asks", escalation_words.what_is_asked)
register.filter("by_hand_means", escalation_words.by_hand_means)
register.filter("verdict_of", escalation_words.verdict_of)
register.filter("ended", escalation_words.how_it_ended)


@register.filter
def next_act(card: EscalationCard) -> str:
    """What its reader does about it next, as the button says it; empty for whoever looks on."""
    told = card.told
    if EscalationAct.HUDDLE in card.acts and not told.huddle_is_set:
        return "Set the huddle"
    if EscalationAct.ANSWER in card.acts:
        return "Record the outcome"
    if EscalationAct.DECIDE in card.acts:
        return "Record the sponsor’s word" if card.on_behalf else "Record the decision"
    return ""
