"""Sentences and clocks of escalations, for screens and emails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from escalations.models import Cause, Escalation, EscalationState, Outcome, RaisedFor, Verdict
from escalations.rule import (
    DAY,
    MIN_CONFIDENCE,
    TABLE,
    WEEKS_TO_RAISE,
    Deadline,
    Facts,
    huddle_due_at,
    raise_due_at,
)
from okrs.formatting import NO_BREAK, in_words, red_for, write_day
from okrs.states import EARLY_PACE, expected_pace
from okrs.weeks import WEEK, monday_of
from scoring import Method, format_score

if TYPE_CHECKING:
    from escalations.queries import EscalationCard

LONG = dt.timedelta(hours=48)  # longer spans are written in days
OVER = "over"  # overdue, in any state
IN_HEADLINE = {  # in order of urgency
    OVER: "overdue",
    EscalationState.RAISED: "with the sponsor",
    EscalationState.ACTIVE: "waiting for a recovery plan",
    EscalationState.ANSWERED: "with a recovery plan under way",
    EscalationState.WATCHING: "watched",
}
IF_STILL_RED = "if still red, it goes to the sponsor"


def headline(counts: Mapping[str, int]) -> str:
    """Return "3 open escalations: 1 overdue, 2 watched."; counted by OVER and open state."""
    total = sum(counts.values())
    if not total:
        return "No open escalations."
    whole = {1: "", 2: "both "}.get(total, "all ")
    parts = [
        f"{whole if number == total else f'{number} '}{words}"
        for name, words in IN_HEADLINE.items()
        if (number := counts.get(name, 0))
    ]
    return f"{total} open escalation{'' if total == 1 else 's'}: {', '.join(parts)}."


def why_fired(card: EscalationCard) -> str:
    """Return "Opened because the weeks of 23 Feb and 2 Mar were red. Red for four weeks, …"."""
    streak = card.escalation.streak
    weeks = f"{_day(streak, card)} and {_day(streak + WEEK, card)}"
    opened = f"Opened because the weeks of {weeks} were red."
    red = red_for(card.weeks).capitalize()
    if card.reported >= card.weeks:
        return f"{opened} {red}, {'both' if card.weeks == 2 else 'all'} reported."
    reported = in_words(card.reported) if card.reported else "none"
    silence = "A week without a check-in counts like the week before."
    return f"{opened} {red}, {reported} of them reported. {silence}"


def why_active(card: EscalationCard) -> str:
    """Return why it is active rather than watched (M7.2); empty while it is watched."""
    row = card.escalation
    if row.cause == Cause.BY_HAND:
        return f"{row.activated_by or 'Someone'} activated it."
    if not row.cause or row.activated_at is None:
        return ""
    limit = _limit(card)
    now, was = {
        Cause.STRICT: (
            "This client escalates every red key result at once.",
            "this client began to escalate every red key result at once",
        ),
        Cause.PACE: (
            f"Pace has passed {limit}, so it is no longer early.",
            f"pace passed {limit}",
        ),
        Cause.CONFIDENCE: ("Confidence is below 3.", "confidence fell below 3"),
        Cause.BLOCKER: ("A blocker is open.", "a blocker was added"),
    }[Cause(row.cause)]
    return f"It was watched until {was}." if row.opened_at < row.activated_at else now


def still_early(card: EscalationCard) -> str:
    """Return "pace 0.28, confidence 3, no blocker. It becomes active when …" (M7.2)."""
    key_result = card.key_result
    line = expected_pace(key_result, today=card.today)
    scale = key_result.engagement.score_scale
    pace = "" if line is None else f"pace {format_score(line, scale=scale)}, "
    until = key_result.early_until
    on = f" ({_day(until + DAY, card)})" if until else ""
    return (
        f"{pace}confidence {key_result.confidence or 'not given'}, no blocker."
        f" It becomes active when pace passes {_limit(card)}{on}, confidence falls below"
        f" {MIN_CONFIDENCE}, or a blocker is added."
    )


def by_hand_means(card: EscalationCard) -> str:
    """Return who is notified and which deadline starts if it is activated now (M7.2 to M7.4)."""
    effect = (
        "Notifies the owner, the champion, the objective’s owner and the leads now."
        " They have 48 hours to hold a huddle."
    )
    due_on = huddle_due_at(card.facts).astimezone(card.facts.zone).date()
    would_be_raised = monday_of(due_on) <= card.key_result.objective.cycle.ends_on
    if card.weeks < WEEKS_TO_RAISE or not would_be_raised:
        return effect
    return f"{effect} Without a recovery plan it then goes to the sponsor."


def what_is_asked(card: EscalationCard) -> str:
    """Return the next step and who takes it (M7.3, M7.4); empty once it is closed."""
    row = card.escalation
    match card.state:
        case EscalationState.WATCHING:
            return (
                "Nothing to do yet: no huddle, no deadline."
                " The objective’s owner, a champion or a program lead can activate it."
            )
        case EscalationState.ACTIVE:
            return _asked_of_active(card)
        case EscalationState.ANSWERED:
            on = _day(row.checkpoint_on or card.today, card, weekday=True)
            return (
                f"{row.plan_owner} is carrying out the recovery plan."
                f" If it is still red after {on}, it goes to the sponsor."
            )
        case EscalationState.RAISED:
            choice = "revise the key result formally, add resources, or change the strategy"
            if card.sponsors:
                return f"{either(card.sponsors)} decides: {choice}."
            no_account = "The sponsor has no account here, so a program lead records the decision."
            return f"The sponsor decides: {choice}. {no_account}"
    return ""


def _asked_of_active(card: EscalationCard) -> str:
    row, conveners = card.escalation, either(card.conveners)
    owner = card.key_result.objective.owner
    outcome = f"{owner} records a recovery plan: change the bet, or ask for help."
    if card.huddle_is_held:
        return f"The huddle is over. Next, {outcome}"
    if row.huddle_at is not None:
        return f"The huddle is scheduled. After it, {outcome}"
    if row.huddle_due_at is not None and row.huddle_due_at <= card.facts.now:
        return f"The huddle is overdue. {conveners} convenes it now, or {outcome}"
    return f"{conveners} convenes a huddle within 48 hours, then {outcome}"


def how_it_ended(card: EscalationCard) -> str:
    """Return "Out of red since Monday: 0.31. The escalation is closed." (M7.8)."""
    row, on = card.escalation, card.closed_on or card.today
    if card.state is EscalationState.RECOVERED:
        score = card.last.score if card.last else card.key_result.score
        scale = card.key_result.engagement.score_scale
        at = "" if score is None else f": {format_score(score, scale=scale)}"
        return f"Out of red since {_near(on, card)}{at}. The escalation is closed."
    if card.state is not EscalationState.DECIDED:
        return ""
    recorded = f" Recorded by {row.decided_by}." if row.word_of else ""
    decided = f"{row.word_of or row.decided_by} decided on {_day(on, card, weekday=True)}"
    return f"{decided}: {_lower(Verdict(row.verdict))}.{recorded}"


def verdict_of(card: EscalationCard) -> str:
    """Return "Decided by the sponsor: add resources, 25 Nov" of one that is decided."""
    on = _day(card.closed_on or card.today, card)
    return f"Decided by the sponsor: {_lower(Verdict(card.escalation.verdict))}, {on}"


def either(names: Sequence[str]) -> str:
    """Return "Ines", "Ines or Tom" or "Ines, Tom or Una"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _limit(card: EscalationCard) -> str:
    limit = EARLY_PACE[Method(card.key_result.method)]
    return format_score(limit, scale=card.key_result.engagement.score_scale)


def _day(on: dt.date, card: EscalationCard, *, weekday: bool = False) -> str:
    return write_day(on, today=card.today, weekday=weekday)


def _near(on: dt.date, card: EscalationCard) -> str:
    """Return the weekday if it was in the last six days, else the date."""
    days = (card.today - on).days
    if days < 1:
        return "today"
    return f"{on:%A}" if days < 7 else _day(on, card, weekday=True).replace(" ", NO_BREAK)


def _lower(choice: Verdict | Outcome) -> str:
    return f"{choice.label[0].lower()}{choice.label[1:]}"


class ClockState(StrEnum):
    RUNNING = "running"
    IDLE = "idle"  # there is no deadline
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A deadline that runs; the template writes its moment between text and note."""

    figure: str
    text: str
    at: dt.datetime | None = None
    on: dt.date | None = None
    note: str = ""
    state: ClockState = ClockState.RUNNING


def clocks(facts: Facts) -> dict[Deadline, Clock]:
    """Return the clocks that run in its state, by the deadline; see the rule's table."""
    deadlines = TABLE[facts.escalation.state].clocks if facts.escalation else ()
    return {deadline: _clock(deadline, facts) for deadline in deadlines}


def write_span(span: dt.timedelta) -> str:
    """Return "45 h 56 min", "8 min"; from two days on "4 days"."""
    if span > LONG:
        return f"{span // DAY} days"
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else ""]
    return " ".join(part for part in parts if part)


def _clock(deadline: Deadline, facts: Facts) -> Clock:
    row, now = facts.escalation, facts.now
    assert row is not None  # noqa: S101 - its state has this clock
    if deadline is Deadline.HUDDLE:
        return _huddle_clock(row, now=now)
    if deadline is Deadline.VERDICT:
        note = RaisedFor(row.raised_for).label if row.raised_for else ""
        figure = write_span(now - (row.raised_at or now))
        return Clock(figure=figure, text="with the sponsor, since", at=row.raised_at, note=note)
    if deadline is Deadline.PLAN:
        days = ((row.checkpoint_on or facts.today) - facts.today).days
        figure = {0: "today", 1: "1 day"}.get(abs(days), f"{abs(days)} days")
        if days < 0:
            text = "overdue: the checkpoint was"
            return Clock(figure=figure, text=text, on=row.checkpoint_on, state=ClockState.OVER)
        text = "is the checkpoint:" if days == 0 else "to the checkpoint,"
        return Clock(figure=figure, text=text, on=row.checkpoint_on, note=IF_STILL_RED)
    due_at = raise_due_at(facts)
    if due_at is None:
        text = "the cycle ends before it would go to the sponsor"
        return Clock(figure="No deadline", text=text, state=ClockState.IDLE)
    if due_at <= now:
        text = "goes to the sponsor unless a recovery plan is recorded"
        return Clock(figure="now", text=text, state=ClockState.OVER)
    text = "left to record a recovery plan before it goes to the sponsor,"
    return Clock(figure=write_span(due_at - now), text=text, at=due_at)


def _huddle_clock(row: Escalation, *, now: dt.datetime) -> Clock:
    due_at, at = row.huddle_due_at or now, row.huddle_at
    if at is not None and at > now:
        return Clock(figure=write_span(at - now), text="to the huddle,", at=at)
    if at is not None:
        note = "no recovery plan recorded yet"
        return Clock(figure=write_span(now - at), text="since the huddle,", at=at, note=note)
    if due_at > now:
        text = "left to hold the huddle, by"
        return Clock(figure=write_span(due_at - now), text=text, at=due_at)
    text, over = "overdue: the huddle was due", ClockState.OVER
    return Clock(figure=write_span(now - due_at), text=text, at=due_at, state=over)


class StepState(StrEnum):
    DONE = "done"
    CURRENT = "current"
    COMING = "coming"  # or left out


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step on the path of an escalation; the moment is written between text and note."""

    text: str
    at: dt.datetime | None = None
    on: dt.date | None = None
    note: str = ""
    state: StepState = StepState.DONE


def path(row: Escalation, *, now: dt.datetime) -> list[Step]:
    """Return the steps done, the current one, and those to come; none while it is watched."""
    if row.activated_at is None:
        return []
    watched = [Step(text="Watched from", at=row.opened_at, note="red, but early")]
    by = row.activated_by
    note = f"activated by {by}" if by else Cause(row.cause).label
    return [
        *(watched if row.opened_at < row.activated_at else []),
        Step(text="Active,", at=row.activated_at, note=note),
        *_responses(row, now=now),
        *_end(row),
    ]


def _responses(row: Escalation, *, now: dt.datetime) -> Iterator[Step]:
    is_active = row.state is EscalationState.ACTIVE
    is_held = row.huddle_at is not None and row.huddle_at <= now
    if row.huddle_at is not None:
        note = f"scheduled by {row.huddle_set_by}" if row.huddle_set_by else ""
        state = StepState.CURRENT if is_active and not is_held else StepState.DONE
        yield Step(text="Huddle,", at=row.huddle_at, note=note, state=state)
    elif is_active:
        yield Step(text="Huddle within 48 hours", state=StepState.CURRENT)
    else:
        yield Step(text="No huddle was scheduled", state=StepState.COMING)
    if row.answered_at is not None:
        note = f"{_lower(Outcome(row.outcome))}, recorded by {row.answered_by}"
        yield Step(text="Recovery plan,", at=row.answered_at, note=note)
    elif is_active:
        state = StepState.CURRENT if is_held else StepState.COMING
        yield Step(text="Recovery plan", note="change the bet, or ask for help", state=state)
    else:
        yield Step(text="No recovery plan was recorded", state=StepState.COMING)


def _end(row: Escalation) -> Iterator[Step]:
    if row.state is EscalationState.ACTIVE:
        yield Step(text="Checkpoint", note=IF_STILL_RED, state=StepState.COMING)
    if row.state is EscalationState.ANSWERED:
        state = StepState.CURRENT
        yield Step(text="Checkpoint,", on=row.checkpoint_on, note=IF_STILL_RED, state=state)
    if row.raised_at is not None:
        reason = RaisedFor(row.raised_for).label
        yield Step(text="To the sponsor,", at=row.raised_at, note=reason)
    if row.state is EscalationState.RAISED:
        yield Step(text="The sponsor decides", state=StepState.CURRENT)
    if row.state is EscalationState.DECIDED:
        yield Step(text="Decided,", at=row.decided_at, note=_lower(Verdict(row.verdict)))
    if row.state is EscalationState.RECOVERED:
        yield Step(text="Out of red,", at=row.recovered_at)
