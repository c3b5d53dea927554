"""Filters of escalations: spans of time, texts of people in emails, labels."""

from __future__ import annotations

import datetime as dt

from django import template

from escalations.models import EscalationAct
from escalations.queries import EscalationCard
from escalations.rule import speaks_for_sponsor
from mail.email_types import one_line
from notifications.rules import registered_rules
from okrs.formatting import write_hours

register = template.Library()
register.filter("one_line", one_line)
register.filter("rule_label", lambda name: registered_rules[name].label)

LONG = dt.timedelta(hours=48)  # longer spans are written in days


@register.filter
def span(length: dt.timedelta) -> str:
    """Return "45 h 56 min", "8 min"; from two days on "4 days"."""
    return f"{length.days} days" if length > LONG else write_hours(length)


@register.filter
def days_later(on: dt.date, days: int) -> dt.date:
    return on + dt.timedelta(days=days)


@register.filter
def label_of(card: EscalationCard, act: EscalationAct) -> str:
    if act == EscalationAct.HUDDLE and card.escalation.huddle_at:
        return "Reschedule huddle"
    if act == EscalationAct.DECIDE and speaks_for_sponsor(card.reader):
        return "Record the sponsor’s decision"
    return EscalationAct(act).label
