"""Prompts: the question of a band, its deadline, and the answer that ends it (M5.9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from checkins.models import PromptAnswer
from checkins.rules import REQUIRED, Assessment
from okrs.models import KeyResult, Stage
from okrs.states import stage_for
from scoring import Rag

DAY = dt.timedelta(days=1)
RESPONSE_TIME = {Rag.RED: dt.timedelta(hours=48)}  # once behind pace; the others have a week
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Question:
    """The question of a prompt; `label` and `bet` name the fields of its answer."""

    text: str
    label: str
    bet: str = ""
    needs_bet: bool = False
    needs_checkpoint: bool = False
    may_cross_teams: bool = False


CLOSES_GAP = Question(
    text="Explain how the gap closes by the due date.", label="How the gap closes"
)
BEHIND = {
    Rag.RED: Question(
        text="Name the root cause, revise the bet, ask for help.",
        label="Root cause",
        bet="Revised bet",
        needs_bet=True,
        may_cross_teams=True,
    ),
    Rag.AMBER: Question(
        text="Adjust the initiatives or try a micro-OKR, and set the next checkpoint.",
        label="What you adjust",
        needs_checkpoint=True,
    ),
    Rag.GREEN: CLOSES_GAP,
    Rag.STRETCH: CLOSES_GAP,
}
ON_PACE = {
    Rag.GREEN: Question(text="Write a line on what works.", label="What works"),
    Rag.STRETCH: Question(
        text="Write down the lesson, and consider a harder target.",
        label="Lesson",
        bet="Harder target",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """The open question of a band; `due_at` is None if it comes without a date."""

    question: Question
    due_at: dt.datetime | None = None
    overdue: bool = False


def prompt(
    key_result: KeyResult, *, answer: PromptAnswer | None, now: dt.datetime
) -> Prompt | None:
    """Return the open question of the key result's band, or None (M5.9).

    Behind pace, the answer is due 48 hours (red) or a week after the first check-in in a row with
    this band. On pace, green and stretch ask without a date. The last `answer` holds until band
    or pace change, or its checkpoint has passed, which is then the due time.
    """
    band, since = Rag(key_result.rag), key_result.checked_in_at
    is_behind = key_result.stage == Stage.AT_RISK
    question = (BEHIND if is_behind else ON_PACE).get(band)
    if since is None or question is None:
        return None
    due_at = since + RESPONSE_TIME.get(band, WEEK) if is_behind else None
    if answer is not None and answer.answered_at >= since:
        if answer.checkpoint_on is None:
            return None
        ends_on, zone = answer.checkpoint_on + DAY, key_result.engagement.zone
        due_at = dt.datetime.combine(ends_on, dt.time(0), tzinfo=zone)
        if now < due_at:
            return None
    return Prompt(question=question, due_at=due_at, overdue=due_at is not None and now > due_at)


def prompted_at(key_result: KeyResult, *, after: Assessment, now: dt.datetime) -> dt.datetime:
    """Return since when it has had the band and the pace that a check-in gives it now."""
    stage = stage_for(key_result.stage, on_pace=after.on_pace)
    is_same = (key_result.rag, key_result.stage) == (after.rag.value, stage)
    return key_result.checked_in_at or now if is_same else now


def check_answer(
    question: Question, *, text: str, bet: str, checkpoint_on: dt.date | None, today: dt.date
) -> None:
    """Raise one ValidationError with everything that is missing, by field."""
    errors: dict[str, ValidationError] = {}
    if not text:
        errors["text"] = ValidationError(REQUIRED["answer"], code="required")
    if question.needs_bet and not bet:
        errors["bet"] = ValidationError("Add the revised bet.", code="required")
    if question.needs_checkpoint and checkpoint_on is None:
        errors["checkpoint_on"] = ValidationError("Enter the day.", code="required")
    if checkpoint_on is not None and checkpoint_on <= today:
        errors["checkpoint_on"] = ValidationError(
            "Choose a checkpoint after today.", code="in_past"
        )
    if errors:
        raise ValidationError(errors)
