"""What clients may know of an escalation: that it is being answered, and until when."""

from __future__ import annotations

import datetime as dt

from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.functions import Least

from escalations.models import Escalation
from tenancy.compiled import Slot


def answers(*, at: dt.datetime | Slot) -> dict[str, Subquery]:
    """By key result what its last active escalation says, as of that instant.

    `escalated_since` while it is open; `answered_since` once a huddle was set, a plan or a verdict
    recorded; `decided_streak` once the sponsor decided; the plan's checkpoint. One that was
    recovered and opened again within a week reads as if it had stayed open; but meanwhile its key
    result was not red, and of that the page says nothing.
    """
    last = (
        Escalation.objects.filter(
            Q(recovered_at=None) | Q(recovered_at__gt=at),
            engagement_id=OuterRef("engagement_id"),
            key_result_id=OuterRef("pk"),
            activated_at__lte=at,
        )
        # Least leaves out what is not set.
        .annotate(first=Least("huddle_set_at", "answered_at", "decided_at"))
        .order_by("-opened_at", "-id")
    )
    said = {
        "escalated_since": When(~Q(decided_at__lte=at) | Q(decided_at=None), then="activated_at"),
        "answered_since": When(first__lte=at, then="first"),
        "decided_streak": When(decided_at__lte=at, then="streak"),
        "checkpoint_on": When(answered_at__lte=at, then="checkpoint_on"),
    }
    return {name: Subquery(last.values_list(Case(then))[:1]) for name, then in said.items()}
