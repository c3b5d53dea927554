from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Engagement, Membership
from okrs.formatting import plain
from okrs.models import KeyResult
from reviews.commands.drawing import refresh_all
from reviews.commands.live_updates import tell_the_room
from reviews.commands.running import lock_running
from reviews.models import Review, ReviewKind
from reviews.queries.agenda import gather

QUESTIONS = ("on_outcomes", "evidence_weekly", "moved_resources")  # M8.4


@transaction.atomic
def close_review(
    *,
    review: Review,
    by: Membership,
    now: dt.datetime,
    closing_note: str = "",
    on_outcomes: bool | None = None,
    evidence_weekly: bool | None = None,
    moved_resources: bool | None = None,
) -> Review:
    """Close a review: freeze its agenda and store the state of every key result (M8.4).

    The monthly review answers the three closing questions. Raises ValidationError: `no_right`,
    `closed`, `not_started`, or by field `required`.
    """
    locked = lock_running(review, by=by)
    answers = {
        "on_outcomes": on_outcomes,
        "evidence_weekly": evidence_weekly,
        "moved_resources": moved_resources,
    }
    if locked.kind == ReviewKind.MONTHLY:
        _must_answer(answers)
    gathered = gather(locked, engagement=by.engagement, now=now)
    refresh_all(locked, gathered=gathered, engagement=by.engagement, now=now)
    tell_the_room(locked)
    locked.refresh_from_db(fields=["room"])
    for name, answer in answers.items():
        setattr(locked, name, answer)
    locked.closing_note = closing_note.strip()
    locked.standings = _standings(by.engagement)
    # From now on the database refuses any change of the review and its items.
    locked.closed_at, locked.closed_by = now, by
    locked.save(update_fields=[*QUESTIONS, "closing_note", "standings", "closed_at", "closed_by"])
    return locked


def _must_answer(answers: Mapping[str, bool | None]) -> None:
    missing = {
        name: ValidationError("Answer yes or no.", code="required")
        for name, answer in answers.items()
        if answer is None
    }
    if missing:
        raise ValidationError(missing)


def _standings(engagement: Engagement) -> dict[str, Any]:
    """Return the state of each live key result by public id, for the next review to compare."""
    return {
        row.public_id: {
            "value": plain(row.latest_value),
            "score": None if row.score is None else f"{row.score:.2f}",
            "rag": row.rag,
            "title": row.title,
        }
        for row in KeyResult.objects.live().filter(engagement=engagement)
    }
