from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

from okrs.models import KeyResult
from okrs.models.key_results import STANDING
from okrs.standing import Standing, expected_pace, stage_for


@transaction.atomic
def record_standing(*, key_result: KeyResult, standing: Standing, today: dt.date) -> KeyResult:
    """Write where a key result stands, and the stage that follows from the forecast (M9.2).

    `today` is the date in the engagement's zone. The caller holds the row's lock and has worked
    the standing out from the check-ins. Raises ValidationError: `draft`, `dates`.
    """
    if key_result.is_draft:
        raise ValidationError("A draft takes no check-ins. Commit it first.", code="draft")
    line = expected_pace(key_result, today=today)
    if line is None:
        raise ValidationError(
            "It is due before it starts. Its dates need an approved change.", code="dates"
        )
    key_result.stage = stage_for(
        stage=key_result.stage,
        method=key_result.method,
        score=standing.score,
        pace=line,
        confidence=standing.confidence,
        bands=key_result.engagement.rag_bands,
    )
    key_result.latest_value = standing.value
    key_result.score = standing.score
    key_result.rag = standing.rag.value
    key_result.confidence = standing.confidence
    key_result.measured_on = standing.measured_on
    key_result.checked_in_at = standing.checked_in_at
    key_result.last_period = standing.period
    key_result.last_week = standing.week
    key_result.red_since = standing.red_since
    key_result.red_reported = standing.red_reported
    key_result.insight = standing.insight
    key_result.next_action = standing.next_action
    key_result.next_action_due = standing.next_action_due
    key_result.evidence_url = standing.evidence_url
    key_result.trail = standing.trail
    key_result.save(update_fields=STANDING)
    return key_result
