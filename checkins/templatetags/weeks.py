"""Filters of the weekly rhythm: deadlines on the reader's clock, words that differ."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from checkins.queries.cards import Due
from engagements.edit_forms import Segments
from okrs.formatting import NO_BREAK, write_day, write_distance, write_hours

register = template.Library()


@register.filter
def when(at: dt.datetime | None) -> str:
    """`{{ due_at|when }}`: "today 10:00", "tomorrow 10:00", "Mon 30 Mar 10:00"."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{_near(local.date())}{NO_BREAK}{local:%H:%M}"


@register.filter
def closing(at: dt.datetime, now: dt.datetime | None = None) -> str:
    """Return the end of a span: midnight belongs to the day before it, "Sun 15 Mar 24:00"."""
    time = timezone.localtime(at).time()
    shown = "24:00" if time == dt.time(0) else f"{time:%H:%M}"
    return f"{_near(_last_day(at), now)}{NO_BREAK}{shown}"


@register.filter
def due_words(due: Due) -> str:
    """Return "late since Mon 9 Mar 10:00", "due today 10:00"; else until when it is open."""
    period = due.period
    return f"{_pressure(due)} {when(period.due_at) if due.is_asked else closing(period.closes_at)}"


@register.filter
def due_on(due: Due) -> str:
    """Return the same by days: "late since Mon 9 Mar", "due Mon 9 Mar"."""
    period = due.period
    day = timezone.localdate(period.due_at) if due.is_asked else _last_day(period.closes_at)
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


def _last_day(at: dt.datetime) -> dt.date:
    local = timezone.localtime(at)
    is_midnight = local.time() == dt.time(0)
    return local.date() - dt.timedelta(days=1) if is_midnight else local.date()


def _near(day: dt.date, now: dt.datetime | None = None) -> str:
    today = timezone.localdate(now)
    if 0 <= (day - today).days <= 1:
        return write_distance(day, today=today)
    return write_day(day, today=today)
