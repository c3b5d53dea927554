"""Filters of the weekly rhythm: deadlines on the reader's clock, words that differ."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from checkins.queries.states import Due
from engagements.edit_forms import Segments
from okrs.formatting import NO_BREAK, write_day, write_distance

register = template.Library()


@register.filter
def when(at: dt.datetime | None) -> str:
    """`{{ due_at|when }}`: "today 10:00", "tomorrow 10:00", "Mon 30 Mar 10:00"."""
    if at is None:
        return ""
    return when_on(at, timezone.get_current_timezone(), timezone.localdate())


@lru_cache(maxsize=1024)
def when_on(at: dt.datetime, zone: dt.tzinfo, today: dt.date) -> str:
    """The same for a reader whose clock and day are known: cards of a client share a deadline."""
    local = at.astimezone(zone)
    return _on(local.date(), time=f"{local:%H:%M}", today=today)


@register.filter
def closing(at: dt.datetime) -> str:
    """The end of a span: midnight belongs to the day before it, "Sun 15 Mar 24:00"."""
    return closing_on(at, timezone.get_current_timezone(), timezone.localdate())


@lru_cache(maxsize=1024)
def closing_on(at: dt.datetime, zone: dt.tzinfo, today: dt.date) -> str:
    """The same for a reader whose clock and day are known."""
    local = at.astimezone(zone)
    if local.time() == dt.time(0):
        return _on(local.date() - dt.timedelta(days=1), time="24:00", today=today)
    return _on(local.date(), time=f"{local:%H:%M}", today=today)


@register.filter
def due_words(due: Due) -> str:
    """What presses: "late since Mon 9 Mar 10:00", "due today 10:00"; else until when it is open."""
    return due_words_on(due, timezone.get_current_timezone(), timezone.localdate())


def due_words_on(due: Due, zone: dt.tzinfo, today: dt.date) -> str:
    """The same for a reader whose clock and day are known."""
    if not due.is_asked:
        is_over = due.period.closes_at <= timezone.now()
        return f"{'closed' if is_over else 'open until'} {closing_on(due.period.closes_at, zone, today)}"
    return f"{'late since' if due.is_late else 'due'} {when_on(due.period.due_at, zone, today)}"


@register.filter
def countdown(at: dt.datetime, now: dt.datetime) -> str:
    """`{{ due_at|countdown:now }}`: "in 2 h 20 min", "in 3 days"; nothing once it has passed."""
    if at <= now:
        return ""
    days = (timezone.localtime(at).date() - timezone.localtime(now).date()).days
    if days > 1:
        return f"in {days} days"
    hours, minutes = divmod(int((at - now).total_seconds()) // 60, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else ""]
    return f"in {' '.join(part for part in parts if part)}".replace(" ", NO_BREAK)


@register.filter
def first_word(name: str) -> str:
    """`{{ author|first_word }}`: the name by which people call each other."""
    return str(name).split()[0] if str(name).split() else str(name)


@register.filter
def marked(segments: Segments) -> SafeString:
    """`{{ version.insight|marked }}`: the words, those that differ in a `<mark>`."""
    words = (
        (format_html("<mark>{}</mark>", text) if differs else text,) for text, differs in segments
    )
    return format_html_join(" ", "{}", words)


def _on(day: dt.date, *, time: str, today: dt.date) -> str:
    near = 0 <= (day - today).days <= 1
    name = write_distance(day, today=today) if near else write_day(day, today=today)
    return f"{name}{NO_BREAK}{time}"
