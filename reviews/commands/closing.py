from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Engagement, Membership
from engagements.staleness import lock_for_edit
from okrs.models import KeyResult
from reviews.commands.drawing import refresh_all
from reviews.commands.rooms import tell_the_room
from reviews.commands.running import lock_running, must_run
from reviews.figures import plain
from reviews.models import Decision, Review, ReviewKind, Summary
from reviews.queries.agenda import gather
from reviews.queries.status import status_facts
from reviews.status import draft_words

QUESTIONS = ("on_outcomes", "evidence_weekly", "moved_resources")  # M8.4
WORDS = ("headline", "moved", "red", "decided", "next_steps")


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
    """Freeze agenda and outcomes, keep how every key result stands, and draft the summary (M8.4).

    The monthly review answers the three closing questions. Raises ValidationError: `no_right`,
    `closed`, `not_started`, or by field `required`.
    """
    must_run(by)
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
    _draft(locked, engagement=by.engagement, now=now)
    tell_the_room(locked)
    locked.refresh_from_db(fields=["room"])
    for name, answer in answers.items():
        setattr(locked, name, answer)
    locked.closing_note = closing_note.strip()
    locked.standings = _standings(by.engagement)
    # From here on the database refuses every change of the review and its items.
    locked.closed_at, locked.closed_by = now, by
    locked.save(update_fields=[*QUESTIONS, "closing_note", "standings", "closed_at", "closed_by"])
    return locked


@transaction.atomic
def update_summary(
    *,
    summary: Summary,
    version: int,
    headline: str,
    by: Membership,
    moved: str = "",
    red: str = "",
    decided: str = "",
    next_steps: str = "",
) -> Summary:
    """Edit the words that the client will read.

    Raises ValidationError: `no_right`, or by field `required`; StaleEdit if somebody was faster.
    """
    must_run(by)
    current: Summary = lock_for_edit(summary, version=version)
    if not headline.strip():
        message = "Write a headline: one sentence with the finding."
        raise ValidationError({"headline": ValidationError(message, code="required")})
    said = {"moved": moved, "red": red, "decided": decided, "next_steps": next_steps}
    current.headline = " ".join(headline.split())
    for name, text in said.items():
        setattr(current, name, text.strip())
    current.version += 1
    current.save(update_fields=[*WORDS, "version"])
    return current


def _must_answer(answers: Mapping[str, bool | None]) -> None:
    missing = {
        name: ValidationError("Answer yes or no.", code="required")
        for name, answer in answers.items()
        if answer is None
    }
    if missing:
        raise ValidationError(missing)


def _standings(engagement: Engagement) -> dict[str, Any]:
    """How each live key result stands, by public id: what the next review compares with."""
    return {
        row.public_id: {
            "value": plain(row.latest_value),
            "score": None if row.score is None else f"{row.score:.2f}",
            "rag": row.rag,
            "title": row.title,
        }
        for row in KeyResult.objects.live().filter(engagement=engagement)
    }


def _draft(review: Review, *, engagement: Engagement, now: dt.datetime) -> Summary:
    """From what the status page will say once the summary is published."""
    facts = status_facts(engagement, now=now, releasing=True, publishing=review)
    words = draft_words(
        facts,
        decided=_decided(review),
        next_review=_next_review(engagement, now=now),
    )
    return Summary.objects.create(engagement=engagement, review=review, drafted_at=now, **words)


def _decided(review: Review) -> list[tuple[str, dt.date]]:
    """Only what the client may see (M8.2)."""
    made = Decision.objects.filter(
        engagement_id=review.engagement_id, review=review, client_visible=True, superseded_by=None
    )
    return list(made.order_by("number").values_list("text", "due_on"))


def _next_review(engagement: Engagement, *, now: dt.datetime) -> dt.date | None:
    """The day of the next one that is planned; its title is nobody's outside."""
    planned = Review.objects.filter(engagement=engagement, started_at=None).ahead()
    later = planned.filter(scheduled_at__gt=now).order_by("scheduled_at").first()
    return engagement.today(later.scheduled_at) if later else None
