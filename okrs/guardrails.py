"""How much a set may hold (M2.5): a warning in draft, a block at commit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from okrs.models import CycleKind
from okrs.standards import Finding, Severity

MICRO_DAYS = 28

FEW_ENOUGH = "Few enough to be worked on."
WHOLE_SET = "A set is written down whole before any of it is committed."
ENOUGH_TO_PROVE = "Enough key results to show whether it came true."
SHORT = "A micro cycle is short, and serves a key result above it."


@dataclass(frozen=True)
class Span:
    """Fewest and most, both inside it."""

    fewest: int
    most: int

    def __str__(self) -> str:
        return str(self.most) if self.fewest == self.most else f"{self.fewest} to {self.most}"


@dataclass(frozen=True, kw_only=True)
class Guardrails:
    """One preset: objectives a cycle by kind and level, key results an objective."""

    annual: Span
    company: Span
    team: Span
    key_results: Span


PRESETS: Mapping[str, Guardrails] = MappingProxyType(
    {
        "playbook": Guardrails(
            annual=Span(3, 5), company=Span(1, 4), team=Span(1, 4), key_results=Span(2, 4)
        ),
        "small_business": Guardrails(
            annual=Span(1, 3), company=Span(1, 3), team=Span(1, 2), key_results=Span(2, 4)
        ),
        "wide": Guardrails(
            annual=Span(3, 5), company=Span(3, 5), team=Span(3, 5), key_results=Span(3, 5)
        ),
    }
)
MICRO = Guardrails(annual=Span(1, 1), company=Span(1, 1), team=Span(1, 1), key_results=Span(1, 2))


def guardrails(*, preset: str, kind: str) -> Guardrails:
    """The guardrails of a cycle of this kind; micro cycles have their own in every preset."""
    return MICRO if kind == CycleKind.MICRO else PRESETS[preset]


def objectives_span(*, preset: str, kind: str, level: str) -> Span:
    """How many objectives the company or one team holds in a cycle of this kind."""
    chosen = guardrails(preset=preset, kind=kind)
    if kind == CycleKind.ANNUAL:
        return chosen.annual
    return chosen.company if level == "company" else chosen.team


def check_objectives(
    *, span: Span, drafted: int, committed: int, who: str, committing: int = 0
) -> list[Finding]:
    """Findings on a set of objectives: at least the fewest written down, at most the most.

    `committed` of the `drafted` are committed; while `committing`, only what would be committed
    counts against the most, so that a set with one too many can still commit the others.
    """
    held = committed + committing if committing else drafted
    if held > span.most:
        what = f"{_objectives(held)} where at most {span.most} fit"
        return [_finding("objectives_most", f"{who} would hold {what}: merge or drop one.")]
    if drafted < span.fewest:
        what = f"{_objectives(drafted)} of at least {span.fewest}"
        return [
            _finding("objectives_fewest", f"{who} has {what}: write down the rest.", rule=WHOLE_SET)
        ]
    return []


def check_key_results(*, span: Span, count: int) -> list[Finding]:
    """Findings on the number of key results of one objective."""
    if span.fewest <= count <= span.most:
        return []
    held = f"{count} key result" + ("" if count == 1 else "s")
    few = count < span.fewest
    mend = "add what still proves it" if few else "keep those that prove it best"
    return [
        _finding(
            "key_results_count",
            f"{held} stand{'s' if count == 1 else ''} here, {span} show whether it came true: {mend}.",
            rule=ENOUGH_TO_PROVE if few else FEW_ENOUGH,
        )
    ]


def check_micro(*, kind: str, days: int, has_parent: bool) -> list[Finding]:
    """Findings on a micro objective: at most 28 days, and a parent key result."""
    if kind != CycleKind.MICRO:
        return []
    findings = []
    if days > MICRO_DAYS:
        findings.append(
            _finding(
                "micro_days",
                f"{days} days are too long for micro: keep to {MICRO_DAYS}.",
                rule=SHORT,
            )
        )
    if not has_parent:
        findings.append(
            _finding(
                "micro_parent",
                "Link a key result to the one that the experiment is for.",
                rule=SHORT,
            )
        )
    return findings


def _objectives(count: int) -> str:
    return f"{count} objective" + ("" if count == 1 else "s")


def _finding(code: str, message: str, *, rule: str = FEW_ENOUGH) -> Finding:
    return Finding(
        code=code,
        severity=Severity.BLOCK,
        rule=rule,
        message=message,
        at_commit=True,
    )
