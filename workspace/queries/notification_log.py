"""The notification log: who got what, when, by which rule, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Case, Exists, Model, OuterRef, Q, QuerySet, TextChoices, Value, When
from django.utils import timezone

from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from escalations.models import Escalation
from notifications.models import Notice
from notifications.rules import registered_rules
from okrs.models import KeyResult

# What the subject of a rule is; a rule of a later release is shown by its name alone.
SUBJECTS: dict[str, type[Model]] = {
    **dict.fromkeys(("reminder", "overdue", "missed", "missed_twice"), KeyResult),
    **dict.fromkeys(("friday_at_risk", "friday_late", "crosses_teams"), KeyResult),
    **dict.fromkeys(("escalation_active", "escalation_answered"), Escalation),
    **dict.fromkeys(("escalation_raised", "escalation_decided"), Escalation),
    "escalation_recovered": Escalation,
    "undelivered": Membership,
}
LATELY = dt.timedelta(days=30)
MOST_FAILED = 200


class LineState(TextChoices):
    """What became of a notice."""

    WAITS = "waits", "Waiting"
    ON_ITS_WAY = "on_its_way", "On its way"
    SENT = "sent", "Sent"
    DROPPED = "dropped", "Dropped"
    NOT_DELIVERED = "not_delivered", "Not delivered"


STATE = Case(
    When(sent_at__isnull=False, then=Value(LineState.SENT)),
    When(failed_at__isnull=False, then=Value(LineState.NOT_DELIVERED)),
    When(dropped_at__isnull=False, then=Value(LineState.DROPPED)),
    When(envelope__isnull=False, then=Value(LineState.ON_ITS_WAY)),
    default=Value(LineState.WAITS),
)


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """A line of the log. `key_result` or `member` is its subject; none where it is not known."""

    notice: Notice
    rule: str
    state: str
    is_urgent: bool
    is_of_escalation: bool
    key_result: KeyResult | None
    member: Membership | None
    why_dropped: str

    @property
    def on(self) -> dt.date:
        """Return the day under which it is listed, on the reader's clock."""
        return timezone.localdate(self.notice.created_at)


def sees_all(membership: Membership) -> bool:
    """Whether this member reads everyone's lines.

    Contributors read their own: all lines of one person by rule would be a record of how late
    they are (M6.7).
    """
    return may(membership.role, Permission.DECIDE)


def ledger(membership: Membership) -> QuerySet[Any]:
    """Return the notices that this member may see, newest first, with their `state`."""
    rows = Notice.objects.filter(engagement_id=membership.engagement_id).annotate(state=STATE)
    if not sees_all(membership):
        rows = rows.filter(person=membership)
    return rows.select_related("person").order_by("-created_at", "-id")


def ledger_lines(rows: Iterable[Any], *, engagement: Engagement) -> list[LedgerLine]:
    """Return rows of `ledger` as they are shown. Three queries at most, however many rows."""
    rows = list(rows)
    subjects: dict[type[Model] | None, set[int]] = defaultdict(set)
    for row in rows:
        subjects[SUBJECTS.get(row.rule)].add(row.subject)
    here = {"engagement_id": engagement.pk}
    escalations = Escalation.objects.filter(**here).in_bulk(subjects[Escalation])
    key_results = KeyResult.objects.filter(**here).in_bulk(
        {*subjects[KeyResult], *(one.key_result_id for one in escalations.values())}
    )
    members = Membership.objects.filter(**here).in_bulk(subjects[Membership])
    lines = []
    for row in rows:
        model, rule = SUBJECTS.get(row.rule), registered_rules.get(row.rule)
        escalation = escalations.get(row.subject) if model is Escalation else None
        subject = escalation.key_result_id if escalation else row.subject
        is_of_key_result = model is KeyResult or escalation is not None
        lines.append(
            LedgerLine(
                notice=row,
                rule=rule_label(row.rule),
                state=row.state,
                is_urgent=rule is not None and rule.is_urgent,
                is_of_escalation=model is Escalation,
                key_result=key_results.get(subject) if is_of_key_result else None,
                member=members.get(row.subject) if model is Membership else None,
                why_dropped=_why_dropped(row, escalation) if row.dropped_at else "",
            )
        )
    return lines


def unreached(engagement: Engagement, *, now: dt.datetime) -> Mapping[Membership, list[Notice]]:
    """Return members whose emails of the last 30 days failed, and whom none has reached since.

    With the failed notices of each, the newest first. One query.
    """
    here = {"engagement": engagement}
    later = Notice.objects.filter(
        **here, person=OuterRef("person"), sent_at__gt=OuterRef("failed_at")
    )
    failed = Notice.objects.filter(
        ~Exists(later.order_by()),
        Q(sent_at=None, failed_at__isnull=False),
        **here,
        created_at__gte=now - LATELY,
        person__removed_at=None,
    )
    by_person: dict[Membership, list[Notice]] = {}
    for row in failed.select_related("person").order_by("-failed_at", "-id")[:MOST_FAILED]:
        by_person.setdefault(row.person, []).append(row)
    return by_person


def rule_label(name: str) -> str:
    """Return the label of a rule, or its name in words."""
    known = registered_rules.get(name)
    return known.label if known else name.replace("_", " ").capitalize()


def _why_dropped(row: Notice, escalation: Escalation | None) -> str:
    """Return why, as far as what is stored says it."""
    if row.person.removed_at is not None or not may(row.person.role, Permission.READ):
        return "no access any longer"
    ended = escalation and (escalation.recovered_at or escalation.decided_at)
    if ended and ended <= cast(dt.datetime, row.dropped_at):
        return "no longer needed"
    return "no longer needed, turned off, or no access"
