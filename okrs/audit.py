"""The audit (M4.2): six criteria that a key result must meet at commit."""

from __future__ import annotations

from typing import NamedTuple

from okrs.models import KeyResult, KeyResultAudit
from scoring import Method


class Criterion(NamedTuple):
    """One of the six criteria: whether it passes, and how to fix it if not."""

    code: str
    label: str
    passed: bool
    fix: str


def audit(key_result: KeyResult, answers: KeyResultAudit | None) -> list[Criterion]:
    """Return the six criteria in order; `answers` decide `refresh_confirmed` and `ambitious`."""
    metric = key_result.metric
    open_ends = {
        "a target": key_result.target is None,
        "the rungs of its ladder": key_result.method == Method.LADDER and not key_result.ladder,
        "a due date": key_result.due_on is None,
    }
    missing = " and ".join(part for part, is_open in open_ends.items() if is_open)
    sourced = metric is not None and bool(metric.source.strip())
    refreshed = bool(metric and metric.refresh and answers and answers.refresh_confirmed)
    ambitious = answers is not None and answers.ambitious
    source = f"Add the source of “{metric}”." if metric else "Choose a metric."
    refresh = "Confirm how often the value is refreshed."
    if metric and not metric.refresh:
        refresh = f"Add how often “{metric}” is refreshed, then confirm it."
    aim = "Confirm that it is ambitious yet reachable. Aim for 20 to 30% above the trend."
    baseline, measure = key_result.baseline, "Measure the baseline and enter it."
    return [
        Criterion("answerable", "Answerable with yes or no", not missing, f"Add {missing}."),
        Criterion("source_named", "Source named", sourced, source),
        Criterion("baseline_measured", "Baseline measured", baseline is not None, measure),
        Criterion("refresh_confirmed", "Refresh confirmed", refreshed, refresh),
        Criterion("one_owner", "One owner", key_result.owner_id is not None, "Choose one owner."),
        Criterion("ambitious", "Ambitious yet reachable", ambitious, aim),
    ]


def answers_of(key_result: KeyResult) -> KeyResultAudit | None:
    """Return the answers a person gave, from a prefetched `audits` if there is one."""
    return next(iter(key_result.audits.all()), None)
