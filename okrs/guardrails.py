"""Guardrails (M2.5): how many objectives and key results fit. They warn in draft and block a commit."""

from __future__ import annotations

from typing import NamedTuple

from okrs.models import CycleKind
from okrs.writing import Finding, Severity

# By kind of cycle, the longest in days and as people write it (M1).
LONGEST_CYCLES = {
    CycleKind.ANNUAL: (54 * 7, "54 weeks"),
    CycleKind.QUARTERLY: (14 * 7, "14 weeks"),
    CycleKind.MICRO: (28, "28 days"),
}

FOCUS = "Few enough to focus on."
WHOLE_SET = "All objectives of a set are drafted before the first is committed."
ENOUGH_PROOF = "Enough key results to prove success."
MICRO_RULE = "A micro cycle is short and supports a key result above it."


class Span(NamedTuple):
    """A lowest and a highest count, both allowed."""

    fewest: int
    most: int

    def __str__(self) -> str:
        return str(self.most) if self.fewest == self.most else f"{self.fewest} to {self.most}"


class Guardrails(NamedTuple):
    """A preset: objectives per cycle by kind and level, key results per objective."""

    annual: Span
    company: Span
    team: Span
    key_results: Span


PRESETS = {
    "playbook": Guardrails(Span(3, 5), Span(1, 4), Span(1, 4), Span(2, 4)),
    "small_business": Guardrails(Span(1, 3), Span(1, 3), Span(1, 2), Span(2, 4)),
    "wide": Guardrails(Span(3, 5), Span(3, 5), Span(3, 5), Span(3, 5)),
}
MICRO = Guardrails(Span(1, 1), Span(1, 1), Span(1, 1), Span(1, 2))


def guardrails(*, preset: str, kind: str) -> Guardrails:
    """Return the guardrails of a kind of cycle; micro cycles have the same in every preset."""
    return MICRO if kind == CycleKind.MICRO else PRESETS[preset]


def objectives_span(*, preset: str, kind: str, level: str) -> Span:
    """Return how many objectives the company or a team may have in a kind of cycle."""
    chosen = guardrails(preset=preset, kind=kind)
    if kind == CycleKind.ANNUAL:
        return chosen.annual
    return chosen.company if level == "company" else chosen.team


def check_objectives(
    *, span: Span, drafted: int, committed: int, who: str, committing: int = 0
) -> list[Finding]:
    """Check the number of objectives in a set.

    `drafted` counts all, `committed` those of them that are committed. While `committing`,
    drafts do not count against the highest number: a set with one objective too many can still
    commit the others.
    """
    count = committed + committing if committing else drafted
    if count > span.most:
        text = f"{who} would have {_objectives(count)}, at most {span.most}: merge or drop one."
        return [_finding("objectives_most", text)]
    if drafted < span.fewest:
        text = f"{who} has {_objectives(drafted)} of at least {span.fewest}: draft the rest first."
        return [_finding("objectives_fewest", text, rule=WHOLE_SET)]
    return []


def check_key_results(*, span: Span, count: int) -> list[Finding]:
    if span.fewest <= count <= span.most:
        return []
    few = count < span.fewest
    fix = "Add the missing ones" if few else "Keep those that prove success best"
    text = f"It has {count} key result{'' if count == 1 else 's'} instead of {span}. {fix}."
    return [_finding("key_results_count", text, rule=ENOUGH_PROOF if few else FOCUS)]


def check_micro(*, kind: str, has_parent: bool) -> list[Finding]:
    """Check that an objective of a micro cycle supports a parent key result."""
    if kind != CycleKind.MICRO or has_parent:
        return []
    text = "Link a key result to the one that this experiment supports."
    return [_finding("micro_parent", text, rule=MICRO_RULE)]


def _objectives(count: int) -> str:
    return f"{count} objective" + ("" if count == 1 else "s")


def _finding(code: str, message: str, *, rule: str = FOCUS) -> Finding:
    return Finding(code=code, severity=Severity.BLOCK, rule=rule, message=message, at_commit=True)
