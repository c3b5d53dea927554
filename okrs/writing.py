"""The writing standards of M3 with their checks: heuristics that people can overrule with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from okrs import vocabulary
from scoring import Method, Rungs, ScoringError, validate_rungs
from tenancy.text import comparable, one_line


class Severity(TextChoices):
    """Effect of a finding: it blocks saving or committing, asks for a reason, or is a hint."""

    BLOCK = "block", "Must fix"
    REASON = "reason", "Needs a reason"
    HINT = "hint", "Hint"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that a text or a set breaks (M3.1)."""

    code: str
    severity: Severity
    rule: str
    message: str  # one sentence: how to fix it
    before: str = ""
    after: str = ""
    at_commit: bool = False  # a draft may still be saved


MOST = 240  # characters of a title
LONGEST = 120  # of an objective, without a hint
FEW_WORDS = 3  # "Improve customer engagement" has no room to say for whom

EMPTY = Finding(
    code="empty",
    severity=Severity.BLOCK,
    rule="Every objective and key result has a title.",
    message="Enter one sentence.",
    before="(nothing)",
    after="Make first-time buyers want to return",
)
TOO_LONG = Finding(
    code="too_long",
    severity=Severity.BLOCK,
    rule=f"A title has at most {MOST} characters.",
    message=f"Shorten it to {MOST} characters.",
    before="Make first-time buyers want to return, and then …",
    after="Make first-time buyers want to return",
)
DUPLICATE = Finding(
    code="repeated",
    severity=Severity.BLOCK,
    rule="Titles are unique.",
    message="This title exists already: open that one, or change this one.",
    before="Delight our customers (twice)",
    after="Delight our customers in their first month",
)
MEASURE = Finding(
    code="measure",
    severity=Severity.REASON,
    rule="An objective is an outcome in words. Numbers belong to its key results.",
    message="Describe the benefit, and move the number to a key result.",
    before="Raise renewals from 84 to 92%",
    after="Make renewing an easy decision",
)
PROJECT = Finding(
    code="project",
    severity=Severity.REASON,
    rule="An objective is an outcome, not a project.",
    message="Describe what will be different for whom when the project is done.",
    before="Complete the rollout of the new help desk",
    after="Answer customers before they have to ask twice",
)
TIME_SPAN = Finding(
    code="time_span",
    severity=Severity.HINT,
    rule="A time span in an objective is part of its meaning, not a deadline.",
    message="Leave it out unless it defines the outcome. A key result can measure it.",
    before="Make first-time buyers want to return within 30 days",
    after="Make first-time buyers want to return",
)
VAGUE = Finding(
    code="vague",
    severity=Severity.HINT,
    rule="An objective names the people for whom something will be better.",
    message="Add who will notice, and the difference it makes to them.",
    before="Improve engagement",
    after="Make our store teams proud of the service they give",
)
LONG = Finding(
    code="long",
    severity=Severity.HINT,
    rule="An objective has at most 120 characters.",
    message="Shorten it until people can remember it.",
    before="Improve the way in which we work with all of our partners in all regions so that …",
    after="Be the supplier that partners call first",
)
SENTENCES = Finding(
    code="sentences",
    severity=Severity.HINT,
    rule="An objective is one sentence.",
    message="Keep the first sentence, and move the rest to “Why now”.",
    before="Win back trust. Last year was hard on our clients.",
    after="Win back the trust of our clients",
)
NO_VERB = Finding(
    code="no_verb",
    severity=Severity.HINT,
    rule="An objective starts with a verb.",
    message="Start with a verb such as make, win, earn or grow.",
    before="Better onboarding",
    after="Get new customers to their first win sooner",
)
INCOMPLETE = Finding(
    code="incomplete",
    severity=Severity.BLOCK,
    rule="A key result has a baseline, a target, a due date, an owner, a metric and its source.",
    message="Add what is missing.",
    before="Faster onboarding",
    after="Median onboarding time, 9 to 4 days by 31 March, Dana, from the loyalty system",
    at_commit=True,
)
TARGET_IS_BASELINE = Finding(
    code="target_is_baseline",
    severity=Severity.BLOCK,
    rule="Baseline and target differ.",
    message="Change the baseline or the target, or use a ladder for “keep it above”.",
    before="Satisfaction, 62 to 62, linear",
    after="Satisfaction, a ladder: at least 62 gives 1.00",
)
LADDER = Finding(
    code="ladder",
    severity=Severity.BLOCK,
    rule="A ladder goes from the best rung to the worst.",
    message="Order the rungs from best to worst.",
    before="Lower is better: 8 gives 1.00, 4 gives 0.70",
    after="Lower is better: 4 gives 1.00, 8 gives 0.70",
)
ACTIVITY = Finding(
    code="activity",
    severity=Severity.REASON,
    rule="A key result shows an outcome, not an amount of work.",
    message="Measure what the work changes, and keep the work as an initiative.",
    before="Publish 12 guides",
    after="Share of readers of a guide who ask for a trial, 2 to 5%",
)
NO_MEASURE = Finding(
    code="no_measure",
    severity=Severity.REASON,
    rule="A key result names the thing that is counted.",
    message="Name the share, time, score or number of things that shows the change.",
    before="Improve engagement from 60 to 80%",
    after="Share of teams that answer the weekly pulse with 4 or 5, 60 to 80%",
)
NO_LEADING = Finding(
    code="no_leading",
    severity=Severity.HINT,
    rule="An objective has a leading and a lagging key result.",
    message="Add a leading key result that moves within weeks, or mark one as leading.",
    before="Renewal rate, alone",
    after="Renewal rate, and accounts that use two features a week",
)
NO_LAGGING = Finding(
    code="no_lagging",
    severity=Severity.HINT,
    rule="An objective has a leading and a lagging key result.",
    message="Add a lagging key result that proves the outcome, or mark one as lagging.",
    before="Trials started, alone",
    after="Trials started, and revenue from new customers",
)
SLOW_METRIC = Finding(
    code="slow_metric",
    severity=Severity.HINT,
    rule="A key result uses a metric that is refreshed weekly or more often.",
    message="Track it as a KPI, or add a proxy that changes weekly.",
    before="Yearly engagement survey",
    after="Share of teams that answer the weekly pulse with 4 or 5",
)
NOT_MOVING = Finding(
    code="not_moving",
    severity=Severity.HINT,
    rule="A key result uses a metric that moves from week to week.",
    message="Its last four values are the same. Add a metric that moves earlier.",
    before="Renewed contracts: 12, 12, 12, 12",
    after="Share of contracts with a renewal date agreed: 31, 35, 38, 44%",
)
SOLE_AUTHOR = Finding(
    code="sole_author",
    severity=Severity.HINT,
    rule="The reviewer is not the only author.",
    message="Choose another reviewer, or add your co-authors as collaborators.",
    before="Written and reviewed by Dana, alone",
    after="Written by Dana with Lena, reviewed by Dana",
)


def check_objective(*, title: str, others: Iterable[str] = ()) -> list[Finding]:
    """Check the title of an objective; `others` are the other titles of its cycle (M3)."""
    if len(title) > MOST:
        return [TOO_LONG]
    title = one_line(title)
    if not title:
        return [EMPTY]
    found = {
        DUPLICATE: plain(title) in map(plain, others),
        MEASURE: vocabulary.holds_measure(title),
        PROJECT: vocabulary.reads_like_project(title),
        TIME_SPAN: vocabulary.names_time_span(title),
        VAGUE: len(title.split()) <= FEW_WORDS and vocabulary.names_no_measure(title),
        LONG: len(title) > LONGEST,
        SENTENCES: _sentences(title) > 1,
        NO_VERB: not vocabulary.starts_with_verb(title),
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
    moves: bool = True,
) -> list[Finding]:
    """Check a key result; `others` are the other titles of its objective (M3).

    `unit` is that of its metric, `missing` names its missing parts ("a target"), and
    `fits_weekly` is False if its metric is refreshed less often than weekly, and `moves` if the
    metric's last four values are the same.
    """
    if len(title) > MOST:
        return [TOO_LONG]
    title = one_line(title)
    if not title:
        return [EMPTY]
    linear = method == Method.LINEAR
    same = linear and baseline is not None and baseline == target
    wrong = ""
    if rungs and not linear:  # the audit asks for missing ones at commit
        try:
            validate_rungs(rungs, higher_is_better=higher_is_better)
        except ScoringError as error:
            wrong = str(error)
    named = " and ".join(filter(None, (", ".join(missing[:-1]), *missing[-1:])))
    findings = {
        DUPLICATE: plain(title) in map(plain, others),
        TARGET_IS_BASELINE: same,
        replace(LADDER, message=wrong): bool(wrong),
        replace(INCOMPLETE, message=f"Add {named}."): bool(missing),
        ACTIVITY: vocabulary.counts_activity(title, counted=target is not None, unit=unit),
        NO_MEASURE: vocabulary.names_no_measure(title),
        SLOW_METRIC: not fits_weekly,
        NOT_MOVING: not moves,
    }
    return [finding for finding, holds in findings.items() if holds]


def check_set(indicators: Iterable[str], *, micro: bool = False) -> list[Finding]:
    """Check that key results are both leading and lagging; micro objectives are exempt (M3)."""
    marked = set(indicators)
    if micro or not marked:
        return []
    found = {"leading": NO_LEADING, "lagging": NO_LAGGING}
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
    """Return the key of a title: that of names, and final punctuation doesn't count either."""
    return comparable(title).rstrip(" .!?")


def _sentences(title: str) -> int:
    return 1 + sum(
        vocabulary.ends_sentence(word) and following[0].isalnum()
        for word, following in pairwise(title.split())
    )
