"""Filters of escalations: their words."""

from __future__ import annotations

from django import template
from django.template import Context
from django.utils import timezone

from checkins import escalation_words
from checkins.escalation_rights import EscalationAct
from checkins.escalation_words import Told
from checkins.queries import EscalationCard
from checkins.weeks import weeks_red
from okrs.models import KeyResult

register = template.Library()

register.filter("red_for", escalation_words.red_for)


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


@register.simple_tag(takes_context=True)
def weeks_of_red(context: Context, key_result: KeyResult) -> int:
    """Weeks in a row that are red, for the page's engagement; needs the cycle joined in."""
    engagement = context.get("engagement") or key_result.engagement
    return weeks_red(
        red_since=key_result.red_since,
        last_week=key_result.last_week,
        today=engagement.today(timezone.now()),
        ends_on=key_result.objective.cycle.ends_on,
    )
