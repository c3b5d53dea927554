"""The reminder ledger: who was told what, when, by which rule, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from engagements.models import Engagement, Membership
from engagements.permissions import Permission, may
from escalations.models import Escalation
from notifications.models import Notice, NoticeQuerySet
from notifications.rules import rules
from okrs.models import KeyResult

# What the subject of a rule is; a rule of a room above is shown by its name alone.
OF_KEY_RESULTS = (
    "reminder",
    "overdue",
    "missed",
    "missed_twice",
    "friday_at_risk",
    "friday_late",
)
OF_ESCALATIONS = (
    "escalation_active",
    "escalation_answered",
    "escalation_raised",
    "escalation_decided",
    "escalation_recovered",
)
OF_PEOPLE = ("undelivered",)

LATELY = dt.timedelta(days=30)
MOST_FAILED = 200


class LineState(StrEnum):
    """What became of a notice, read off its dates."""

    WAITS = "waits"
    ON_ITS_WAY = "on_its_way"
    SENT = "sent"
    DROPPED = "dropped"
    NOT_DELIVERED = "not_delivered"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


IN_STATE = {
    LineState.WAITS: Q(sent_at=None, failed_at=None, dropped_at=None, envelope=None),
    LineState.ON_ITS_WAY: Q(sent_at=None, failed_at=None, dropped_at=None, envelope__isnull=False),
    LineState.SENT: Q(sent_at__isnull=False),
    LineState.DROPPED: Q(sent_at=None, failed_at=None, dropped_at__isnull=False),
    LineState.NOT_DELIVERED: Q(sent_at=None, failed_at__isnull=False),
}


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """A line of the ledger. Of the three subjects one is given, none where it is not known."""

    notice: Notice
    rule: str
    state: LineState
    is_urgent: bool
    key_result: KeyResult | None = None
    member: Membership | None = None
    why_dropped: str = ""

    @property
    def on(self) -> dt.date:
        """The day under which it stands, on the reader's clock."""
        return timezone.localdate(self.notice.created_at)

    @property
    def is_of_escalation(self) -> bool:
        return self.notice.rule in OF_ESCALATIONS


@dataclass(frozen=True, kw_only=True)
class Unreached:
    """Somebody whose last mails could not be delivered."""

    member: Membership
    count: int
    last: Notice


def sees_all(membership: Membership) -> bool:
    """Whether this member reads everybody's lines.

    Contributors read their own: all lines of one person by rule would be a record of how late
    they are (M6.7).
    """
    return may(membership.role, Permission.DECIDE)


def ledger(membership: Membership) -> NoticeQuerySet:
    """Return the notices that this member may see, newest first."""
    rows: NoticeQuerySet = Notice.objects.filter(engagement_id=membership.engagement_id)
    if not sees_all(membership):
        rows = rows.filter(person=membership)
    return rows.select_related("person").order_by("-created_at", "-id")


def sift_ledger(
    rows: NoticeQuerySet,
    *,
    person: Membership | None = None,
    rule: str = "",
    state: str = "",
) -> NoticeQuerySet:
    """Those that the filter lets through."""
    if person is not None:
        rows = rows.filter(person=person)
    if rule:
        rows = rows.filter(rule=rule)
    return rows.filter(IN_STATE[LineState(state)]) if state else rows


def ledger_lines(rows: Iterable[Notice], *, engagement: Engagement) -> list[LedgerLine]:
    """Return the rows as they are shown. Three queries at most, however many rows."""
    found = list(rows)
    subjects = _subjects(found)
    here = {"engagement_id": engagement.pk}
    opened = Escalation.objects.filter(**here, pk__in=subjects[OF_ESCALATIONS])
    escalations = opened.in_bulk()
    key_results = KeyResult.objects.filter(**here).in_bulk(
        {*subjects[OF_KEY_RESULTS], *(one.key_result_id for one in escalations.values())}
    )
    members = Membership.objects.filter(**here).in_bulk(subjects[OF_PEOPLE])
    urgent = {name for name, rule in rules().items() if rule.is_urgent}
    return [
        LedgerLine(
            notice=row,
            rule=rule_label(row.rule),
            state=state_of(row),
            is_urgent=row.rule in urgent,
            key_result=_key_result(row, key_results=key_results, escalations=escalations),
            member=members.get(row.subject) if row.rule in OF_PEOPLE else None,
            why_dropped=_why_dropped(row, escalations=escalations),
        )
        for row in found
    ]


def who_was_told(engagement: Engagement) -> QuerySet[Membership]:
    """Everybody who stands in the ledger, by name; those who have left too."""
    here = {"engagement": engagement}
    told = Notice.objects.filter(**here, person=OuterRef("pk")).order_by()
    return Membership.objects.filter(Exists(told), **here).order_by("name", "id")


def unreached(engagement: Engagement, *, now: dt.datetime) -> list[Unreached]:
    """Members whose mails of the last 30 days failed, and whom none has reached since. One query."""
    here = {"engagement": engagement}
    later = Notice.objects.filter(
        **here, person=OuterRef("person"), sent_at__gt=OuterRef("failed_at")
    )
    failed = Notice.objects.filter(
        IN_STATE[LineState.NOT_DELIVERED],
        ~Exists(later.order_by()),
        **here,
        created_at__gte=now - LATELY,
        person__removed_at=None,
    )
    by_person: dict[Membership, list[Notice]] = defaultdict(list)
    for row in failed.select_related("person").order_by("-failed_at", "-id")[:MOST_FAILED]:
        by_person[row.person].append(row)
    return [
        Unreached(member=member, count=len(found), last=found[0])
        for member, found in by_person.items()
    ]


def state_of(notice: Notice) -> LineState:
    if notice.sent_at is not None:
        return LineState.SENT
    if notice.failed_at is not None:
        return LineState.NOT_DELIVERED
    if notice.dropped_at is not None:
        return LineState.DROPPED
    return LineState.ON_ITS_WAY if notice.envelope else LineState.WAITS


def rule_label(name: str) -> str:
    """Return the label of a rule, or its name in words."""
    known = rules().get(name)
    return known.label if known else name.replace("_", " ").capitalize()


def rule_labels() -> list[tuple[str, str]]:
    """Every rule by which somebody may have been told."""
    names = dict.fromkeys((*OF_KEY_RESULTS, *OF_ESCALATIONS, *OF_PEOPLE, *rules()))
    return [(name, rule_label(name)) for name in names]


def _subjects(rows: Sequence[Notice]) -> Mapping[tuple[str, ...], set[int]]:
    kinds = (OF_KEY_RESULTS, OF_ESCALATIONS, OF_PEOPLE)
    return {kind: {row.subject for row in rows if row.rule in kind} for kind in kinds}


def _key_result(
    row: Notice, *, key_results: Mapping[int, KeyResult], escalations: Mapping[int, Escalation]
) -> KeyResult | None:
    if row.rule in OF_ESCALATIONS:
        found = escalations.get(row.subject)
        return key_results.get(found.key_result_id) if found else None
    return key_results.get(row.subject) if row.rule in OF_KEY_RESULTS else None


def _why_dropped(row: Notice, *, escalations: Mapping[int, Escalation]) -> str:
    """As far as what is stored says it; empty for a line that was not dropped."""
    if row.dropped_at is None:
        return ""
    person = row.person
    if person.removed_at is not None or not may(person.role, Permission.READ):
        return "no access any longer"
    about = escalations.get(row.subject) if row.rule in OF_ESCALATIONS else None
    ended = about and (about.recovered_at or about.decided_at)
    if ended and ended <= row.dropped_at:
        return "no longer needed"
    return "no longer needed, turned off, or no access"
