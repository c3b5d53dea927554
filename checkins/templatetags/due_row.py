"""Tags of the lines on My week."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from checkins import due_row
from checkins.queries.cards import DueCard

register = template.Library()


@register.simple_tag(takes_context=True)
def due_line(context: Context, card: DueCard) -> SafeString:
    """A closed card."""
    token = str(context["csrf_token"])
    return due_row.due_line(card, token=token, refusal=context.get("refusal") or "")


@register.simple_tag(takes_context=True)
def due_lines(context: Context, cards: Sequence[DueCard]) -> SafeString:
    """Closed cards."""
    return due_row.due_lines(cards, token=str(context["csrf_token"]))


@register.filter
def line_flag(card: DueCard, address: str) -> str:
    """Return how long it has been red, with a link to its escalation."""
    return due_row.line_flag(card, address=address)
