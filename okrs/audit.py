"""The audit (M4.2): six criteria that a key result must meet at commit."""

from __future__ import annotations

from typing import NamedTuple

from okrs.models import KeyResult, KeyResultAudit
from scoring import Method


class Criterion(NamedTuple):
    """One of the six criteria: whether it passes, and how to fix it if not.

    The label names the subject, so that it reads right passed and open. `fact` is the data that
    passes it, if that is a word.
    """

    code: str
    label: str
    passed: bool
    fix: str
    fact: str = ""


def audit(key_result: KeyResult, answers: KeyResultAudit | None) -> list[Criterion]:
    """Return the six criteria in order. The data shows the first five, `answers` the last."""
    metric, owner = key_result.metric, key_result.owner
    open_ends = {
        "a target": key_result.target is None,
        "the rungs of its ladder": key_result.method == Method.LADDER and not key_result.ladder,
        "a due date": key_result.due_on is None,
    }
    missing = " and ".join(part for part, is_open in open_ends.items() if is_open)
    named = f"“{metric}”" if metric else "its metric"
    source = metric.source.strip() if metric else ""
    refresh = metric.get_refresh_display() if metric else ""
    add_source = f"Add the source of {named}." if metric else "Choose a metric."
    add_refresh = f"Add how often {named} is refreshed."
    measure, choose = "Measure the baseline and enter it.", "Choose one owner."
    ambitious = answers is not None and answers.ambitious
    aim = "Confirm that it is ambitious yet reachable. Aim for 20 to 30% above the trend."
    has_baseline = key_result.baseline is not None
    return [
        Criterion("answerable", "Yes or no at the end", not missing, f"Add {missing}."),
        Criterion("source_named", "Data source", bool(source), add_source, source),
        Criterion("baseline_measured", "Measured baseline", has_baseline, measure),
        Criterion("refresh_confirmed", "Refresh frequency", bool(refresh), add_refresh, refresh),
        Criterion("one_owner", "One owner", owner is not None, choose, str(owner or "")),
        Criterion("ambitious", "Ambitious yet reachable target", ambitious, aim),
    ]


def answers_of(key_result: KeyResult) -> KeyResultAudit | None:
    """Return the answer a person gave, from a prefetched `audits` if there is one."""
    return next(iter(key_result.audits.all()), None)
