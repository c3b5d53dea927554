"""The parts of a status page in finished texts: changes, decisions, objectives, report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from operator import itemgetter

from decisions.models import Decision
from decisions.movement import moved_since
from engagements.models import Engagement
from engagements.places import zone_time
from okrs.formatting import NO_BREAK, YES_NO, write_day, write_value
from okrs.headlines import count_forecasts
from okrs.models import Cycle, Forecast, Objective
from okrs.states import terms_of
from reviews.models import Review
from scoring import Rag, rag, score
from status.key_results import KeyResultToday, key_result_row, objective_standing
from status.schema import Block, Change, DecisionRow, PublishedText, ReportText

MOST_OF_OBJECTIVE = 5  # decisions
BANDS = (Rag.RED, Rag.AMBER, Rag.GREEN, Rag.STRETCH)
States = Sequence[KeyResultToday]


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
    """Return how notable a change is: bands crossed, red, and how far the score has moved.

    Red that is on pace does not count: the calendar must not alarm clients (M12).
    """
    key_result = state.key_result
    if was is None or key_result.score is None:
        return 0, False, Decimal(0)
    before = BANDS.index(rag(was, key_result.engagement.rag_bands))
    crossed = abs(BANDS.index(Rag(key_result.rag)) - before)
    is_red = state.is_red and state.forecast is not Forecast.ON_PACE
    return crossed, is_red, abs(key_result.score - was)


def _change(state: KeyResultToday, *, then: Decimal, band: str | None) -> Change:
    key_result = state.key_result
    unit = key_result.unit
    words = Rag(key_result.rag).label
    if band not in (None, key_result.rag):
        words = f"{Rag(band).label} to {words}"
    return {
        "rag": key_result.rag,
        "forecast": state.forecast,
        "title": key_result.title,
        "then": write_value(then, unit=unit if unit == YES_NO else ""),
        "now": write_value(key_result.latest_value, unit=unit),
        "words": f"{state.forecast.label}, {words}",
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
        "forecasts": count_forecasts(state.forecast for state in states),
        "standing": objective_standing(states, engagement=engagement),
        "key_results": [
            key_result_row(state, engagement=engagement, today=today) for state in states
        ],
        "decisions": [
            decision_row(decision, states=rows_of, engagement=engagement, today=today)
            for decision in own[:MOST_OF_OBJECTIVE]
        ],
    }
    if engagement.shows_owners:
        block["owner"] = objective.owner.name_as_owner
    return block


def _label(objective: Objective) -> str:
    level = f"Team objective · {objective.team}" if objective.team else "Company objective"
    parent = objective.parent
    # Clients don't read drafts, not even their titles.
    if parent is None or parent.committed_at is None:
        return level
    return f"{level} · contributes to “{parent.title}”"


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
        ("What’s behind or red, and what we’re doing about it", text["red"]),
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
