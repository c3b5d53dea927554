"""The items of an agenda, in their order, with minutes that fit (M8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from decisions.commands.decisions import key_result_ids
from decisions.movement import Moved
from okrs.formatting import YES_NO, write_value
from reviews.models import ReviewKind, Section
from reviews.reasons import AgendaFacts, DecisionFacts, KeyResultFacts, Reason, reasons
from reviews.screens import SEPARATOR
from scoring import Rag, format_number

LEAST = 2  # minutes
LONGEST_WHY = 240
MOST_DAYS = 3
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


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """An item built from data. `source` names its cause and stays the same while the cause lasts.

    `key_result` is a public id; `rows` are the rows of a list.
    """

    section: Section
    source: str
    title: str
    why: str
    minutes: int
    key_result: str = ""
    rows: Sequence[dict[str, str]] = ()


def draw(facts: AgendaFacts) -> list[Drawn]:
    """Build the items of an agenda, in order.

    A key result appears once, under its strongest reason; its `why` lists the others too.
    """
    monthly = facts.kind == ReviewKind.MONTHLY
    causes = {row.public_id: reasons(row, facts) for row in facts.key_results}
    items: list[Drawn | None] = [actions(facts), wins(causes, facts), closing(facts)]
    missing = []
    # The most important of a section comes first.
    ranked = [(causes[row.public_id], row) for row in facts.key_results if causes[row.public_id]]
    ranked.sort(key=lambda pair: (-pair[0][0].weight, pair[1].title.casefold()))
    for row_causes, row in ranked:
        first = row_causes[0]
        if monthly and first.section == Section.QUIET:
            missing.append((row, first))
        else:
            why = SEPARATOR.join(cause.why for cause in row_causes)
            items.append(
                Drawn(
                    section=first.section,
                    source=f"kr:{row.public_id}",
                    title=row.title,
                    why=why if len(why) <= LONGEST_WHY else f"{why[: LONGEST_WHY - 1]}…",
                    minutes=first.minutes,
                    key_result=row.public_id,
                )
            )
    if monthly:
        items += [missing_check_ins(missing), experiments(facts), decisions(facts)]
    order = SECTIONS[facts.kind]
    return sorted((item for item in items if item), key=lambda item: order.index(item.section))


@dataclass(frozen=True, kw_only=True)
class Place:
    """An item by name, its rank by the data, and whether someone moved it."""

    name: str
    rank: tuple[int, int]
    is_moved: bool = False


def merge(there: Sequence[Place], fresh: Sequence[Place]) -> list[str]:
    """Return the names in their new order.

    A new item goes before the first one that ranks after it. Existing items are sorted by rank too,
    unless someone moved one of them.
    """
    order = list(there)
    if not any(place.is_moved for place in there):
        order.sort(key=lambda place: place.rank)
    for place in sorted(fresh, key=lambda place: place.rank):
        at = next((at for at, other in enumerate(order) if other.rank > place.rank), len(order))
        order.insert(at, place)
    return [place.name for place in order]


def fit(minutes: Sequence[int], *, into: int) -> list[int]:
    """Shorten the minutes in proportion until they fit; each item has at least two."""
    total = sum(minutes)
    if total <= into:
        return list(minutes)
    fitted = [max(LEAST, one * into // total) for one in minutes]
    while sum(fitted) > into and max(fitted) > LEAST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def actions(facts: AgendaFacts) -> Drawn | None:
    """Return the overdue actions, which open the review (M8.3)."""
    overdue = sorted(facts.actions, key=lambda action: action.due_on, reverse=True)
    if not overdue:
        return None
    days = [facts.day(action.due_on) for action in overdue]
    if len(days) > MOST_DAYS:
        why = f"the oldest due {days[-1]}"
    else:
        why = f"due {' and '.join(filter(None, (', '.join(days[:-1]), days[-1])))}"
    return Drawn(
        section=Section.ACTIONS,
        source="actions",
        title=_counted(len(overdue), "overdue action"),
        why=why,
        minutes=min(6, 2 + len(overdue)),
        rows=[
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
        ],
    )


def missing_check_ins(missing: Sequence[tuple[KeyResultFacts, Reason]]) -> Drawn | None:
    """Return key results whose check-in is late or missing, without a stronger reason."""
    if not missing:
        return None
    count = len(missing)
    return Drawn(
        section=Section.QUIET,
        source="quiet",
        title=f"{_counted(count, 'check-in')} missing",
        why=missing[0][1].why if count == 1 else "check-ins late or missed",
        minutes=min(6, 2 + count),
        rows=[
            {
                "title": row.title,
                "meta": _joined(row.owner or "no owner", reason.why),
                "key_result": row.public_id,
                "rag": row.rag.value,
            }
            for row, reason in missing
        ],
    )


def experiments(facts: AgendaFacts) -> Drawn | None:
    """Return the results of micro cycles that ended since the last review (M2.5)."""
    rows = facts.experiments
    if not rows:
        return None
    cycles = list(dict.fromkeys(row.objective.cycle.name for row in rows))
    ended = facts.day(max(row.objective.cycle.ends_on for row in rows))
    alone = len(cycles) == 1
    return Drawn(
        section=Section.EXPERIMENTS,
        source="experiments",
        title=f"Experiment: {cycles[0]}" if alone else _counted(len(cycles), "experiment"),
        why=f"ended {ended}, lessons" if alone else f"the last ended {ended}",
        minutes=min(8, 2 + 2 * len(cycles)),
        rows=[
            {
                "title": row.title,
                "meta": _joined("" if alone else row.objective.cycle.name, row.insight),
                "key_result": row.public_id,
                "rag": Rag(row.rag).value,
                **_from_to(
                    row.baseline, row.latest_value, unit=row.metric.unit if row.metric else ""
                ),
            }
            for row in rows
        ],
    )


def wins(causes: Mapping[str, Sequence[Reason]], facts: AgendaFacts) -> Drawn | None:
    """Return key results with a better score since the last review, at most with a late check-in."""
    calm = [
        row
        for row in facts.key_results
        if all(cause.section == Section.QUIET for cause in causes[row.public_id])
    ]
    gains = [(gain, row) for row in calm if (gain := _gain(row)) > 0]
    if not gains:
        return None
    best_first = [row for _, row in sorted(gains, key=lambda pair: (-pair[0], pair[1].title))]
    since = f"since {facts.day(facts.since)}" if facts.since else "since the start"
    return Drawn(
        section=Section.WINS,
        source="wins",
        title="Wins and learnings",
        why=f"{len(gains)} moved up {since}",
        minutes=4,
        rows=[
            {
                "title": row.title,
                "meta": row.insight,
                "key_result": row.public_id,
                "rag": row.rag.value,
                **_from_to(
                    row.baseline if row.earlier_value is None else row.earlier_value,
                    row.value,
                    unit=row.unit,
                ),
            }
            for row in best_first
        ],
    )


def decisions(facts: AgendaFacts) -> Drawn | None:
    """Return the decisions of the last review, and how their metrics moved since (M8)."""
    if not facts.decisions:
        return None
    return Drawn(
        section=Section.DECISIONS,
        source="decisions",
        title="Last review’s decisions",
        why=_outcomes(facts.decisions),
        minutes=min(6, 2 + len(facts.decisions)),
        rows=[
            {
                "title": row.decision.text,
                "meta": _joined(
                    row.decision.owner.name,
                    f"due {facts.day(row.decision.due_on)}",
                    ", ".join(str(one["title"]) for one in row.decision.touches if "title" in one),
                ),
                "key_result": next(iter(key_result_ids(row.decision.touches)), ""),
                "label": "since then" if row.words else "no value since" * bool(row.label),
                "words": row.words,
            }
            for row in facts.decisions
        ],
    )


def _outcomes(decisions: Sequence[DecisionFacts]) -> str:
    """Return for example "3 improved, 1 didn’t, 1 without a new value"."""
    counts = Counter(decision.label for decision in decisions)
    words = {
        Moved.BETTER: "improved",
        Moved.NO_BETTER: "didn’t" if counts[Moved.BETTER] else "not improved",
        Moved.UNKNOWN: "without a new value",
    }
    counted = [f"{counts[label]} {word}" for label, word in words.items() if counts[label]]
    return ", ".join(counted) or f"{len(decisions)} to review"


def closing(facts: AgendaFacts) -> Drawn:
    """Return the last item; in the monthly review with the three questions of M8.4."""
    monthly = facts.kind == ReviewKind.MONTHLY
    return Drawn(
        section=Section.CLOSING,
        source="closing",
        title="Closing questions" if monthly else "Closing",
        why="always last",
        minutes=2,
    )


def _gain(row: KeyResultFacts) -> Decimal:
    """Return how far the score rose since the last review, else since the start."""
    return (row.score or Decimal(0)) - (row.earlier_score or Decimal(0))


def _from_to(then: Decimal | None, now: Decimal | None, *, unit: str) -> dict[str, str]:
    before = "" if then is None else format_number(then)
    return {
        "from": write_value(then, unit=unit) if unit == YES_NO and then is not None else before,
        "to": write_value(now, unit=unit),
    }


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
