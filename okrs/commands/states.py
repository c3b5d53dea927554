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
        key_result.latest_value = state.value
        key_result.score = state.score
        key_result.rag = state.rag.value
        key_result.confidence = state.confidence
        key_result.measured_on = state.measured_on
        key_result.checked_in_at = state.checked_in_at
        key_result.last_period = state.period
        key_result.last_week = state.week
        key_result.red_since = state.red_since
        key_result.red_reported = state.red_reported
        key_result.insight = state.insight
        key_result.next_action = state.next_action
        key_result.next_action_due = state.next_action_due
        key_result.evidence_url = state.evidence_url
        key_result.trail = state.trail
        key_result.save(update_fields=STATE_FIELDS)
    return key_result
