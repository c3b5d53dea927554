"""The parts of a status page in finished texts: headline, changes, decisions, objectives, report."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from operator import itemgetter

from decisions.models import Decision
from decisions.movement import moved_since
from engagements.models import Engagement
from engagements.places import zone_time
from okrs.formatting import NO_BREAK, YES_NO, write_day, write_value, write_weeks
from okrs.models import Cycle, CycleKind, Forecast, KeyResult, Objective
from okrs.states import terms_of
from reviews.models import Review
from scoring import Rag, rag, score
from status.key_results import KeyResultToday, key_result_row, objective_standing
from status.schema import Block, Change, DecisionRow, PublishedText, ReportText

MOST_OF_OBJECTIVE = 5  # decisions
BANDS = (Rag.RED, Rag.AMBER, Rag.GREEN, Rag.STRETCH)
OTHERS = {
    Forecast.BEHIND: "behind",
    Forecast.NO_RECENT_UPDATE: "no recent update",
    Forecast.NOT_MEASURED: "not measured yet",
}
BOTH = {2: "Both"}
States = Sequence[KeyResultToday]
LONGEST_NAME = 90
CYCLE_NAMES = {CycleKind.ANNUAL: "year", CycleKind.QUARTERLY: "quarter"}


def status_headline(states: States, *, today: dt.date) -> str:
    """Return for example "5 of 6 key results are on pace. 1 is behind. 1 is red: its title."."""
    if not states:
        return "No objective is committed right now."
    red = [
        # An escalated key result needs action even if it is on pace (M7.2).
        (state.key_result, state.is_early and not state.is_escalated)
        for state in states
        if state.key_result.rag == Rag.RED
    ]
    return describe_progress(Counter(state.forecast for state in states), red=red, today=today)


def describe_progress(
    forecasts: Counter[Forecast], *, red: Sequence[tuple[KeyResult, bool]], today: dt.date
) -> str:
    """Return how many key results are on pace, behind or not known (M9.2), and which are red.

    `red`: each red key result, and whether it is merely early.
    """
    if set(forecasts) <= {Forecast.NOT_MEASURED}:
        return "Work has started. No key result has a value yet."
    return f"{_describe_pace(forecasts)} {_describe_reds(red, today=today)}"


def _describe_pace(forecasts: Counter[Forecast]) -> str:
    """Return for example "5 of 7 key results are on pace. 1 is behind, 1 has no recent update."."""
    total, on_pace = forecasts.total(), forecasts[Forecast.ON_PACE]
    if len(forecasts) == 1:
        (only,) = forecasts
        who = (
            "The only key result"
            if total == 1
            else f"{BOTH.get(total, f'All {total}')} key results"
        )
        return f"{who} {_verb(only, total)} {only.label.lower()}."
    others = [
        f"{forecasts[one]} {_verb(one, forecasts[one])} {what}"
        for one, what in OTHERS.items()
        if forecasts[one]
    ]
    first = f"{on_pace or 'None'} of {total} key results {_verb(Forecast.ON_PACE, on_pace)} on pace"
    return f"{first}. {', '.join(others)}."


def _verb(forecast: Forecast, count: int) -> str:
    one, more = ("has", "have") if forecast is Forecast.NO_RECENT_UPDATE else ("is", "are")
    return one if count == 1 else more


def _describe_reds(red: Sequence[tuple[KeyResult, bool]], *, today: dt.date) -> str:
    early = [key_result for key_result, is_early in red if is_early]
    are_red = f"{len(red)} {'is' if len(red) == 1 else 'are'} red"
    if not red:
        return "None is red."
    if len(early) == len(red):
        return f"{are_red}. Scores are still low: {_describe_age(early[0], today=today)}."
    if early:
        return f"{are_red}, {len(early)} of them still on pace."
    title = red[0][0].title
    return f"{are_red}: {title}." if len(red) == 1 and len(title) <= LONGEST_NAME else f"{are_red}."


def _describe_age(key_result: KeyResult, *, today: dt.date) -> str:
    """Return for example "the quarter is three weeks old"."""
    cycle = key_result.objective.cycle
    name = CYCLE_NAMES.get(CycleKind(cycle.kind), "cycle")
    weeks = (today - cycle.starts_on).days // 7
    return f"the {name} has just begun" if weeks < 1 else f"the {name} is {write_weeks(weeks)} old"


def changes_since(states: States, *, since: Review | None, today: dt.date) -> list[Change]:
    """List values that changed since the last review, else since the baseline.

    The most notable comes first. Ties stay in the order of the page.
    """
    standings = since.standings if since else {}
    ranked = []
    for state in states:
        key_result = state.key_result
        then, band, was = key_result.baseline, None, None
        if since:
            frozen = standings.get(key_result.public_id) or {}
            then, band, was = frozen.get("value"), frozen.get("rag"), frozen.get("score")
        if then is None or key_result.latest_value is None:
            continue
        then = Decimal(then)
        if then != key_result.latest_value:
            was = score(**terms_of(key_result, actual=then)) if was is None else Decimal(was)
            ranked.append((notability(state, was=was), _change(state, then=then, band=band)))
    return [change for _, change in sorted(ranked, key=itemgetter(0), reverse=True)]


def notability(state: KeyResultToday, *, was: Decimal | None) -> tuple[int, bool, Decimal]:
    """Return what makes a change notable: bands crossed, red, and how far the score has moved.

    Red that is merely early does not count: the calendar must not alarm clients (M12).
    """
    key_result = state.key_result
    if was is None or key_result.score is None:
        return 0, False, Decimal(0)
    before = BANDS.index(rag(was, key_result.engagement.rag_bands))
    crossed = abs(BANDS.index(Rag(key_result.rag)) - before)
    is_red = key_result.rag == Rag.RED and not state.is_early
    return crossed, is_red, abs(key_result.score - was)


def _change(state: KeyResultToday, *, then: Decimal, band: str | None) -> Change:
    key_result = state.key_result
    unit = key_result.unit
    words = Rag(key_result.rag).label
    if band == key_result.rag:
        words = f"{words}, as before"
    elif band is not None:
        words = f"{Rag(band).label} to {words}"
    return {
        "rag": key_result.rag,
        "title": key_result.title,
        "then": write_value(then, unit=unit if unit == YES_NO else ""),
        "now": write_value(key_result.latest_value, unit=unit),
        "words": f"{words}, still on pace" if state.is_early else words,
    }


def decision_row(
    decision: Decision, *, states: States, engagement: Engagement, today: dt.date
) -> DecisionRow:
    """Return the text of a decision, its change, its owner and how the metric moved since."""
    moved = _moved_since(decision, states=states)
    row: DecisionRow = {
        "number": decision.number,
        "iso": decision.decided_on.isoformat(),
        "on": write_day(decision.decided_on, today=today, weekday=False),
        "text": decision.text,
        "meta": " · ".join(part for part in (decision.change_label, moved) if part),
        "moved": moved,
    }
    if engagement.shows_owners:
        row["owner"] = decision.owner.name
    return row


def _moved_since(decision: Decision, *, states: States) -> str:
    """Return for example "since then 8.2 → 7.4%", for the first key result it is about.

    Without a newer value there is nothing to compare.
    """
    key_results = {state.key_result.public_id: state.key_result for state in states}
    for touch in decision.touches:
        key_result = key_results.get(str(touch.get("key_result", "")))
        if key_result is not None and touch.get("value") is not None:
            movement = moved_since(decision.decided_on, touch, key_result)
            return movement.sentence if movement.words else ""
    return ""


def objective_block(
    states: States,
    *,
    decisions: Sequence[Decision],
    engagement: Engagement,
    today: dt.date,
    rows_of: States,
) -> Block:
    """Return an objective with its key results and the latest decisions about it."""
    objective = states[0].key_result.objective
    own = [
        decision
        for decision in decisions
        if any(touch.get("objective") == objective.public_id for touch in decision.touches)
    ]
    block: Block = {
        "id": objective.public_id,
        "label": _label(objective),
        "title": objective.title,
        "meta": _describe_mean(states),
        "standing": objective_standing(states, engagement=engagement, today=today),
        "key_results": [
            key_result_row(state, engagement=engagement, today=today) for state in states
        ],
        "decisions": [
            decision_row(decision, states=rows_of, engagement=engagement, today=today)
            for decision in own[:MOST_OF_OBJECTIVE]
        ],
    }
    if engagement.shows_owners:
        block["owner"] = objective.owner.name
    return block


def _label(objective: Objective) -> str:
    level = f"Team objective · {objective.team}" if objective.team else "Company objective"
    parent = objective.parent
    # Clients don't read drafts, not even their titles.
    if parent is None or parent.committed_at is None:
        return level
    return f"{level} · contributes to “{parent.title}”"


def _describe_mean(states: States) -> str:
    count = len(states)
    weighted = len({state.key_result.weight for state in states}) > 1
    mean = f", {'weighted ' if weighted else ''}average of scores" if count > 1 else ""
    missing = sum(state.key_result.score is None for state in states)
    without = f", {missing} not measured yet" if missing else ""
    return f"{count} key result{'' if count == 1 else 's'}{mean}{without}"


def cycle_heading(cycle: Cycle, *, today: dt.date) -> str:
    """Return for example "Q1, week 10 of 13, 21 days left"."""
    if cycle.ends_on < today:
        return f"{cycle.name}, ended {write_day(cycle.ends_on, today=today, weekday=False)}"
    week = (today - cycle.starts_on).days // 7 + 1
    left = (cycle.ends_on - today).days
    days = "last day" if not left else f"{left} day{'' if left == 1 else 's'} left"
    return f"{cycle.name}, week {week} of {cycle.weeks}, {days}"


def published_text(
    text: ReportText,
    *,
    number: int,
    review: Review | None,
    published_at: dt.datetime,
    by: str,
    head: tuple[int, str],
    engagement: Engagement,
    today: dt.date,
) -> PublishedText:
    """Return the texts of a report, and the head of the decision log to compare with later."""
    sections = [
        ("What changed", text["moved"]),
        ("What’s red, and what we’re doing about it", text["red"]),
        ("What was decided", text["decided"]),
        ("What’s next", text["next_steps"]),
    ]
    head_number, head_hash = head
    on = engagement.today(published_at)
    return {
        "number": number,
        "headline": text["headline"],
        "words": [[heading, words] for heading, words in sections if words],
        "title": review.title if review else "",
        "published": write_instant(published_at, engagement=engagement),
        "on": write_day(on, today=today, weekday=False),
        "by": by,
        "head": f"{head_number}:{head_hash[:16]}" if head_number else "",
    }


def write_instant(at: dt.datetime, *, engagement: Engagement) -> str:
    """Write for example "10 Mar 2026, 09:40 Berlin time": pages are printed."""
    local = engagement.local(at)
    day = f"{local.day} {local:%b} {local.year}, {local:%H:%M}".replace(" ", NO_BREAK)
    return f"{day} {zone_time(engagement.time_zone)}"
