"""What was said inside of a red that went on: plans, verdicts, and a mail that did not arrive."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from checkins.jobs.reminders import climb, nudge, remind
from engagements.models import Membership
from escalations.commands.escalations import record_outcome
from escalations.models import Cause, Escalation, RaisedFor, Verdict
from notifications.models import Notice
from okrs.models import KeyResult
from tests.canaries.marks import Marks
from tests.checkins.posting import at

DAY = dt.timedelta(days=1)


def answer(marks: Marks, row: KeyResult, *, lead: Membership) -> Escalation:
    """The escalation that its check-ins opened in February is answered; its plan runs in March."""
    found = Escalation.objects.open().get(engagement=lead.engagement, key_result=row)
    return record_outcome(
        escalation=found,
        version=found.version,
        outcome="ask_help",
        plan=marks.inside("escalation.plan"),
        plan_owner=lead,
        checkpoint_on=dt.date(2026, 3, 10),
        by=lead,
        now=at("2026-02-10T09:00"),
    )


def decide_an_earlier_one(marks: Marks, row: KeyResult, *, lead: Membership) -> None:
    """In the first weeks of the year the sponsor decided."""
    opened_at = at("2026-01-12T09:00")
    Escalation.objects.create(
        engagement=lead.engagement,
        key_result=row,
        streak=dt.date(2026, 1, 5),
        opened_at=opened_at,
        activated_at=opened_at,
        huddle_due_at=opened_at + 2 * DAY,
        cause=Cause.BLOCKER,
        raised_at=opened_at + 7 * DAY,
        raised_for=RaisedFor.NO_PLAN,
        verdict=Verdict.RESOURCES,
        verdict_note=marks.inside("escalation.verdict_note"),
        word_of=marks.inside("escalation.word_of"),
        evidence_url=marks.inside_url("escalation.evidence_url"),
        decided_at=opened_at + 9 * DAY,
        decided_by=lead,
    )


def tell(marks: Marks, row: KeyResult, *, lead: Membership, now: dt.datetime) -> None:
    """Some are told of check-ins, one of them in vain."""
    for sweep in (remind, nudge, climb):
        sweep(now=now, using="default")
    Notice.objects.create(
        engagement=lead.engagement,
        rule="reminder",
        person=lead,
        subject=row.pk,
        period=dt.date(2026, 1, 12),
        created_at=now - 60 * DAY,
        due_at=now - 60 * DAY,
        envelope=uuid4(),
        failed_at=now - 59 * DAY,
        error=marks.inside("notice.error"),
    )
