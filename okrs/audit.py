"""The audit (M4.2): six criteria, all needed at commit. Reads the card, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from metrics.models import Metric
from okrs.models import KeyResult, KeyResultAudit
from scoring import Method


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One of the six, whether it passes, and how to mend it if not."""

    code: str
    label: str
    passed: bool
    mend: str


def audit(key_result: KeyResult, answers: KeyResultAudit | None) -> list[Criterion]:
    """The six criteria in order; the last is a person's answer, the fourth a confirmation."""
    metric = key_result.metric
    open_ends = _open_ends(key_result)
    return [
        Criterion(
            code="answerable",
            label="Answerable with yes or no",
            passed=not open_ends,
            mend=f"Add {' and '.join(open_ends)}.",
        ),
        Criterion(
            code="source_named",
            label="Source named",
            passed=metric is not None and bool(metric.source.strip()),
            mend="Choose a metric." if metric is None else f"Name the source of “{metric}”.",
        ),
        Criterion(
            code="baseline_measured",
            label="Start measured",
            passed=key_result.baseline is not None,
            mend="Measure where it starts, and give that figure.",
        ),
        Criterion(
            code="refresh_confirmed",
            label="Refresh confirmed",
            passed=bool(metric and metric.refresh and answers and answers.refresh_confirmed),
            mend=_confirm_refresh(metric),
        ),
        Criterion(
            code="one_owner",
            label="One owner",
            passed=key_result.owner_id is not None,
            mend="Name one person who answers for it.",
        ),
        Criterion(
            code="ambitious",
            label="Ambitious, yet reachable",
            passed=answers is not None and answers.ambitious,
            mend="Say that it is ambitious yet reachable; 20 to 30 percent above trend is the guide.",
        ),
    ]


def answers_of(key_result: KeyResult) -> KeyResultAudit | None:
    """The person's answers, from a prefetched `audits` where there is one."""
    return next(iter(key_result.audits.all()), None)


def _confirm_refresh(metric: Metric | None) -> str:
    if metric is not None and not metric.refresh:
        return f"Say how often “{metric}” is refreshed, then confirm it."
    return "Confirm how often the figure is refreshed."


def _open_ends(key_result: KeyResult) -> list[str]:
    """What is missing before yes or no can be said at the end."""
    open_ends = []
    if key_result.target is None:
        open_ends.append("a goal")
    if key_result.method == Method.LADDER and not key_result.ladder:
        open_ends.append("the rungs of its ladder")
    if key_result.due_on is None:
        open_ends.append("a due date")
    return open_ends
