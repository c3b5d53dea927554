"""The checks of M3: plain-text heuristics, pure. They point, people decide; reasons are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from django.core.exceptions import ValidationError

from okrs import standards, vocabulary
from okrs.standards import Finding, Severity
from scoring import Method, Rungs, ScoringError, validate_rungs

__all__ = [
    "Finding",
    "Severity",
    "check_key_result",
    "check_objective",
    "check_set",
    "refused",
    "without_reason",
]

LONGEST = 120


def check_objective(*, title: str, others: Iterable[str] = ()) -> list[Finding]:
    """What M3 says of an objective's sentence; `others` are the titles of its cycle."""
    if len(title) > standards.MOST:
        return [standards.TOO_LONG]
    title = " ".join(title.split())
    if not title:
        return [standards.EMPTY]
    found = {
        standards.SAID_TWICE: _said_among(title, others),
        standards.MEASURE: vocabulary.holds_measure(title),
        standards.PROJECT: vocabulary.reads_like_project(title),
        standards.LONG: len(title) > LONGEST,
        standards.SENTENCES: _sentences(title) > 1,
        standards.NO_VERB: not vocabulary.starts_with_verb(title),
    }
    return [finding for finding, holds in found.items() if holds]


def check_key_result(
    *,
    title: str,
    others: Iterable[str] = (),
    method: str = Method.LINEAR.value,
    higher_is_better: bool = True,
    baseline: Decimal | None = None,
    target: Decimal | None = None,
    rungs: Rungs = (),
    unit: str = "",
    missing: Sequence[str] = (),
    fits_weekly: bool = True,
) -> list[Finding]:
    """What M3 says of a key result; `others` are the titles beside it.

    `unit` is that of its metric; `missing` names what its card lacks ("goal", "owner" …);
    `fits_weekly` says whether its metric is refreshed at least weekly.
    """
    if len(title) > standards.MOST:
        return [standards.TOO_LONG]
    title = " ".join(title.split())
    if not title:
        return [standards.EMPTY]
    linear = method == Method.LINEAR
    same = linear and baseline is not None and baseline == target
    wrong = "" if linear else _ladder_problem(list(rungs), higher_is_better=higher_is_better)
    findings = {
        standards.SAID_TWICE: _said_among(title, others),
        standards.TARGET_IS_BASELINE: same,
        replace(standards.LADDER, message=wrong): bool(wrong),
        replace(standards.INCOMPLETE, message=f"Add {_listed(missing)}."): bool(missing),
        standards.ACTIVITY: vocabulary.counts_activity(
            title, counted=target is not None, unit=unit
        ),
        standards.SLOW_METRIC: not fits_weekly,
    }
    return [finding for finding, holds in findings.items() if holds]


def check_set(indicators: Iterable[str], *, micro: bool = False) -> list[Finding]:
    """What M3 says of an objective's key results together; micro objectives are exempt."""
    marked = set(indicators)
    if micro or not marked:
        return []
    found = {"leading": standards.NO_LEADING, "lagging": standards.NO_LAGGING}
    return [finding for word, finding in found.items() if word not in marked]


def refused(findings: Iterable[Finding]) -> list[ValidationError]:
    """The findings that even a draft must mend, as errors."""
    return [
        ValidationError(finding.message, code=finding.code)
        for finding in findings
        if finding.severity is Severity.BLOCK and not finding.at_commit
    ]


def without_reason(findings: Iterable[Finding], reasons: Mapping[str, str]) -> list[Finding]:
    """The findings that need a reason and have none yet (M3.1)."""
    return [
        finding
        for finding in findings
        if finding.severity is Severity.REASON and not reasons.get(finding.code, "").strip()
    ]


def _said_among(title: str, others: Iterable[str]) -> bool:
    said = plain(title)
    return any(plain(other) == said for other in others)


def plain(title: str) -> str:
    """What two titles have in common that say the same: neither case, spaces nor a final stop."""
    return " ".join(title.split()).rstrip(" .!?…").casefold()


def _sentences(title: str) -> int:
    return 1 + sum(
        vocabulary.ends_sentence(word) and following[0].isalnum()
        for word, following in pairwise(title.split())
    )


def _ladder_problem(rungs: list[tuple[object, object]], *, higher_is_better: bool) -> str:
    if not rungs:  # the audit asks for it at commit
        return ""
    try:
        validate_rungs(rungs, higher_is_better=higher_is_better)  # type: ignore[arg-type]
    except ScoringError as error:
        return str(error)
    return ""


def _listed(words: Sequence[str]) -> str:
    parts = (", ".join(words[:-1]), *words[-1:])
    return " and ".join(part for part in parts if part)
