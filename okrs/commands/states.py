from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Membership
from okrs.models import KeyResult
from okrs.models.key_results import STATE_FIELDS
from okrs.states import KeyResultState, expected_pace, stage_for

NAMES = {"latest_value": "value", "last_period": "period", "last_week": "week"}  # in the state
StateFollower = Callable[[KeyResult, Membership, dt.datetime], AbstractContextManager[None]]

_followers: list[StateFollower] = []


def register_follower(follower: StateFollower) -> None:
    """Register an app above that reacts to changes of state; call it in `AppConfig.ready`.

    `follower(key_result, by, now)` returns a context manager. It is entered before the row is
    written, so that it can lock its own rows before the engagement is locked, and left when the
    row has its new state, all in one transaction.
    """
    _followers.append(follower)


@transaction.atomic
def update_state(
    *, key_result: KeyResult, state: KeyResultState, by: Membership, now: dt.datetime
) -> KeyResult:
    """Write the state of a key result and the stage that follows from it (M9.2).

    The caller holds the row's lock and computed the state from the check-ins. Raises
    ValidationError: `draft`, `dates`.
    """
    if key_result.is_draft:
        raise ValidationError("Commit this draft first.", code="draft")
    line = expected_pace(key_result, today=key_result.engagement.today(now))
    if line is None:
        raise ValidationError(
            "This key result is due before it starts. Its dates need an approved change.",
            code="dates",
        )
    with ExitStack() as stack:
        for follower in _followers:
            stack.enter_context(follower(key_result, by, now))
        key_result.stage = stage_for(
            stage=key_result.stage,
            method=key_result.method,
            score=state.score,
            pace=line,
            confidence=state.confidence,
            bands=key_result.engagement.rag_bands,
        )
        for column in STATE_FIELDS[1:]:  # all but the stage
            setattr(key_result, column, getattr(state, NAMES.get(column, column)))
        key_result.save(update_fields=STATE_FIELDS)
    return key_result
