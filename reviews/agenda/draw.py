"""The agendas of reviews (M8): which items, in which order, for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reviews.agenda.escalations import SEPARATOR
from reviews.agenda.facts import AgendaFacts, Drawn, KeyResultFacts
from reviews.agenda.lists import actions, closing, decisions, experiments, quiet_list, wins
from reviews.agenda.reasons import (
    Reason,
    asks_for_help,
    behind,
    blocked,
    quiet,
    red,
    returning,
    stuck,
    unowned,
)
from reviews.models import ReviewKind, Section

LONGEST_WHY = 240
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
Reasons = list[Reason]


def draw(facts: AgendaFacts) -> list[Drawn]:
    """Build the items of an agenda, in order.

    A key result appears once, under its strongest reason; its `why` lists the others too.
    """
    reasons = _monthly_reasons if facts.kind == ReviewKind.MONTHLY else _weekly_reasons
    found = [(row, reasons(row, facts)) for row in facts.key_results]
    spoken_of = [(row, causes) for row, causes in found if causes]
    # A key result with a late check-in can still be a win.
    calm = [row for row, causes in found if all(one.section == Section.QUIET for one in causes)]
    items: list[Drawn | None] = [actions(facts), *_single(spoken_of, kind=facts.kind)]
    if facts.kind == ReviewKind.MONTHLY:
        silent = [(row, causes[0]) for row, causes in spoken_of if _is_quiet_only(causes)]
        items += [
            quiet_list(silent),
            experiments(facts),
            wins(calm, facts),
            decisions(facts),
        ]
    else:
        items.append(wins(calm, facts))
    items.append(closing(facts))
    order = SECTIONS[facts.kind]
    return sorted((one for one in items if one), key=lambda one: order.index(one.section))


def _monthly_reasons(row: KeyResultFacts, facts: AgendaFacts) -> Reasons:
    found = [
        red(row, today=facts.today),
        behind(row, scale=facts.scale),
        blocked(row, today=facts.today),
        asks_for_help(row, today=facts.today),
        quiet(row, today=facts.today),
    ]
    return [one for one in found if one]


def _weekly_reasons(row: KeyResultFacts, facts: AgendaFacts) -> Reasons:
    found = [
        quiet(row, today=facts.today),
        unowned(row),
        stuck(row, today=facts.today),
        returning(row),
    ]
    return [one for one in found if one]


def _is_quiet_only(causes: Reasons) -> bool:
    return causes[0].section == Section.QUIET


def _single(spoken_of: Sequence[tuple[KeyResultFacts, Reasons]], *, kind: str) -> Iterator[Drawn]:
    """Yield one item for each key result, the most important of a section first."""
    ranked = sorted(spoken_of, key=lambda pair: (-pair[1][0].weight, pair[0].title.casefold()))
    for row, causes in ranked:
        if kind == ReviewKind.MONTHLY and _is_quiet_only(causes):
            continue
        yield Drawn(
            section=causes[0].section,
            source=f"kr:{row.public_id}",
            title=row.title,
            why=_shortened(SEPARATOR.join(one.why for one in causes)),
            minutes=causes[0].minutes,
            key_result=row.public_id,
        )


def _shortened(why: str) -> str:
    return why if len(why) <= LONGEST_WHY else f"{why[: LONGEST_WHY - 1]}…"
