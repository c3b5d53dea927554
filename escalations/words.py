"""Sentences about an escalation, for screens and emails: why, what to do next, how it ended."""

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
OVER = "over"  # overdue, in any state
IN_HEADLINE = {  # in order of urgency
    OVER: "overdue",
    EscalationState.RAISED: "with the sponsor",
    EscalationState.ACTIVE: "waiting for a recovery plan",
    EscalationState.ANSWERED: "with a recovery plan under way",
    EscalationState.WATCHING: "watched",
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """The facts that the sentences need, as of `today` on the client's calendar.

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
    """Return "Opened because the weeks of 23 Feb and 2 Mar were red. Red for four weeks, …"."""
    first, second = (_day(on, told) for on in (told.streak, told.streak + WEEK))
    opened = f"Opened because the weeks of {first} and {second} were red."
    red = red_for(told.weeks).capitalize()
    return f"{opened} {red}, {_reported(told)}.{_silence(told)}"


def why_active(told: Told) -> str:
    """Return why it is active rather than watched (M7.2); empty while it is watched."""
    if told.cause == Cause.BY_HAND:
        return f"{told.activated_by or 'Someone'} activated it."
    limit = format_score(told.limit, scale=told.scale)
    now, was = (
        {
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
        }.get(Cause(told.cause), ("", ""))
        if told.cause
        else ("", "")
    )
    return f"It was watched until {was}." if told.was_watched and was else now


def why_watched(told: Told) -> str:
    """Return "Red, but still early: pace 0.28, …. It becomes active when …" (M7.2)."""
    return f"Red, but still early: {still_early(told)}"


def still_early(told: Told) -> str:
    """Return "pace 0.28, confidence 3, no blocker. It becomes active when …" (M7.2)."""
    pace = "" if told.pace is None else f"pace {format_score(told.pace, scale=told.scale)}, "
    limit = format_score(told.limit, scale=told.scale)
    on = ""
    if told.early_until is not None:
        on = f" ({_day(told.early_until + dt.timedelta(days=1), told)})"
    return (
        f"{pace}confidence {told.confidence or 'not given'}, no blocker."
        f" It becomes active when pace passes {limit}{on}, confidence falls below"
        f" {LEAST_CONFIDENCE}, or a blocker is added."
    )


def by_hand_means(told: Told) -> str:
    """Return what activating it does: who is notified, which deadline starts (M7.2 to M7.4)."""
    effect = (
        "Notifies the owner, the champion, the objective’s owner and the leads now."
        " They have 48 hours to hold a huddle."
    )
    if told.weeks < WEEKS_TO_RISE or not told.would_rise:
        return effect
    return f"{effect} Without a recovery plan it then goes to the sponsor."


def verdict_of(told: Told) -> str:
    """Return "Decided by the sponsor: add resources, 25 Nov"; empty unless it is decided."""
    if told.state is not EscalationState.DECIDED:
        return ""
    verdict = Verdict(told.verdict).label
    on = _day(told.closed_on or told.today, told)
    return f"Decided by the sponsor: {verdict[0].lower()}{verdict[1:]}, {on}"


def what_is_asked(told: Told) -> str:
    """Return the next step and who takes it (M7.3, M7.4); empty once it is closed."""
    match told.state:
        case EscalationState.WATCHING:
            return (
                "Nothing to do yet: no huddle, no deadline."
                " The objective’s owner, a champion or a program lead can activate it."
            )
        case EscalationState.ACTIVE:
            return _asked_of_active(told)
        case EscalationState.ANSWERED:
            on = _day(told.checkpoint_on or told.today, told, weekday=True)
            return (
                f"{told.plan_owner} is carrying out the recovery plan."
                f" If it is still red after {on}, it goes to the sponsor."
            )
        case EscalationState.RAISED:
            return _asked_of_sponsor(told)
    return ""


def how_it_ended(told: Told) -> str:
    """Return "Out of red since Monday: 0.31. The escalation is closed." (M7.8)."""
    on = told.closed_on or told.today
    if told.state is EscalationState.RECOVERED:
        score = "" if told.score is None else f": {format_score(told.score, scale=told.scale)}"
        return f"Out of red since {_near(on, told)}{score}. The escalation is closed."
    if told.state is not EscalationState.DECIDED:
        return ""
    verdict = Verdict(told.verdict).label
    who, recorded = told.decided_by, ""
    if told.word_of:
        who, recorded = told.word_of, f" Recorded by {told.decided_by}."
    day = _day(on, told, weekday=True)
    return f"{who} decided on {day}: {verdict[0].lower()}{verdict[1:]}.{recorded}"


def raised_because(told: Told) -> str:
    """Return why it is with the sponsor: "three red weeks without a recovery plan"; else empty."""
    return RaisedFor(told.raised_for).label if told.raised_for else ""


def either(names: Sequence[str]) -> str:
    """Return "Ines", "Ines or Tom" or "Ines, Tom or Una"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _asked_of_active(told: Told) -> str:
    outcome = f"{told.owner} records a recovery plan: change the bet, or ask for help."
    if told.huddle_is_held:
        return f"The huddle is over. Next, {outcome}"
    if told.huddle_is_set:
        return f"The huddle is scheduled. After it, {outcome}"
    if told.huddle_is_late:
        return f"The huddle is overdue. {told.conveners} convenes it now, or {outcome}"
    return f"{told.conveners} convenes a huddle within 48 hours, then {outcome}"


def _asked_of_sponsor(told: Told) -> str:
    choice = "revise the key result formally, add resources, or change the strategy"
    if told.sponsors:
        return f"{either(told.sponsors)} decides: {choice}."
    return f"The sponsor decides: {choice}. The sponsor has no account here, so a program lead records the decision."


def _reported(told: Told) -> str:
    if told.reported >= told.weeks:
        return "both reported" if told.weeks == 2 else "all reported"
    return f"{in_words(told.reported) if told.reported else 'none'} of them reported"


def _silence(told: Told) -> str:
    gap = told.reported < told.weeks
    return " A week without a check-in counts like the week before." if gap else ""


def _day(on: dt.date, told: Told, *, weekday: bool = False) -> str:
    return write_day(on, today=told.today, weekday=weekday)


def _near(on: dt.date, told: Told) -> str:
    """Return the weekday if it was in the last six days, else the date."""
    days = (told.today - on).days
    if days < 1:
        return "today"
    return f"{on:%A}" if days < 7 else _day(on, told, weekday=True).replace(" ", NO_BREAK)


def headline(counts: Mapping[str, int]) -> str:
    """Return "3 open escalations: 1 overdue, 2 watched."; `counts` are by OVER and open state."""
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
