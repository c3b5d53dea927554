"""Prompts: the question of a band, its deadline, and the answer that ends it (M5.9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import midnight
from checkins.models import PromptAnswer
from checkins.rules import Assessment
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
        text="Name the root cause and revise the bet. If it crosses teams, notify the sponsor.",
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
    this band. On pace, green and stretch ask without a date. `answer`, that of `KeyResultRow`,
    holds until its checkpoint has passed, which is then the due time.
    """
    band, since = Rag(key_result.rag), key_result.checked_in_at
    is_behind = key_result.stage == Stage.AT_RISK
    question = (BEHIND if is_behind else ON_PACE).get(band)
    if since is None or question is None:
        return None
    due_at = since + RESPONSE_TIME.get(band, WEEK) if is_behind else None
    if answer is not None:
        if answer.checkpoint_on is None:
            return None
        ends_at = midnight(answer.checkpoint_on + DAY, key_result.engagement.zone)
        if now < ends_at:
            return None
        if since < ends_at:
            due_at = ends_at
    return Prompt(question=question, due_at=due_at, overdue=due_at is not None and now > due_at)


def prompted_at(key_result: KeyResult, *, after: Assessment, now: dt.datetime) -> dt.datetime:
    """Return since when it has had the band and the pace that a check-in gives it now."""
    stage = stage_for(key_result.stage, on_pace=after.on_pace)
    is_same = (key_result.rag, key_result.stage) == (after.rag.value, stage)
    return key_result.checked_in_at or now if is_same else now
