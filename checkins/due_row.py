"""A closed card as its line on My week: finished words on the reader's clock, and their HTML.

My week shows dozens of lines and is opened most of all pages, so a line is one text with its gaps
filled, not a template.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from checkins.queries.cards import DueCard
from checkins.queries.states import Due
from checkins.templatetags.weeks import due_words_on, when_on
from okrs import badges
from okrs.formatting import red_for, write_day, write_distance, write_value
from okrs.weeks import weeks_red
from scoring import format_score

ANY = "~any~"  # stands where a public id will; none has such signs
LINE = """
<li class="due" id="card-{id}" data-state="{state}">
  <div class="due-line">
    <div><h3 class="due-name"><a href="{address}">{title}</a></h3>
<p class="meta">{said}{flag}<bdi>{objective}</bdi></p></div>
    <p class="due-last"><span class="num">{value}</span> <span>{standing}</span><span class="when quiet">{note}</span><span class="when quiet" data-draft-of="{draft}"></span></p>
    <div class="due-act">{undo}<a class="btn{quiet}" href="{home}?open={id}" hx-get="{check_in}" hx-target="#card-{id}" hx-swap="outerHTML" hx-replace-url="{home}?open={id}">{act}<span class="visually-hidden">{act_on} {title}</span></a></div>
  </div>
  {refusal}
</li>
"""
SAID = '<span class="visually-hidden">Saved. </span>'
FLAG = '<a class="flag" data-kind="quiet" href="{}#escalation">{}</a> '
UNDO = """<form method="post" action="{undo}" hx-post="{undo}" hx-target="#card-{id}" hx-swap="outerHTML" hx-sync="this:drop"><input type="hidden" name="csrfmiddlewaretoken" value="{token}"><button class="btn btn-quiet" type="submit">Undo<span class="visually-hidden"> the check-in of {title}</span></button></form>"""
REFUSAL = '<div class="notice mt-4" data-kind="error" role="alert">{}</div>'


@dataclass(frozen=True)
class Clock:
    """The reader's, who is the same for all lines of a page."""

    zone: dt.tzinfo
    today: dt.date

    def when(self, at: dt.datetime) -> str:
        return when_on(at, self.zone, self.today)

    def due(self, due: Due) -> str:
        return due_words_on(due, self.zone, self.today)


def due_lines(cards: Iterable[DueCard], *, token: str) -> SafeString:
    """The lines of closed cards as HTML; `token` is the page's CSRF token."""
    clock = _clock()
    return SafeString("".join(_line(card, token=token, refusal="", clock=clock) for card in cards))


def due_line(card: DueCard, *, token: str, refusal: str = "") -> SafeString:
    """One line; `refusal` says why an undo was refused."""
    return SafeString(_line(card, token=token, refusal=refusal, clock=_clock()))


def _clock() -> Clock:
    return Clock(timezone.get_current_timezone(), timezone.localdate())


def _line(card: DueCard, *, token: str, refusal: str, clock: Clock) -> str:
    key_result, engagement = card.key_result, card.engagement
    address, check_in, home = (
        one.replace(ANY, key_result.public_id) for one in _addresses(engagement.slug)
    )
    unit = key_result.metric.unit if key_result.metric else ""
    score, is_done = key_result.score, card.is_done
    return LINE.format(
        # People's words; all the rest is ours and holds no sign of HTML but its own.
        title=escape(key_result.title),
        objective=escape(key_result.objective.title),
        value=escape(write_value(key_result.latest_value, unit=unit)),
        id=key_result.public_id,
        state="saved" if is_done else "todo",
        address=address,
        said=SAID if is_done else "",
        flag=line_flag(card, address=address),
        standing=badges.standing(
            key_result.rag,
            "" if score is None else format_score(score, scale=engagement.scale),
        ),
        note=_note(card, clock=clock),
        draft=f"{card.membership.user_id}:{key_result.public_id}",
        undo=_undo(card, token=token) if is_done and card.may_undo else "",
        quiet=" btn-quiet" if is_done else "",
        home=home,
        check_in=check_in,
        act="Edit" if card.is_saved else "Check in",
        act_on=" the check-in of" if card.is_saved else ":",
        refusal=format_html(REFUSAL, refusal) if refusal else "",
    )


@lru_cache(maxsize=1024)
def _addresses(slug: str) -> tuple[str, str, str]:
    """Of a key result's page, of its check-in and of My week: found once for a client."""
    place = (slug, ANY)
    return (
        reverse("workspace:key-result-detail", args=place),
        reverse("checkins:check-in-create", args=place),
        reverse("workspace:my-week"),
    )


def line_flag(card: DueCard, *, address: str) -> SafeString | str:
    """Return "Red for three weeks" with a link to its escalation; empty in its first red week."""
    key_result = card.key_result
    weeks = weeks_red(
        red_since=key_result.red_since,
        last_week=key_result.last_week,
        today=card.today,
        ends_on=key_result.objective.cycle.ends_on,
    )
    return format_html(FLAG, address, red_for(weeks).capitalize()) if weeks > 1 else ""


def _undo(card: DueCard, *, token: str) -> SafeString | str:
    if card.previous is None:
        return ""
    place = (card.engagement.slug, card.previous.public_id)
    return format_html(
        UNDO,
        undo=reverse("checkins:check-in-undo", args=place),
        id=card.key_result.public_id,
        token=token,
        title=card.key_result.title,
    )


def _note(card: DueCard, *, clock: Clock) -> str:
    """ "unverified · 6 days ago · due today 10:00", "✓ saved today 09:40"."""
    parts = ["unverified"] if card.key_result.is_unverified else []
    if card.is_saved and card.previous:
        parts.append(f"✓ saved {clock.when(card.previous.posted_at)}")
    elif card.is_done and card.due.saved_monday:
        saved = write_day(card.due.saved_monday, today=clock.today, weekday=False)
        opened = write_day(card.period.monday, today=clock.today, weekday=False)
        parts.append(f"week of {saved} saved ✓")
        parts.append(f"week of {opened} open, {clock.due(card.due)}")
    else:
        if measured_on := card.key_result.measured_on:
            parts.append(write_distance(measured_on, today=clock.today))
        parts.append(clock.due(card.due))
    return " · ".join(parts)
