"""Escalations that wait for a person, and who was notified of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from engagements.models import Membership, Role
from engagements.permissions import PERMISSIONS, Permission, may
from escalations.models import Escalation, EscalationState
from escalations.queries import can_convene, joined
from escalations.rule import Deadline, Facts, speaks_for_sponsor
from escalations.words import Clock, ClockState, clocks
from notifications.models import Notice
from okrs.weeks import weeks_red
from tenancy.models import rows

LABELS = {
    Deadline.HUDDLE: "Schedule huddle",
    Deadline.OUTCOME: "Record recovery plan",
    Deadline.VERDICT: "Record decision",
    Deadline.PLAN: "Carry out the plan",
}
CONVENERS = [role for role, held in PERMISSIONS.items() if Permission.HUDDLE in held]
# The huddle is for the team's champion, or the leads if no champion can convene; the outcome for
# the objective's owner; the plan for its owner; the decision for sponsors, or the leads if no
# sponsor signs in. On every view of My week, so without the cost of a queryset.
PENDING = """
    SELECT e.id
    FROM escalations_escalation e
    JOIN okrs_keyresult k ON k.engagement_id = e.engagement_id AND k.id = e.key_result_id
    JOIN okrs_objective o ON o.engagement_id = k.engagement_id AND o.id = k.objective_id
    LEFT JOIN okrs_team t ON t.engagement_id = o.engagement_id AND t.id = o.team_id
    LEFT JOIN engagements_membership champion
      ON champion.engagement_id = t.engagement_id AND champion.id = t.champion_id
      AND champion.removed_at IS NULL AND champion.role = ANY (%(conveners)s::text[])
      AND EXISTS (SELECT 1 FROM accounts_user WHERE id = champion.user_id AND is_active)
    WHERE e.engagement_id = ANY (%(scope)s) AND e.engagement_id = ANY (%(engagements)s::bigint[])
      AND e.recovered_at IS NULL AND e.decided_at IS NULL AND e.activated_at IS NOT NULL
      AND CASE
        WHEN e.raised_at IS NOT NULL THEN e.engagement_id = ANY (%(sponsored)s::bigint[])
          OR e.engagement_id = ANY (%(led)s::bigint[]) AND NOT EXISTS (
            SELECT 1 FROM engagements_membership m JOIN accounts_user u ON u.id = m.user_id
            WHERE m.engagement_id = e.engagement_id AND m.role = 'sponsor'
              AND m.removed_at IS NULL AND u.is_active)
        WHEN e.answered_at IS NOT NULL THEN e.plan_owner_id = ANY (%(members)s::bigint[])
        ELSE o.owner_id = ANY (%(members)s::bigint[]) OR e.huddle_at IS NULL AND (
          champion.id = ANY (%(members)s::bigint[])
          OR champion.id IS NULL AND e.engagement_id = ANY (%(led)s::bigint[]))
      END
"""


@dataclass(frozen=True, slots=True)
class PendingId:
    id: int


@dataclass(frozen=True, kw_only=True)
class PendingTask:
    """An escalation that waits for this person, and for which deadline."""

    escalation: Escalation
    membership: Membership
    deadline: Deadline
    weeks: int
    clock: Clock

    @property
    def label(self) -> str:
        """Return the text of its button."""
        if self.deadline is Deadline.VERDICT and speaks_for_sponsor(self.membership):
            return "Record the sponsor’s decision"
        return LABELS[self.deadline]

    @property
    def is_over_time(self) -> bool:
        return self.clock.state is ClockState.OVER


def tasks_for(*, memberships: Iterable[Membership], now: dt.datetime) -> list[PendingTask]:
    """Return all that waits for this person, in all their engagements (M7.3, M7.4).

    Overdue ones come first, then by the clock; plans that run come last. Two queries, or one.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.READ)}
    if not members:
        return []
    found = rows(
        PENDING,
        PendingId,
        engagements=list(members),
        members=[member.pk for member in members.values()],
        led=[pk for pk, member in members.items() if member.role == Role.LEAD],
        sponsored=[pk for pk, member in members.items() if member.role == Role.SPONSOR],
        conveners=CONVENERS,
    )
    if not found:
        return []
    escalations = joined().filter(
        engagement_id__in=list(members), pk__in=[pending.id for pending in found]
    )
    tasks = [_task(row, member=members[row.engagement_id], now=now) for row in escalations]
    return sorted(tasks, key=lambda task: _urgency(task, now=now))


def task_of(
    escalation: Escalation, *, membership: Membership, now: dt.datetime
) -> PendingTask | None:
    """Return how this escalation waits for this person; None if it does not."""
    tasks = tasks_for(memberships=[membership], now=now)
    return next((task for task in tasks if task.escalation == escalation), None)


def _task(row: Escalation, *, member: Membership, now: dt.datetime) -> PendingTask:
    facts = Facts(key_result=row.key_result, escalation=row, now=now)
    deadline = _deadline(row, member=member)
    return PendingTask(
        escalation=row,
        membership=member,
        deadline=deadline,
        weeks=weeks_red(
            red_since=row.streak,
            last_week=row.key_result.last_week,
            today=facts.today,
            ends_on=row.key_result.objective.cycle.ends_on,
        ),
        clock=clocks(facts)[deadline],
    )


def _deadline(row: Escalation, *, member: Membership) -> Deadline:
    if row.state is EscalationState.RAISED:
        return Deadline.VERDICT
    if row.state is EscalationState.ANSWERED:
        return Deadline.PLAN
    team = row.key_result.objective.team
    champion = team.champion if team else None
    convenes = champion == member if can_convene(champion) else member.role == Role.LEAD
    return Deadline.HUDDLE if convenes and row.huddle_at is None else Deadline.OUTCOME


def _urgency(task: PendingTask, *, now: dt.datetime) -> tuple[bool, bool, bool, dt.datetime, int]:
    is_raised, is_plan = task.deadline is Deadline.VERDICT, task.deadline is Deadline.PLAN
    return not task.is_over_time, not is_raised, is_plan, task.clock.at or now, task.escalation.pk


TITLES = {
    "escalation_active": "It is active",
    "escalation_raised": "Raised to the sponsor",
    "escalation_answered": "A plan is recorded",
    "escalation_decided": "The sponsor decided",
    "escalation_recovered": "Out of red",
}


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """Who was notified of one event of an escalation. `at` is None unless it was sent."""

    title: str
    people: Sequence[Membership]
    at: dt.datetime | None
    outcome: str  # sent, waits, failed, dropped


def notification_log(escalations: Iterable[Escalation]) -> list[LogEntry]:
    """Return who was notified of these, newest first. One query, or none."""
    found = list(escalations)
    if not found:
        return []
    notices = Notice.objects.filter(
        engagement_id=found[0].engagement_id,
        rule__in=TITLES,
        subject__in=[row.pk for row in found],
    ).select_related("person")
    ordered = sorted(notices, key=_moment, reverse=True)
    return [_entry(list(group)) for _, group in groupby(ordered, key=_moment)]


def _moment(notice: Notice) -> tuple[dt.datetime, str, str]:
    """Return minute, event and outcome; notices that share them are shown as one."""
    at = notice.sent_at or notice.created_at
    return at.replace(second=0, microsecond=0), notice.rule, _outcome(notice)


def _entry(group: Sequence[Notice]) -> LogEntry:
    return LogEntry(
        title=TITLES[group[0].rule],
        people=sorted((notice.person for notice in group), key=str),
        at=group[0].sent_at,
        outcome=_outcome(group[0]),
    )


def _outcome(notice: Notice) -> str:
    if notice.failed_at:
        return "failed"
    if notice.dropped_at:
        return "dropped"
    return "sent" if notice.sent_at else "waits"
