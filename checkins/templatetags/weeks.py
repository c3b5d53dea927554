"""Filters of the weekly rhythm: deadlines on the reader's clock, words that differ."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from checkins.queries.cards import Due
from engagements.edit_forms import Segments
from okrs.formatting import NO_BREAK, last_day, write_day, write_end, write_hours, write_start

register = template.Library()


@register.filter
def when(at: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """`{{ started_at|when }}`: "today 10:00", "Mon 30 Mar 10:00", at midnight "Mon 30 Mar"."""
    if at is None:
        return ""
    return write_start(timezone.localtime(at), today=timezone.localdate(now), near=True)


@register.filter
def closing(at: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """`{{ due_at|closing }}`: "today 10:00", at midnight "end of Sun 15 Mar"."""
    if at is None:
        return ""
    return write_end(timezone.localtime(at), today=timezone.localdate(now), near=True)


@register.filter
def due_words(due: Due) -> str:
    """Return "late since Mon 9 Mar 10:00", "due today 10:00"; else until when it is open."""
    return f"{_pressure(due)} {when(due.period.due_at) if due.is_late else closing(_deadline(due))}"


@register.filter
def due_on(due: Due) -> str:
    """Return the same by days: "late since Mon 9 Mar", "due Mon 9 Mar"."""
    at = timezone.localtime(_deadline(due))
    day = at.date() if due.is_late else last_day(at)
    return f"{_pressure(due)} {write_day(day, today=timezone.localdate())}"


@register.filter
def countdown(at: dt.datetime, now: dt.datetime) -> str:
    """`{{ due_at|countdown:now }}`: "in 2 h 20 min", "in 3 days"; nothing once it has passed."""
    if at <= now:
        return ""
    days = (timezone.localtime(at).date() - timezone.localtime(now).date()).days
    if days > 1:
        return f"in {days} days"
    return f"in {write_hours(at - now)}".replace(" ", NO_BREAK)


@register.filter
def marked(segments: Segments) -> SafeString:
    """`{{ version.insight|marked }}`: the words, those that differ in a `<mark>`."""
    words = (
        (format_html("<mark>{}</mark>", text) if differs else text,) for text, differs in segments
    )
    return format_html_join(" ", "{}", words)


def _pressure(due: Due) -> str:
    if due.is_asked:
        return "late since" if due.is_late else "due"
    return "closed" if due.period.closes_at <= timezone.now() else "open until"


def _deadline(due: Due) -> dt.datetime:
    return due.period.due_at if due.is_asked else due.period.closes_at
