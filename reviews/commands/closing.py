from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Engagement, Membership
from engagements.staleness import lock_for_edit
from okrs.models import KeyResult
from reviews.agenda.reasons import red_weeks
from reviews.commands.drawing import refresh_all
from reviews.commands.rooms import tell_the_room
from reviews.commands.running import lock_running, must_run
from reviews.models import Decision, Review, ReviewKind, Summary
from reviews.queries.agenda import Gathered, gather
from reviews.summaries import Ahead, Decided, Draft, Told, draft_summary

QUESTIONS = ("on_outcomes", "evidence_weekly", "moved_resources")  # M8.4
MOST_AHEAD = 3
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
    _draft(locked, gathered=gathered, engagement=by.engagement, now=now)
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
            "value": None if row.latest_value is None else f"{row.latest_value.normalize() + 0:f}",
            "score": None if row.score is None else f"{row.score:.2f}",
            "rag": row.rag,
            "title": row.title,
        }
        for row in KeyResult.objects.live().filter(engagement=engagement)
    }


def _draft(
    review: Review, *, gathered: Gathered, engagement: Engagement, now: dt.datetime
) -> Summary:
    today = gathered.facts.today
    draft: Draft = draft_summary(
        key_results=_told(gathered),
        decisions=_decided(review),
        ahead=_ahead(review, engagement=engagement),
        today=today,
        scale=engagement.score_scale,
    )
    return Summary.objects.create(
        engagement=engagement,
        review=review,
        drafted_at=now,
        **{name: getattr(draft, name) for name in WORDS},
    )


def _told(gathered: Gathered) -> list[Told]:
    return [
        Told(
            title=one.title,
            unit=one.unit,
            value=one.value,
            score=one.score,
            rag=one.rag,
            forecast_holds=one.forecast_holds,
            red_weeks=red_weeks(one, today=gathered.facts.today),
            # Before the first review a key result moved from where it began.
            then_value=one.then.value if one.then else one.baseline,
            then_score=one.then.score if one.then else None,
            insight=one.insight,
            next_action=gathered.rows[one.public_id].next_action,
            next_action_due=gathered.rows[one.public_id].next_action_due,
        )
        for one in gathered.facts.key_results
    ]


def _decided(review: Review) -> list[Decided]:
    """Only what the client may see (M8.2)."""
    made = Decision.objects.filter(
        engagement_id=review.engagement_id, review=review, client_visible=True, superseded_by=None
    )
    return [Decided(text=one.text, due_on=one.due_on) for one in made.order_by("number")]


def _ahead(review: Review, *, engagement: Engagement) -> list[Ahead]:
    planned = Review.objects.filter(engagement=engagement, started_at=None).ahead()
    later = planned.filter(scheduled_at__gt=review.scheduled_at).order_by("scheduled_at")
    return [
        Ahead(title=one.title, on=engagement.today(one.scheduled_at)) for one in later[:MOST_AHEAD]
    ]
