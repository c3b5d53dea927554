from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from engagements.models import Membership
from escalations.models import Escalation
from notifications.models import Notice

WHAT = {
    "escalation_active": "It is active",
    "escalation_raised": "Raised to the sponsor",
    "escalation_answered": "A plan is recorded",
    "escalation_decided": "The sponsor decided",
    "escalation_recovered": "Out of red",
}


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Who was told one thing of an escalation, and how that went.

    `at` is None while it waits to be sent, or where it was not told.
    """

    what: str
    people: Sequence[Membership]
    at: dt.datetime | None
    outcome: str  # sent, waits, failed, dropped


def tellings(escalations: Iterable[Escalation]) -> list[Telling]:
    """Who was told of these, the newest first, by the ledger of notices. One query, or none."""
    rows = list(escalations)
    if not rows:
        return []
    notices = Notice.objects.filter(
        engagement_id=rows[0].engagement_id,
        rule__in=WHAT,
        subject__in=[row.pk for row in rows],
    ).select_related("person")
    ordered = sorted(notices, key=_key, reverse=True)
    return [_telling(list(group)) for _, group in groupby(ordered, key=_key)]


def _key(notice: Notice) -> tuple[dt.datetime, str, str]:
    """What was told together: one thing, at one minute, in one way."""
    at = notice.sent_at or notice.created_at
    return at.replace(second=0, microsecond=0), notice.rule, _outcome(notice)


def _telling(group: Sequence[Notice]) -> Telling:
    first = group[0]
    return Telling(
        what=WHAT[first.rule],
        people=sorted((one.person for one in group), key=str),
        at=first.sent_at,
        outcome=_outcome(first),
    )


def _outcome(notice: Notice) -> str:
    if notice.failed_at:
        return "failed"
    if notice.dropped_at:
        return "dropped"
    return "sent" if notice.sent_at else "waits"
