"""One message of every kind and rule, as the rows of an engagement would have it, to look at.

Rows are bent where none fits a rule, so whoever asks for specimens rolls back afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise
from typing import Any

from checkins.models import Blocker, CheckIn, Escalation, EscalationState
from checkins.periods import Period, periods
from checkins.rhythms import rhythm_of
from engagements.envelopes.mails import write
from engagements.envelopes.reading import Envelope, Line, describe, section_of
from engagements.models import Membership, Notice
from engagements.notice_rules import asides_for, find_rule
from notifications.kinds import Mail
from okrs.models import KeyResult, Objective, Stage
from okrs.weeks import WEEK, monday_of
from scoring import Rag

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
NINE = dt.timedelta(hours=9)
PLAN = "Every store registers by phone; the form goes."
NOTE = "Two people of the service desk for a month."
Subject = tuple[int, dt.date]  # an id, and the period or streak


class NoSubjectError(Exception):
    """The engagement has nothing of which a message could tell."""


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A message, and under which name it is kept."""

    name: str
    mail: Mail


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """A morning on which something is late and the next is due soon, told to `lead`."""

    lead: Membership
    now: dt.datetime
    closed: Sequence[Period]
    late: Period
    coming: Period

    @property
    def week(self) -> dt.date:
        return monday_of(self.lead.engagement.today(self.now))


def specimens(lead: Membership, *, now: dt.datetime) -> Iterator[Specimen]:
    """Each rule by itself, then a day on which all that can ride together does.

    In the scope of the lead's engagement and on their clock. Raises NoSubjectError where it has
    no live key result, or its cycles are too short.
    """
    rows = KeyResult.objects.live().for_card().select_related("engagement")
    found = list(rows.filter(engagement_id=lead.engagement_id).order_by("id"))
    if not found:
        raise NoSubjectError("This engagement has no live key result to tell of.")
    occasion = _occasion(found[0], lead=lead, now=now)
    lines: dict[bool, list[Line]] = {False: [], True: []}
    for name, row in zip(BENDS, cycle(found), strict=False):
        told, is_urgent = _lines(name, row, occasion=occasion), find_rule(name).is_urgent
        if not told:
            raise NoSubjectError(f"Nothing here can be made to fit the rule “{name}”.")
        lines[is_urgent] += told
        yield Specimen(name=name, mail=_mail(told, occasion=occasion, is_daily=not is_urgent))
    yield Specimen(name="daily", mail=_mail(lines[False], occasion=occasion, is_daily=True))
    yield Specimen(name="urgent", mail=_mail(lines[True], occasion=occasion, is_daily=False))


def _occasion(row: KeyResult, *, lead: Membership, now: dt.datetime) -> Occasion:
    """The newest one up to now, else the first of the cycle."""
    known = periods(rhythm_of(row))
    found = [
        Occasion(lead=lead, now=at, closed=known[:place], late=late, coming=coming)
        for place, (late, coming) in enumerate(pairwise(known))
        if place > 1
        and (at := max(coming.opens_at, late.due_at) + NINE) < min(late.closes_at, coming.due_at)
    ]
    if not found:
        raise NoSubjectError("The cycle is too short, or its periods do not overlap.")
    past = [one for one in found if one.now <= now]
    return past[-1] if past else found[0]


def _lines(name: str, row: KeyResult, *, occasion: Occasion) -> list[Line]:
    lead, now = occasion.lead, occasion.now
    subject, period = BENDS[name](row, occasion)
    notice = Notice(
        id=1,
        engagement=lead.engagement,
        person=lead,
        rule=name,
        subject=subject,
        period=period,
        created_at=now,
        due_at=now,
    )
    assert lead.user is not None  # noqa: S101 - who previews signs in
    return list(describe([notice], reader=lead.user, now=now).values())


def _mail(lines: Sequence[Line], *, occasion: Occasion, is_daily: bool) -> Mail:
    lead, told = occasion.lead, {line.item.about for line in lines}
    assert lead.user is not None  # noqa: S101
    asides = asides_for([lead], now=occasion.now) if is_daily else []
    envelope = Envelope(
        reader=lead.user,
        now=occasion.now,
        sections=[section_of(lead.engagement, lines)],
        asides=[aside for aside in asides if aside.about not in told],
    )
    return write(envelope, is_daily=is_daily)


# How a key result is bent so that a rule tells of it.


def _reminder(row: KeyResult, occasion: Occasion) -> Subject:
    _empty(row, occasion.coming, owner_id=occasion.lead.pk)
    return row.pk, occasion.coming.monday


def _overdue(row: KeyResult, occasion: Occasion) -> Subject:
    _empty(row, occasion.late, owner_id=occasion.lead.pk)
    return row.pk, occasion.late.monday


def _missed(row: KeyResult, occasion: Occasion) -> Subject:
    _empty(row, occasion.closed[-1])
    here = Objective.objects.filter(engagement_id=row.engagement_id)
    here.filter(pk=row.objective_id).update(owner=occasion.lead)
    return row.pk, occasion.closed[-1].monday


def _missed_twice(row: KeyResult, occasion: Occasion) -> Subject:
    _empty(row, occasion.closed[-2])
    return row.pk, occasion.closed[-1].monday


def _at_risk(row: KeyResult, occasion: Occasion) -> Subject:
    _change(row, stage=Stage.AT_RISK, confidence=2)
    here = {"engagement_id": row.engagement_id, "key_result": row}
    said = CheckIn.objects.filter(**here).first()
    if said is not None and not Blocker.objects.filter(**here, resolved_at=None).exists():
        Blocker.objects.create(
            **here,
            check_in=said,
            text="The export of the loyalty system stands still",
            opened_by=occasion.lead,
            opened_at=occasion.now - 3 * DAY,
        )
    return row.pk, occasion.week


def _late(row: KeyResult, occasion: Occasion) -> Subject:
    _empty(row, occasion.late)
    return row.pk, occasion.week


def _undelivered(row: KeyResult, occasion: Occasion) -> Subject:
    others = Membership.objects.active().filter(engagement_id=row.engagement_id)
    other = others.exclude(pk=occasion.lead.pk).order_by("-id").first() or occasion.lead
    return other.pk, occasion.week


def _escalation(state: EscalationState) -> Callable[[KeyResult, Occasion], Subject]:
    def bend(row: KeyResult, occasion: Occasion) -> Subject:
        here = Escalation.objects.filter(engagement_id=row.engagement_id)
        found = next((one for one in here if one.state is state), None)
        found = found or _made(row, state=state, occasion=occasion)
        return found.pk, found.streak

    return bend


BENDS: dict[str, Callable[[KeyResult, Occasion], Subject]] = {
    "reminder": _reminder,
    "overdue": _overdue,
    "missed": _missed,
    "missed_twice": _missed_twice,
    "friday_at_risk": _at_risk,
    "friday_late": _late,
    "escalation_active": _escalation(EscalationState.ACTIVE),
    "escalation_raised": _escalation(EscalationState.RAISED),
    "escalation_decided": _escalation(EscalationState.DECIDED),
    "escalation_answered": _escalation(EscalationState.ANSWERED),
    "escalation_recovered": _escalation(EscalationState.RECOVERED),
    "undelivered": _undelivered,
}


def _empty(row: KeyResult, period: Period, **more: Any) -> None:
    """Without a check-in in this period and those after it, and asked from the start."""
    trail = [point for point in row.trail if point[0] < period.monday.isoformat()]
    committed_at = periods(rhythm_of(row))[0].opens_at - DAY
    _change(row, trail=trail, committed_at=committed_at, **more)


def _made(row: KeyResult, *, state: EscalationState, occasion: Occasion) -> Escalation:
    """An escalation in that state, if possible of a key result that has none yet."""
    others = KeyResult.objects.live().filter(engagement_id=row.engagement_id, escalations=None)
    chosen = others.order_by("-id").first() or row
    lead, now, streak = occasion.lead, occasion.now, occasion.week - 2 * WEEK
    is_over = state is EscalationState.RECOVERED
    band, score = (Rag.AMBER, "0.34") if is_over else (Rag.RED, "0.12")
    since = None if is_over else streak
    _change(chosen, rag=band.value, score=score, red_since=since, red_reported=2)
    plan = {
        "outcome": "change_bet",
        "plan": PLAN,
        "plan_owner": lead,
        "checkpoint_on": occasion.week + 2 * WEEK,
        "answered_at": now,
        "answered_by": lead,
    }
    raised = {"raised_at": now - HOUR, "raised_for": "no_plan"}
    verdict = {"verdict": "resources", "verdict_note": NOTE, "decided_at": now, "decided_by": lead}
    more: dict[EscalationState, dict[str, Any]] = {
        EscalationState.ANSWERED: plan,
        EscalationState.RAISED: raised,
        EscalationState.DECIDED: {**raised, **verdict},
        EscalationState.RECOVERED: {"recovered_at": now},
    }
    none_yet = dict.fromkeys(("answered_at", "raised_at", "decided_at", "recovered_at"))
    dates = {"opened_at": now - 3 * HOUR, "activated_at": now - 3 * HOUR, "cause": "pace"}
    found, _ = Escalation.objects.update_or_create(
        engagement_id=row.engagement_id,
        key_result=chosen,
        streak=streak,
        defaults={**none_yet, **dates, "huddle_due_at": now + 45 * HOUR, **more.get(state, {})},
    )
    return found


def _change(row: KeyResult, **fields: Any) -> None:
    KeyResult.objects.filter(engagement_id=row.engagement_id, pk=row.pk).update(**fields)
