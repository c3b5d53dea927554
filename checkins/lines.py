"""A closed card in finished words: what its line on My week says, on the reader's clock."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone

from checkins.escalation_words import red_for
from checkins.models import EscalationState
from checkins.queries import DueCard
from checkins.templatetags.weeks import when
from checkins.weeks import weeks_red
from okrs.figures import write_day, write_distance, write_value

URGENT = (EscalationState.ACTIVE, EscalationState.RAISED)


@dataclass(frozen=True, kw_only=True)
class DueLine:
    """What `checkins/_due_line.html` shows; addresses are of the key result's page and its acts."""

    id: str
    state: str  # todo, saved
    is_saved: bool  # for every period that is open
    title: str
    objective: str
    flag: str  # an escalation that is open
    flag_is_quiet: bool
    value: str
    rag: str
    score: Decimal | None
    scale: str
    note: str
    draft: str  # the name under which a browser keeps what was typed
    address: str
    check_in: str
    undo: str  # empty where nothing may be undone


def due_line(card: DueCard) -> DueLine:
    key_result, engagement = card.key_result, card.engagement
    place = (engagement.slug, key_result.public_id)
    undone = card.previous if card.is_done and card.may_undo else None
    return DueLine(
        id=key_result.public_id,
        state="saved" if card.is_done else "todo",
        is_saved=card.is_saved,
        title=key_result.title,
        objective=key_result.objective.title,
        flag=_flag(card),
        flag_is_quiet=card.escalation not in URGENT,
        value=write_value(
            key_result.latest_value, unit=key_result.metric.unit if key_result.metric else ""
        ),
        rag=key_result.rag,
        score=key_result.score,
        scale=engagement.scale,
        note=_note(card),
        draft=f"{card.membership.user_id}:{key_result.public_id}",
        address=reverse("checkins:key-result-detail", args=place),
        check_in=reverse("checkins:check-in-create", args=place),
        undo=reverse("checkins:check-in-undo", args=(engagement.slug, undone.public_id))
        if undone
        else "",
    )


def _flag(card: DueCard) -> str:
    """ "Red for 3 weeks: active"; empty where no escalation is open."""
    if card.escalation is None:
        return ""
    key_result = card.key_result
    weeks = weeks_red(
        red_since=key_result.red_since,
        last_week=key_result.last_week,
        today=card.today,
        ends_on=key_result.objective.cycle.ends_on,
    )
    is_watched = card.escalation is EscalationState.WATCHING
    return f"{red_for(weeks)}: {'watched' if is_watched else card.escalation.label.lower()}"


def _note(card: DueCard) -> str:
    """ "unverified · 6 days ago · due today 10:00", "✓ saved today 09:40"."""
    parts = ["unverified"] if card.key_result.is_unverified else []
    if card.is_saved and card.previous:
        parts.append(f"✓ saved {when(card.previous.posted_at)}")
    elif card.is_done and card.due.saved_monday:
        today = timezone.localdate()
        saved = write_day(card.due.saved_monday, today=today, weekday=False)
        opened = write_day(card.period.monday, today=today, weekday=False)
        parts.append(f"week of {saved} saved ✓")
        parts.append(f"week of {opened} open, due {when(card.due_at)}")
    else:
        if card.previous:
            parts.append(write_distance(card.previous.measured_on, today=timezone.localdate()))
        parts.append(f"{'late since' if card.is_late else 'due'} {when(card.due_at)}")
    return " · ".join(parts)
