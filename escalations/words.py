"""What a screen says of an escalation: what is red, since when, how often, what is asked. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from escalations.models import Cause, EscalationState, RaisedFor, Verdict
from okrs.formatting import NO_BREAK, in_words, red_for, write_day
from okrs.weeks import WEEK
from scoring import Rag, Scale, format_score

LEAST_CONFIDENCE = 3
WEEKS_TO_RISE = 3
OVER = "over"  # its time is over, whatever its state
# In the order of urgency: of one, of several.
IN_HEADLINE = {
    OVER: ("is over its time", "are over their time"),
    EscalationState.RAISED: ("is with the sponsor", "are with the sponsor"),
    EscalationState.ACTIVE: ("waits for an answer", "wait for an answer"),
    EscalationState.ANSWERED: ("has a plan that runs", "have plans that run"),
    EscalationState.WATCHING: ("is only watched", "are only watched"),
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the words are made of, as of `today` on the client's calendar.

    `weeks` count as red in a row, `reported` of them by a check-in (M7.1). `early_until` is the
    last day on which pace is at most `limit`. `conveners` and `owner` (of the objective) are names.
    """

    state: EscalationState
    streak: dt.date
    weeks: int
    reported: int
    today: dt.date
    was_watched: bool = False
    cause: str = ""
    activated_by: str = ""
    pace: Decimal | None = None
    limit: Decimal = Decimal("0.30")
    early_until: dt.date | None = None
    confidence: int | None = None
    scale: Scale = Scale.UNIT
    conveners: str = ""
    owner: str = ""
    huddle_is_set: bool = False
    huddle_is_held: bool = False  # its time has come
    huddle_is_late: bool = False  # its hours are over
    plan_owner: str = ""
    checkpoint_on: dt.date | None = None
    raised_for: str = ""
    sponsors: Sequence[str] = ()
    would_rise: bool = True  # made active now, before the cycle is over
    verdict: str = ""
    decided_by: str = ""
    word_of: str = ""
    closed_on: dt.date | None = None
    rag: Rag = Rag.RED
    score: Decimal | None = None


def why_fired(told: Told) -> str:
    """ "Fired because the weeks of 23 Feb and 2 Mar were both red; red for four weeks, …"."""
    first, second = (_day(on, told) for on in (told.streak, told.streak + WEEK))
    said = f"Fired because the weeks of {first} and {second} were both red"
    return f"{said}; {red_for(told.weeks)}, {_reported(told)}.{_silence(told)}"


def why_active(told: Told) -> str:
    """Why it is active rather than watched (M7.2); empty while it is watched."""
    if told.cause == Cause.BY_HAND:
        by = told.activated_by or "Somebody"
        return f"{by} made it active by hand."
    limit = format_score(told.limit, scale=told.scale)
    now, was = (
        {
            Cause.STRICT: (
                "Every red counts at once here.",
                "every red came to count at once here",
            ),
            Cause.PACE: (f"Pace is past {limit}: it is no longer early.", f"pace passed {limit}"),
            Cause.CONFIDENCE: ("Confidence is under 3.", "confidence fell under 3"),
            Cause.BLOCKER: ("A blocker is open.", "a blocker opened"),
        }.get(Cause(told.cause), ("", ""))
        if told.cause
        else ("", "")
    )
    return f"It was only watched until {was}." if told.was_watched and was else now


def why_watched(told: Told) -> str:
    """ "Red, but early: pace 0.28, confidence 3, no blocker. Turns active when …" (M7.2)."""
    return f"Red, but early: {still_early(told)}"


def still_early(told: Told) -> str:
    """The same without its head: "pace 0.28, confidence 3, no blocker. Turns active when …"."""
    pace = "" if told.pace is None else f"pace {format_score(told.pace, scale=told.scale)}, "
    limit = format_score(told.limit, scale=told.scale)
    on = ""
    if told.early_until is not None:
        on = f" ({_day(told.early_until + dt.timedelta(days=1), told)})"
    return (
        f"{pace}confidence {told.confidence or 'not given'}, no blocker."
        f" Turns active when pace passes {limit}{on}, confidence falls under {LEAST_CONFIDENCE},"
        " or a blocker opens."
    )


def by_hand_means(told: Told) -> str:
    """What making it active by hand does: whom it tells, which clock begins (M7.2 to M7.4)."""
    said = (
        "Tells its owner, the champion, the objective’s owner and the leads at once;"
        " 48 hours for a huddle begin."
    )
    if told.weeks < WEEKS_TO_RISE or not told.would_rise:
        return said
    red = red_for(told.weeks).capitalize()
    return f"{said} {red}: without a plan it goes to the sponsor after them."


def verdict_of(told: Told) -> str:
    """ "Decided by the sponsor: add resources, 25 Nov"; empty unless it is decided."""
    if told.state is not EscalationState.DECIDED:
        return ""
    verdict = Verdict(told.verdict).label
    on = _day(told.closed_on or told.today, told)
    return f"Decided by the sponsor: {verdict[0].lower()}{verdict[1:]}, {on}"


def what_is_asked(told: Told) -> str:
    """What the rule asks now, of whom (M7.3, M7.4); empty once it is closed."""
    match told.state:
        case EscalationState.WATCHING:
            return (
                "Nothing is asked yet: no huddle, no clock. Anybody who runs it can make it active."
            )
        case EscalationState.ACTIVE:
            return _asked_of_active(told)
        case EscalationState.ANSWERED:
            on = _day(told.checkpoint_on or told.today, told, weekday=True)
            return f"{told.plan_owner} carries the plan out. Still red after {on}, it goes to the sponsor."
        case EscalationState.RAISED:
            return _asked_of_sponsor(told)
    return ""


def how_it_ended(told: Told) -> str:
    """ "Out of red since Monday: 0.31. The escalation is closed, its story stays." (M7.8)."""
    on = told.closed_on or told.today
    if told.state is EscalationState.RECOVERED:
        score = "" if told.score is None else f": {format_score(told.score, scale=told.scale)}"
        return (
            f"Out of red since {_near(on, told)}{score}. The escalation is closed, its story stays."
        )
    if told.state is not EscalationState.DECIDED:
        return ""
    verdict = Verdict(told.verdict).label
    if told.word_of:
        who = f"{told.word_of} decided, recorded by {told.decided_by}"
    else:
        who = f"{told.decided_by} decided"
    return f"{who}, {_day(on, told, weekday=True)}: {verdict[0].lower()}{verdict[1:]}."


def raised_because(told: Told) -> str:
    """Why it is with the sponsor: "three red weeks without a recovery plan"; else empty."""
    return RaisedFor(told.raised_for).label if told.raised_for else ""


def either(names: Sequence[str]) -> str:
    """ "Ines", "Ines or Tom", "Ines, Tom or Una"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _asked_of_active(told: Told) -> str:
    outcome = f"{told.owner} records the outcome: change the bet, or ask for help."
    if told.huddle_is_held:
        return f"After the huddle, {outcome}"
    if told.huddle_is_set:
        return f"The huddle is set. Then {outcome}"
    if told.huddle_is_late:
        return f"The 48 hours are over. {told.conveners} convenes the huddle, or {outcome}"
    return f"{told.conveners} convenes a huddle within 48 hours, then {outcome}"


def _asked_of_sponsor(told: Told) -> str:
    choice = "revise the key result formally, add resources, or change the strategy"
    if told.sponsors:
        return f"{either(told.sponsors)} decides: {choice}."
    return f"The sponsor decides: {choice}. No sponsor signs in here: the lead records their word."


def _reported(told: Told) -> str:
    if told.reported >= told.weeks:
        return "both reported" if told.weeks == 2 else "each of them reported"
    return f"{in_words(told.reported) if told.reported else 'none'} of them reported"


def _silence(told: Told) -> str:
    gap = told.reported < told.weeks
    return " A week without a check-in stays as the one before." if gap else ""


def _day(on: dt.date, told: Told, *, weekday: bool = False) -> str:
    return write_day(on, today=told.today, weekday=weekday)


def _near(on: dt.date, told: Told) -> str:
    """Within six days the weekday says it."""
    days = (told.today - on).days
    if days < 1:
        return "today"
    return f"{on:%A}" if days < 7 else _day(on, told, weekday=True).replace(" ", NO_BREAK)


def headline(counts: Mapping[str, int]) -> str:
    """ "Three escalations are open: one is over its time, two are only watched."

    `counts` says how many there are of OVER and of each open state.
    """
    total = sum(counts.values())
    if not total:
        return "No escalation is open."
    many = "escalation is" if total == 1 else "escalations are"
    whole = {1: "it", 2: "both"}.get(total, "all")
    parts = [
        f"{whole if number == total else in_words(number)} {words[number != 1]}"
        for name, words in IN_HEADLINE.items()
        if (number := counts.get(name, 0))
    ]
    return f"{in_words(total).capitalize()} {many} open: {', '.join(parts)}."
