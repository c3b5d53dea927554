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
    """Return why it cannot be undone: `not_newest`, `is_undo`, `no_right`, `period_closed`; or None.

    Only the newest check-in is undone, by its author or a program lead, while its period takes
    posts. An undo is not: people post again.
    """
    if newest is None or newest.pk != check_in.pk:
        return ValidationError(
            "There is a newer check-in. Only the newest can be undone.", code="not_newest"
        )
    if check_in.undone_by_id is not None:
        return ValidationError("An undo cannot be undone. Post a new check-in.", code="is_undo")
    if by.pk != check_in.author_id and by.role != Role.LEAD:
        return ValidationError(
            f"Only {check_in.author} or a program lead can undo this check-in.", code="no_right"
        )
    if check_in.period not in {one.monday for one in fillable_periods(rhythm, now)}:
        return ValidationError(
            "The period of this check-in is closed. Post a new one instead.", code="period_closed"
        )
    return None
