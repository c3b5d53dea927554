"""The writing checks of M3: heuristics on plain text. People can overrule them with a reason."""

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
    """Check the title of an objective; `others` are the other titles of its cycle (M3)."""
    if len(title) > standards.MOST:
        return [standards.TOO_LONG]
    title = " ".join(title.split())
    if not title:
        return [standards.EMPTY]
    found = {
        standards.DUPLICATE: plain(title) in map(plain, others),
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
    """Check a key result; `others` are the other titles of its objective (M3).

    `unit` is that of its metric, `missing` names what it lacks ("a target", "an owner"), and
    `fits_weekly` is False if its metric is refreshed less often than weekly.
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
        standards.DUPLICATE: plain(title) in map(plain, others),
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
    """Check that key results are both leading and lagging; micro objectives are exempt (M3)."""
    marked = set(indicators)
    if micro or not marked:
        return []
    found = {"leading": standards.NO_LEADING, "lagging": standards.NO_LAGGING}
    return [finding for word, finding in found.items() if word not in marked]


def refused(findings: Iterable[Finding]) -> list[ValidationError]:
    """Return the findings that block even a draft, as errors."""
    return [
        ValidationError(finding.message, code=finding.code)
        for finding in findings
        if finding.severity is Severity.BLOCK and not finding.at_commit
    ]


def without_reason(findings: Iterable[Finding], reasons: Mapping[str, str]) -> list[Finding]:
    """Return the findings that need a reason and have none yet (M3.1)."""
    return [
        finding
        for finding in findings
        if finding.severity is Severity.REASON and not reasons.get(finding.code, "").strip()
    ]


def plain(title: str) -> str:
    """Normalise a title for comparison: spaces, final punctuation and case don't count."""
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
