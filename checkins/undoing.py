"""Which check-in may be undone, by whom and until when (M6.2)."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError

from checkins.models import CheckIn
from checkins.periods import Rhythm, fillable_periods
from engagements.models import Membership, Role


def undo_refusal(
    check_in: CheckIn,
    *,
    newest: CheckIn | None,
    rhythm: Rhythm,
    by: Membership,
    now: dt.datetime,
) -> ValidationError | None:
    """Why this check-in stays: `not_newest`, `no_right` or `period_closed`; None if it may go.

    Only what stands last is undone, by its author or a program lead, while its period takes posts.
    """
    if newest is None or newest.pk != check_in.pk:
        return ValidationError(
            "There is a newer check-in. Only the newest can be undone.", code="not_newest"
        )
    own = (check_in.author_id, check_in.undone_by_id)
    if by.pk not in own and by.role != Role.LEAD:
        return ValidationError(
            f"Only {check_in.author} or a program lead can undo this check-in.", code="no_right"
        )
    if check_in.period not in {one.monday for one in fillable_periods(rhythm, now)}:
        return ValidationError(
            "The period of this check-in is closed. Post a new one instead.", code="period_closed"
        )
    return None
