"""The clocks of an escalation and the path on which it goes (M7.3, M7.4). Pure.

Moments stay moments: whoever shows them does so on the reader's clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from escalations.models import Cause, Escalation, EscalationState, Outcome, RaisedFor, Verdict

LONG = dt.timedelta(hours=48)  # from here on days say enough
DAY = dt.timedelta(days=1)


class ClockState(StrEnum):
    RUNNING = "running"
    IDLE = "idle"  # none runs
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A deadline that runs: "23 h 24 min", "left to hold the huddle, by", its moment."""

    figure: str
    text: str
    at: dt.datetime | None = None
    on: dt.date | None = None
    note: str = ""
    state: ClockState = ClockState.RUNNING


class StepState(StrEnum):
    DONE = "done"
    CURRENT = "current"
    COMING = "coming"  # or left out


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the path; the moment stands between text and note."""

    text: str
    at: dt.datetime | None = None
    on: dt.date | None = None
    note: str = ""
    state: StepState = StepState.DONE


def write_span(span: dt.timedelta) -> str:
    """ "45 h 56 min", "8 min"; from two days on "4 days"."""
    if span > LONG:
        return f"{span // DAY} days"
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else ""]
    return " ".join(part for part in parts if part)


def clocks(
    escalation: Escalation,
    *,
    rises: dt.datetime | None,
    today: dt.date,
    now: dt.datetime,
) -> list[Clock]:
    """What runs now; none while it is watched or closed. `today` is on the client's calendar."""
    match escalation.state:
        case EscalationState.ACTIVE:
            return [_huddle(escalation, now=now), _rise(rises, now=now)]
        case EscalationState.ANSWERED:
            return [_checkpoint(escalation, today=today)]
        case EscalationState.RAISED:
            return [_sponsor(escalation, now=now)]
    return []


def _huddle(escalation: Escalation, *, now: dt.datetime) -> Clock:
    due_at, at = escalation.huddle_due_at, escalation.huddle_at
    assert due_at is not None  # noqa: S101 - the database holds it for active ones
    if at is not None and at > now:
        return Clock(figure=write_span(at - now), text="to the huddle,", at=at)
    if at is not None:
        note = "no recovery plan recorded yet"
        return Clock(figure=write_span(now - at), text="since the huddle,", at=at, note=note)
    if due_at > now:
        text = "left to hold the huddle, by"
        return Clock(figure=write_span(due_at - now), text=text, at=due_at)
    figure, text = write_span(now - due_at), "overdue: the huddle was due"
    return Clock(figure=figure, text=text, at=due_at, state=ClockState.OVER)


def _rise(rises: dt.datetime | None, *, now: dt.datetime) -> Clock:
    if rises is None:
        text = "the cycle ends before it would go to the sponsor"
        return Clock(figure="No deadline", text=text, state=ClockState.IDLE)
    if rises <= now:
        text = "goes to the sponsor unless a recovery plan is recorded"
        return Clock(figure="now", text=text, state=ClockState.OVER)
    text = "left to record a recovery plan before it goes to the sponsor,"
    return Clock(figure=write_span(rises - now), text=text, at=rises)


def _checkpoint(escalation: Escalation, *, today: dt.date) -> Clock:
    on = escalation.checkpoint_on
    assert on is not None  # noqa: S101 - the database holds it for answered ones
    days = (on - today).days
    figure = {0: "today", 1: "1 day"}.get(abs(days), f"{abs(days)} days")
    if days < 0:
        over = ClockState.OVER
        return Clock(figure=figure, text="overdue: the checkpoint was", on=on, state=over)
    text = "is the checkpoint:" if days == 0 else "to the checkpoint,"
    return Clock(figure=figure, text=text, on=on, note="if still red, it goes to the sponsor")


def _sponsor(escalation: Escalation, *, now: dt.datetime) -> Clock:
    at = escalation.raised_at
    assert at is not None  # noqa: S101 - its state says so
    note = RaisedFor(escalation.raised_for).label if escalation.raised_for else ""
    return Clock(figure=write_span(now - at), text="with the sponsor, since", at=at, note=note)


def path(escalation: Escalation, *, now: dt.datetime) -> list[Step]:
    """Steps done, the one that is current, and those to come; empty while it is only watched."""
    if escalation.activated_at is None:
        return []
    return [
        *_opening(escalation),
        *_meeting(escalation, now=now),
        *_answer(escalation, now=now),
        *_end(escalation),
    ]


def _opening(escalation: Escalation) -> Iterator[Step]:
    assert escalation.activated_at is not None  # noqa: S101 - asked before
    if escalation.opened_at < escalation.activated_at:
        yield Step(text="Watched from", at=escalation.opened_at, note="red, but early")
    by = f" {escalation.activated_by}" if escalation.activated_by else ""
    cause = f"activated by{by}" if by else Cause(escalation.cause).label
    yield Step(text="Active,", at=escalation.activated_at, note=cause)


def _meeting(escalation: Escalation, *, now: dt.datetime) -> Iterator[Step]:
    is_active = escalation.state is EscalationState.ACTIVE
    if escalation.huddle_at is not None:
        coming = is_active and escalation.huddle_at > now
        set_by = f"scheduled by {escalation.huddle_set_by}" if escalation.huddle_set_by else ""
        state = StepState.CURRENT if coming else StepState.DONE
        yield Step(text="Huddle,", at=escalation.huddle_at, note=set_by, state=state)
    elif is_active:
        yield Step(text="Huddle within 48 hours", state=StepState.CURRENT)
    else:
        yield Step(text="No huddle was scheduled", state=StepState.COMING)


def _answer(escalation: Escalation, *, now: dt.datetime) -> Iterator[Step]:
    if escalation.answered_at is not None:
        chosen = Outcome(escalation.outcome).label
        note = f"{chosen[0].lower()}{chosen[1:]}, recorded by {escalation.answered_by}"
        yield Step(text="Recovery plan,", at=escalation.answered_at, note=note)
    elif escalation.raised_at is not None or not escalation.is_open:
        yield Step(text="No recovery plan was recorded", state=StepState.COMING)
    else:
        met = escalation.huddle_at is not None and escalation.huddle_at <= now
        state = StepState.CURRENT if met else StepState.COMING
        yield Step(text="Recovery plan", note="change the bet, or ask for help", state=state)


def _end(escalation: Escalation) -> Iterator[Step]:
    match escalation.state:
        case EscalationState.ACTIVE:
            yield Step(
                text="Checkpoint",
                note="if still red, it goes to the sponsor",
                state=StepState.COMING,
            )
        case EscalationState.ANSWERED:
            yield Step(
                text="Checkpoint,",
                on=escalation.checkpoint_on,
                note="if still red, it goes to the sponsor",
                state=StepState.CURRENT,
            )
        case EscalationState.RAISED:
            yield _raised(escalation)
            yield Step(text="The sponsor decides", state=StepState.CURRENT)
        case EscalationState.DECIDED:
            yield _raised(escalation)
            verdict = Verdict(escalation.verdict).label
            note = f"{verdict[0].lower()}{verdict[1:]}"
            yield Step(text="Decided,", at=escalation.decided_at, note=note)
        case EscalationState.RECOVERED:
            if escalation.raised_at is not None:
                yield _raised(escalation)
            yield Step(text="Out of red,", at=escalation.recovered_at)


def _raised(escalation: Escalation) -> Step:
    note = RaisedFor(escalation.raised_for).label
    return Step(text="To the sponsor,", at=escalation.raised_at, note=note)
