"""Escalations that wait on a person, and who was notified of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from engagements.models import Membership, Role
from engagements.permissions import Permission, may
from escalations.models import EscalationAct
from escalations.queries import EscalationCard, Escalations, joined
from notifications.models import Notice, NoticeQuerySet
from tenancy.models import rows

# Those that may wait on a person; `card.deadline` decides. On every view of My week, so without the
# cost of a queryset.
CANDIDATES = """
    SELECT e.id, EXISTS (
        SELECT 1 FROM engagements_membership m JOIN accounts_user u ON u.id = m.user_id
        WHERE m.engagement_id = e.engagement_id AND m.role = %(sponsor)s
          AND m.removed_at IS NULL AND u.is_active) AS has_sponsor
    FROM escalations_escalation e
    JOIN okrs_keyresult k ON k.engagement_id = e.engagement_id AND k.id = e.key_result_id
    JOIN okrs_objective o ON o.engagement_id = k.engagement_id AND o.id = k.objective_id
    LEFT JOIN okrs_team t ON t.engagement_id = o.engagement_id AND t.id = o.team_id
    WHERE e.engagement_id = ANY (%(scope)s) AND e.engagement_id = ANY (%(engagements)s::bigint[])
      AND e.recovered_at IS NULL AND e.decided_at IS NULL AND e.activated_at IS NOT NULL
      AND (o.owner_id = ANY (%(members)s::bigint[]) OR t.champion_id = ANY (%(members)s::bigint[])
        OR e.plan_owner_id = ANY (%(members)s::bigint[])
        OR e.engagement_id = ANY (%(leading)s::bigint[])
          AND (e.raised_at IS NOT NULL OR e.answered_at IS NULL AND e.huddle_at IS NULL))
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    id: int
    has_sponsor: bool


def tasks_for(*, memberships: Iterable[Membership], now: dt.datetime) -> list[EscalationCard]:
    """Return all that waits on this person, in all their engagements (M7.3, M7.4).

    The cards have no check-ins and no names. Overdue ones come first, then by the clock; plans that
    run come last. Two queries, or one.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.READ)}
    if not members:
        return []
    leading = (Role.LEAD, Role.SPONSOR)
    candidates = rows(
        CANDIDATES,
        Candidate,
        engagements=list(members),
        members=[member.pk for member in members.values()],
        leading=[pk for pk, member in members.items() if member.role in leading],
        sponsor=Role.SPONSOR.value,
    )
    has_sponsor = {candidate.id: candidate.has_sponsor for candidate in candidates}
    if not has_sponsor:
        return []
    found = joined().filter(engagement_id__in=list(members), pk__in=list(has_sponsor))
    cards = [
        EscalationCard(
            key_result=row.key_result,
            escalation=row,
            now=now,
            reader=members[row.engagement_id],
            has_sponsor=has_sponsor[row.pk],
        )
        for row in found
    ]
    return sorted((card for card in cards if card.deadline), key=_urgency)


def _urgency(card: EscalationCard) -> tuple[bool, bool, bool, dt.datetime, int]:
    is_over = card.clock is not None and card.clock.is_over
    at = card.clock.at if card.clock and card.clock.at else card.now
    is_raised, is_plan = card.deadline is EscalationAct.DECIDE, card.deadline is EscalationAct.PLAN
    return not is_over, not is_raised, is_plan, at, card.escalation.pk


def notices_of(page: Escalations) -> NoticeQuerySet:
    """Return the notices about these of one key result, newest first. One query, or none."""
    found = [card.escalation for card in (*page.open, *page.decided, *page.closed)]
    if not found:
        return Notice.objects.none()
    own = {"engagement_id": found[0].engagement_id, "subject__in": [row.pk for row in found]}
    notices = Notice.objects.filter(rule__startswith="escalation_", **own)
    return notices.select_related("person").order_by("-created_at", "rule", "person__name")
