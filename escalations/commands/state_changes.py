"""What a key result's new state means for its escalation, in the same transaction (M7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import BigIntegerField, QuerySet

from engagements.models import Membership
from escalations.jobs.escalations import (
    Over,
    activate_escalations,
    open_escalations,
    raise_escalations,
    recover_escalations,
    reopen_escalations,
)
from escalations.models import Escalation
from notifications.commands import ring_after_commit
from okrs.models import KeyResult
from okrs.weeks import WEEK, monday_of
from tenancy.compiled import Compiled, Slot
from tenancy.locks import locking


@contextmanager
def follow_state(key_result: KeyResult, by: Membership, now: dt.datetime) -> Iterator[None]:
    """Open, activate, raise, close or reopen the escalation of a key result whose state changes.

    Locks the newest one, right after its key result and before the state is written: the
    engagement's row comes last, for every command. Costs one query where there is none and the
    key result has not been red for two weeks. An older escalation stays as it is.
    """
    found = NEWEST(engagement=key_result.engagement_id, key_result=key_result.pk)
    escalation = found[0] if found else None
    yield
    over: Over = {"now": now, "using": "default", "key_result": key_result, "by": by}
    streak, written = key_result.red_since, 0
    if escalation is not None and escalation.streak != streak:
        written += recover_escalations(**over) if escalation.is_open else 0
    elif escalation is not None and escalation.recovered_at is not None:
        reopen_escalations(**over)
    if streak is not None and streak <= monday_of(key_result.engagement.today(now)) - WEEK:
        # One that was just opened is judged already.
        written += open_escalations(**over) or (
            activate_escalations(**over) + raise_escalations(**over)
        )
    if written:
        ring_after_commit()


def _newest() -> QuerySet[Escalation]:
    rows = Escalation.objects.filter(
        engagement_id=Slot("engagement", BigIntegerField()),
        key_result_id=Slot("key_result", BigIntegerField()),
    )
    return locking(rows).order_by("-opened_at")[:1]


NEWEST = Compiled(_newest)
