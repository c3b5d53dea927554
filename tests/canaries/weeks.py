"""The weekly rhythm of a client: check-ins, their questions, and an escalation that continues."""

from __future__ import annotations

import datetime as dt
from typing import Any

from checkins.commands import (
    answer_help_request,
    answer_prompt,
    resolve_blocker,
    undo_check_in,
)
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from checkins.models import Blocker, CheckIn, HelpRequest
from engagements.models import Membership
from escalations.commands import record_outcome
from escalations.models import Escalation, EscalationState
from okrs.models import Collaborator, KeyResult
from tests.canaries.marks import Marks
from tests.canaries.sets import Planned
from tests.checkins.posting import at, post
from tests.escalations.escalating import put_in
from tests.escalations.notices import add_unsent_notice
from tests.status.quarter import end_day

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def check_in_weekly(marks: Marks, planned: Planned, *, lead: Membership) -> None:
    """Until the publication. What was superseded or undone within a day stood on no page."""
    line, first, second = planned.line, at("2026-01-19T08:00"), at("2026-01-26T08:00")
    post(line, lead, now=first, actual=8, **said(marks.client_reads, "first"))
    end_day(lead.engagement, "2026-01-19")
    post(line, lead, now=second, actual=8, **said(marks.inside, "superseded"))
    post(line, lead, now=second + HOUR, actual=7, **said(marks.client_reads, "second"))
    undone = post(line, lead, now=second + 2 * HOUR, actual=7, **said(marks.inside, "undone"))
    undo_check_in(check_in=undone, by=lead, now=second + 2 * HOUR)
    end_day(lead.engagement, "2026-01-26")
    _ask(marks, line, lead=lead)
    end_day(lead.engagement, "2026-01-29")
    for on in ("2026-02-02T08:00", "2026-02-09T08:00"):
        post(line, lead, now=at(on), actual=9, **said(marks.client_reads, "red"))
    words: Any = {name: marks.inside(f"promptanswer.{name}") for name in ("text", "bet")}
    answer_prompt(key_result=line, by=lead, now=at("2026-02-09T10:00"), **words)
    answer(marks, line, lead=lead)
    post(line, lead, now=at("2026-02-16T08:00"), actual=9, **said(marks.client_reads, "red"))
    post(planned.steps, lead, now=second, actual=70, **said(marks.client_reads, "steps"))
    url = marks.inside_url("checkin.evidence_url")
    more = {**said(marks.client_reads, "steps"), "evidence_url": url}
    post(planned.steps, lead, now=at("2026-02-09T08:00"), actual=85, **more)
    post(planned.yes, lead, now=second, actual=1, **said(marks.client_reads, "yes"))


def check_in_later(marks: Marks, planned: Planned, *, lead: Membership) -> None:
    """After the publication."""
    for row, value in ((planned.line, 9), (planned.steps, 92)):
        words = said(marks.later, "later") | {
            "help_needed": marks.inside("helprequest.text.later"),
            "evidence_url": marks.inside_url("checkin.evidence_url"),
        }
        post(row, lead, now=at("2026-03-09T08:00"), actual=value, **words)


def leave_work_of(viewer: Membership, *, marks: Marks, on: KeyResult, now: dt.datetime) -> None:
    """What somebody asked, named and helped with before they came to be a viewer."""
    own = {"engagement": viewer.engagement, "key_result": on}
    stands = CheckIn.objects.filter(**own).current().first()
    said_here: dict[str, Any] = {**own, "check_in": stands}
    HelpRequest.objects.create(
        **said_here, text=marks.inside("helprequest.text.viewer"), asked_by=viewer, asked_at=now
    )
    Blocker.objects.create(
        **said_here, text=marks.inside("blocker.text.viewer"), opened_by=viewer, opened_at=now
    )
    Collaborator.objects.create(**own, member=viewer)


def said(mark: Any, name: str) -> dict[str, str]:
    return {field: mark(f"checkin.{field}.{name}") for field in ("insight", "next_action")}


def _ask(marks: Marks, row: KeyResult, *, lead: Membership) -> None:
    """Two asks and two blockers; of each one is dealt with."""
    later = at("2026-01-30T08:00")
    for name, now in (("first", later - 2 * DAY), ("second", later - DAY)):
        asks = {
            "help_needed": marks.inside(f"helprequest.text.{name}"),
            "blocker": marks.inside(f"blocker.text.{name}"),
        }
        post(row, lead, now=now, actual=7, **said(marks.client_reads, "asking"), **asks)
    own = {"engagement": lead.engagement, "key_result": row}
    asked = HelpRequest.objects.filter(**own).order_by("id")[0]
    words = marks.inside("helprequest.answer")
    answer_help_request(help_request=asked, answer=words, by=lead, now=later)
    blocker = Blocker.objects.filter(**own).order_by("id")[0]
    resolve_blocker(blocker=blocker, by=lead, now=later)


def answer(marks: Marks, row: KeyResult, *, lead: Membership) -> Escalation:
    """The escalation that its check-ins opened in February is answered; its plan runs in March."""
    found = Escalation.objects.open().get(engagement=lead.engagement, key_result=row)
    return record_outcome(
        escalation=found,
        version=found.version,
        outcome="ask_help",
        plan=marks.client_reads("escalation.plan"),
        plan_owner=lead,
        checkpoint_on=dt.date(2026, 3, 10),
        by=lead,
        now=at("2026-02-10T09:00"),
    )


def decide_an_earlier_one(marks: Marks, row: KeyResult, *, lead: Membership) -> None:
    """In the first weeks of the year the sponsor decided."""
    opened_at = at("2026-01-12T09:00")
    put_in(
        row,
        lead,
        state=EscalationState.DECIDED,
        now=opened_at + 9 * DAY,
        opened_at=opened_at,
        streak=dt.date(2026, 1, 5),
        verdict_note=marks.inside("escalation.verdict_note"),
        word_of=marks.inside("escalation.word_of"),
        evidence_url=marks.inside_url("escalation.evidence_url"),
    )


def tell(marks: Marks, row: KeyResult, *, lead: Membership, now: dt.datetime) -> None:
    """Some are told of check-ins, one of them in vain."""
    for sweep in (send_reminders, send_overdue, escalate_missed):
        sweep(now=now, using="default")
    add_unsent_notice(
        lead,
        "reminder",
        row,
        period=dt.date(2026, 1, 12),
        failed_at=now - 59 * DAY,
        error=marks.inside("notice.error"),
    )
