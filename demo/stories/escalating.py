"""Closes the weeks of a story, answers what escalated, and keeps who was told, each at its time."""

from __future__ import annotations

import datetime as dt
from itertools import count
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from django.db.models import F

from accounts.models import User
from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import climb, nudge, remind
from demo.stories.people import Members, acting
from demo.stories.story import Answer, Huddle, Outcome, Person, Ruling
from engagements.models import Engagement
from escalations.commands.escalations import decide_escalation, record_outcome, set_huddle
from escalations.jobs.escalations import (
    activate_escalations,
    open_escalations,
    raise_escalations,
    recover_escalations,
)
from escalations.models import Escalation
from notifications.digests import SATURDAY, Clock
from notifications.models import Notice
from notifications.rules import urgent_rules

JUDGED = (recover_escalations, open_escalations, activate_escalations, raise_escalations)
TOLD = (remind, nudge, climb, friday_digests)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def judge(*, now: dt.datetime) -> None:
    """Run the escalations' sweeps over the client of the scope."""
    for sweep in JUDGED:
        sweep(now=now, using="default")


def tell(*, now: dt.datetime) -> None:
    """Run the sweeps that remind, over the client of the scope."""
    for sweep in TOLD:
        sweep(now=now, using="default")


def answer(given: Answer, *, at: dt.datetime, members: Members) -> None:
    """Answer the open escalation that it is about, by the product's own commands."""
    lead = members[Person.LEAD]
    escalation = (
        Escalation.objects.open()
        .select_related("key_result")
        .get(engagement=lead.engagement, key_result__metric__name=given.metric)
    )
    match given:
        case Huddle():
            with acting(members[given.by]) as by:
                set_huddle(
                    escalation=escalation,
                    version=escalation.version,
                    at=at + given.hours * HOUR,
                    by=by,
                    now=at,
                )
        case Outcome():
            with acting(members[given.by]) as by:
                record_outcome(
                    escalation=escalation,
                    version=escalation.version,
                    outcome=given.outcome,
                    plan=given.plan,
                    plan_owner=members[given.owner],
                    checkpoint_on=lead.engagement.today(at) + dt.timedelta(days=given.checkpoint),
                    by=by,
                    now=at,
                )
        case Ruling():
            decide_escalation(
                escalation=escalation,
                version=escalation.version,
                verdict=given.verdict,
                note=given.note,
                word_of=given.word_of,
                evidence_url=given.evidence,
                by=lead,
                now=at,
            )


def keep_as_told(engagement: Engagement, *, now: dt.datetime) -> None:
    """Mark what was due by now as sent at its hour: nothing is mailed for the past.

    What rides a message that is still to come waits for it. The story's rounds come after the hours
    of the people: what was due before them, the rule would have written when it was due.
    """
    late = Notice.objects.filter(engagement=engagement, created_at__gt=F("due_at"))
    late.update(created_at=F("due_at"))
    pending = Notice.objects.pending().filter(engagement=engagement).select_related("person__user")
    told = []
    for notice in pending:
        user = notice.person.user
        at = _hour_of(notice, user=user)
        if at <= now:
            occasion = "urgent" if notice.rule in urgent_rules() else "daily"
            notice.envelope = uuid5(NAMESPACE_URL, f"{occasion}:{user.pk}:{at.isoformat()}")
            notice.sent_at = at
            told.append(notice)
    Notice.objects.bulk_update(told, ["envelope", "sent_at"])


def _hour_of(notice: Notice, *, user: User) -> dt.datetime:
    """When a message takes it along: at once outside quiet hours, else the day's (M6.4)."""
    clock = Clock(user.time_zone, user.message_at, user.quiet_from, user.quiet_until)
    is_urgent = notice.rule in urgent_rules()
    at: dt.datetime = notice.due_at
    if is_urgent and clock.is_awake(at):
        return at
    hour = user.quiet_until if is_urgent else user.message_at
    zone = ZoneInfo(user.time_zone)
    first = at.astimezone(zone).date()
    hours = (dt.datetime.combine(first + days * DAY, hour, zone) for days in count())
    return next(
        then.astimezone(dt.UTC)
        for then in hours
        if then >= at and (is_urgent or then.weekday() < SATURDAY)
    )
