"""The items of an agenda, in their order, with minutes that fit (M8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from decisions.commands import key_result_ids
from decisions.movement import Moved
from okrs.formatting import plain, write_figure, write_value
from okrs.models import KeyResult
from reviews.models import LONGEST_WHY, AgendaItem, ReviewKind, Section
from reviews.reasons import AgendaFacts, Reason, reasons
from reviews.screens import SEPARATOR, KeyResultFacts, as_number, clip, outcome_of

LEAST = 2  # minutes
MOST_DAYS = 3
Causes = Sequence[tuple[KeyResultFacts, Sequence[Reason]]]
SECTIONS: dict[str, tuple[Section, ...]] = {
    ReviewKind.MONTHLY: (
        Section.ACTIONS,
        Section.RED,
        Section.BEHIND,
        Section.BLOCKED,
        Section.HELP,
        Section.QUIET,
        Section.EXPERIMENTS,
        Section.WINS,
        Section.DECISIONS,
        Section.ADDED,
        Section.CLOSING,
    ),
    ReviewKind.WEEKLY: (
        Section.ACTIONS,
        Section.QUIET,
        Section.UNOWNED,
        Section.STUCK,
        Section.RETURNING,
        Section.WINS,
        Section.ADDED,
        Section.CLOSING,
    ),
}


def draw(facts: AgendaFacts) -> list[AgendaItem]:
    """Build the items of an agenda, in order and not saved, those of key results without facts.

    A key result appears once, under its strongest reason; its `why` lists the others too. `source`
    names the cause of an item and stays the same while the cause lasts.
    """
    monthly = facts.kind == ReviewKind.MONTHLY
    causes = [(row, reasons(row, facts)) for row in facts.key_results]
    items: list[AgendaItem | None] = [actions(facts), wins(causes, facts), closing(facts)]
    missing = []
    # The most important of a section comes first.
    for row, why in sorted(causes, key=_importance):
        if monthly and why and why[0].section == Section.QUIET:
            missing.append((row, why[0]))
        elif why:
            joined = SEPARATOR.join(cause.why for cause in why if cause.why)
            items.append(
                AgendaItem(
                    section=why[0].section,
                    source=f"kr:{row.key_result.public_id}",
                    title=row.key_result.title,
                    why=clip(joined, LONGEST_WHY),
                    minutes=why[0].minutes,
                    key_result=row.key_result,
                    objective=row.key_result.objective,
                )
            )
    if monthly:
        items += [missing_check_ins(missing), experiments(facts), decisions(facts)]
    order = SECTIONS[facts.kind]
    return sorted((item for item in items if item), key=lambda item: order.index(item.section))


def merge(
    there: Sequence[AgendaItem],
    fresh: Sequence[AgendaItem],
    *,
    rank: Callable[[AgendaItem], tuple[int, int]],
) -> list[AgendaItem]:
    """Return the items in their new order, by their rank in the data.

    A new item goes before the first one that ranks after it. Existing items are sorted by rank too,
    unless someone moved or discussed one of them.
    """
    order = list(there)
    if not any(item.moved_at or item.discussed_at for item in there):
        order.sort(key=rank)
    for item in sorted(fresh, key=rank):
        at = next((at for at, other in enumerate(order) if rank(other) > rank(item)), len(order))
        order.insert(at, item)
    return order


def list_facts(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "list", "rows": list(rows)}


def fit(minutes: Sequence[int], *, into: int) -> list[int]:
    """Shorten the minutes in proportion until they fit; each item has at least two."""
    total = sum(minutes)
    if total <= into:
        return list(minutes)
    fitted = [max(LEAST, one * into // total) for one in minutes]
    while sum(fitted) > into and max(fitted) > LEAST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def actions(facts: AgendaFacts) -> AgendaItem | None:
    """Return the overdue actions, which open the review (M8.3)."""
    overdue = sorted(facts.actions, key=lambda action: action.due_on, reverse=True)
    if not overdue:
        return None
    days = [facts.day(action.due_on) for action in overdue]
    if len(days) > MOST_DAYS:
        why = f"the oldest due {days[-1]}"
    else:
        why = f"due {' and '.join(filter(None, (', '.join(days[:-1]), days[-1])))}"
    return AgendaItem(
        section=Section.ACTIONS,
        source="actions",
        title=_counted(len(overdue), "overdue action"),
        why=why,
        minutes=min(6, 2 + len(overdue)),
        facts=list_facts(
            {
                "title": action.what,
                "meta": _joined(
                    action.owner.name,
                    f"due {facts.day(action.due_on)}",
                    action.key_result.title if action.key_result else "",
                ),
                "action": action.public_id,
            }
            for action in overdue
        ),
    )


def missing_check_ins(missing: Sequence[tuple[KeyResultFacts, Reason]]) -> AgendaItem | None:
    """Return key results whose check-in is late or missing, without a stronger reason."""
    if not missing:
        return None
    count = len(missing)
    return AgendaItem(
        section=Section.QUIET,
        source="quiet",
        title=f"{_counted(count, 'check-in')} missing",
        why=missing[0][1].why if count == 1 else "check-ins late or missed",
        minutes=min(6, 2 + count),
        facts=list_facts(
            {
                **_row(row.key_result),
                "meta": _joined(
                    row.key_result.owner.name if row.key_result.owner else "no owner", reason.why
                ),
            }
            for row, reason in missing
        ),
    )


def experiments(facts: AgendaFacts) -> AgendaItem | None:
    """Return the results of micro cycles that ended since the last review (M2.5)."""
    rows = facts.experiments
    if not rows:
        return None
    cycles = list(dict.fromkeys(row.objective.cycle.name for row in rows))
    ended = facts.day(max(row.objective.cycle.ends_on for row in rows))
    alone = len(cycles) == 1
    return AgendaItem(
        section=Section.EXPERIMENTS,
        source="experiments",
        title=f"Experiment: {cycles[0]}" if alone else _counted(len(cycles), "experiment"),
        why=f"ended {ended}, lessons" if alone else f"the last ended {ended}",
        minutes=min(8, 2 + 2 * len(cycles)),
        facts=list_facts(
            {
                **_row(row),
                "meta": _joined("" if alone else row.objective.cycle.name, row.insight),
                **_from_to(row, then=row.baseline),
            }
            for row in rows
        ),
    )


def wins(causes: Causes, facts: AgendaFacts) -> AgendaItem | None:
    """Return key results with a better score since the last review, at most with a late check-in."""
    gains = [
        (gain, row)
        for row, why in causes
        if all(cause.section == Section.QUIET for cause in why) and (gain := _gain(row)) > 0
    ]
    if not gains:
        return None
    gains.sort(key=lambda pair: (-pair[0], pair[1].key_result.title))
    since = f"since {facts.day(facts.since)}" if facts.since else "since the start"
    return AgendaItem(
        section=Section.WINS,
        source="wins",
        title="Wins and learnings",
        why=f"{len(gains)} moved up {since}",
        minutes=4,
        facts=list_facts(
            {
                **_row(row.key_result),
                "meta": row.key_result.insight,
                **_from_to(
                    row.key_result,
                    then=as_number(row.earlier.get("value") or plain(row.key_result.baseline)),
                ),
            }
            for _, row in gains
        ),
    )


def decisions(facts: AgendaFacts) -> AgendaItem | None:
    """Return the decisions of the last review, and how their metrics moved since (M8)."""
    if not facts.decisions:
        return None
    counts: Counter[Moved] = Counter()
    rows = []
    for decision, key_result in facts.decisions:
        label = words = ""
        if key_result is not None:
            movement = outcome_of(decision, key_result)
            counts[movement.moved] += 1
            words = movement.words
            label = "since then" if words else "no value since"
        rows.append(
            {
                "title": decision.text,
                "meta": _joined(
                    decision.owner.name,
                    f"due {facts.day(decision.due_on)}",
                    ", ".join(
                        str(touch["title"]) for touch in decision.touches if "title" in touch
                    ),
                ),
                "key_result": next(iter(key_result_ids(decision.touches)), ""),
                "label": label,
                "words": words,
            }
        )
    outcomes = {
        Moved.BETTER: "improved",
        Moved.NO_BETTER: "didn’t" if counts[Moved.BETTER] else "not improved",
        Moved.UNKNOWN: "without a new value",
    }
    counted = [f"{counts[moved]} {words}" for moved, words in outcomes.items() if counts[moved]]
    return AgendaItem(
        section=Section.DECISIONS,
        source="decisions",
        title="Last review’s decisions",
        why=", ".join(counted) or f"{len(rows)} to review",
        minutes=min(6, 2 + len(rows)),
        facts=list_facts(rows),
    )


def closing(facts: AgendaFacts) -> AgendaItem:
    """Return the last item; in the monthly review with the three questions of M8.4."""
    monthly = facts.kind == ReviewKind.MONTHLY
    return AgendaItem(
        section=Section.CLOSING,
        source="closing",
        title="Closing questions" if monthly else "Closing",
        why="always last",
        minutes=2,
    )


def _importance(causes: tuple[KeyResultFacts, list[Reason]]) -> tuple[Decimal, str]:
    row, why = causes
    return -why[0].weight if why else Decimal(0), row.key_result.title.casefold()


def _gain(row: KeyResultFacts) -> Decimal:
    """Return how far the score rose since the last review, else since the start."""
    return (row.key_result.score or Decimal(0)) - (
        as_number(row.earlier.get("score")) or Decimal(0)
    )


def _row(key_result: KeyResult) -> dict[str, str]:
    return {"title": key_result.title, "key_result": key_result.public_id, "rag": key_result.rag}


def _from_to(key_result: KeyResult, *, then: Decimal | None) -> dict[str, str]:
    return {
        "from": "" if then is None else write_figure(then, unit=key_result.unit),
        "to": write_value(key_result.latest_value, unit=key_result.unit),
    }


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
