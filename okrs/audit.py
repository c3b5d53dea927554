"""The audit (M4.2): six criteria that a key result must meet at commit."""

from __future__ import annotations

from dataclasses import dataclass

from metrics.models import Metric
from okrs.models import KeyResult, KeyResultAudit
from scoring import Method


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One of the six criteria: whether it passes, and how to fix it if not."""

    code: str
    label: str
    passed: bool
    fix: str


def audit(key_result: KeyResult, answers: KeyResultAudit | None) -> list[Criterion]:
    """Return the six criteria in order; `answers` decide `refresh_confirmed` and `ambitious`."""
    metric = key_result.metric
    open_ends = _open_ends(key_result)
    return [
        Criterion(
            code="answerable",
            label="Answerable with yes or no",
            passed=not open_ends,
            fix=f"Add {' and '.join(open_ends)}.",
        ),
        Criterion(
            code="source_named",
            label="Source named",
            passed=metric is not None and bool(metric.source.strip()),
            fix="Choose a metric." if metric is None else f"Add the source of “{metric}”.",
        ),
        Criterion(
            code="baseline_measured",
            label="Baseline measured",
            passed=key_result.baseline is not None,
            fix="Measure the baseline and enter it.",
        ),
        Criterion(
            code="refresh_confirmed",
            label="Refresh confirmed",
            passed=bool(metric and metric.refresh and answers and answers.refresh_confirmed),
            fix=_confirm_refresh(metric),
        ),
        Criterion(
            code="one_owner",
            label="One owner",
            passed=key_result.owner_id is not None,
            fix="Choose one owner.",
        ),
        Criterion(
            code="ambitious",
            label="Ambitious yet reachable",
            passed=answers is not None and answers.ambitious,
            fix="Confirm that it is ambitious yet reachable. Aim for 20 to 30 % above the trend.",
        ),
    ]


def answers_of(key_result: KeyResult) -> KeyResultAudit | None:
    """Return the answers a person gave, from a prefetched `audits` if there is one."""
    return next(iter(key_result.audits.all()), None)


def _confirm_refresh(metric: Metric | None) -> str:
    if metric is not None and not metric.refresh:
        return f"Add how often “{metric}” is refreshed, then confirm it."
    return "Confirm how often the value is refreshed."


def _open_ends(key_result: KeyResult) -> list[str]:
    """Name the missing parts without which the end is no clear yes or no."""
    open_ends = []
    if key_result.target is None:
        open_ends.append("a target")
    if key_result.method == Method.LADDER and not key_result.ladder:
        open_ends.append("the rungs of its ladder")
    if key_result.due_on is None:
        open_ends.append("a due date")
    return open_ends
