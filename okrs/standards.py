"""The writing standards (M3) in words: each rule, how to mend it, and a pair that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does: stop the save or the commit, ask for a reason, or only say so."""

    BLOCK = "block"
    REASON = "reason"
    HINT = "hint"

    @property
    def label(self) -> str:
        return {"block": "Must be mended", "reason": "Needs a reason", "hint": "Hint"}[self.value]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that a text or a set does not meet (M3.1)."""

    code: str
    severity: Severity
    rule: str
    message: str  # one sentence: how to mend it
    before: str = ""
    after: str = ""
    at_commit: bool = False  # a draft may still be saved


MOST = 240  # characters of a title

EMPTY = Finding(
    code="empty",
    severity=Severity.BLOCK,
    rule="A sentence says what it is.",
    message="Write it in one sentence.",
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
SAID_TWICE = Finding(
    code="said_twice",
    severity=Severity.BLOCK,
    rule="Each sentence stands once.",
    message="This sentence stands here already: open that one, or say how this one differs.",
    before="Delight our customers (twice)",
    after="Delight our customers in their first month",
)
MEASURE = Finding(
    code="measure",
    severity=Severity.REASON,
    rule="An objective is an outcome in words; the figures are its key results’.",
    message="Say what it is good for, and move the figure to a key result.",
    before="Raise renewals from 84 to 92 %",
    after="Make renewing an easy decision",
)
PROJECT = Finding(
    code="project",
    severity=Severity.REASON,
    rule="An objective is an outcome, not a project.",
    message="Say what will be different for whom once the project is done.",
    before="Complete the rollout of the new help desk",
    after="Answer customers before they have to ask twice",
)
LONG = Finding(
    code="long",
    severity=Severity.HINT,
    rule="An objective has at most 120 characters.",
    message="Shorten it until people can say it from memory.",
    before="Improve the way in which we work with all of our partners in all regions so that …",
    after="Be the supplier that partners call first",
)
SENTENCES = Finding(
    code="sentences",
    severity=Severity.HINT,
    rule="An objective is one sentence.",
    message="Keep the first sentence, and move the rest to “why now”.",
    before="Win back trust. Last year was hard on our clients.",
    after="Win back the trust of our clients",
)
NO_VERB = Finding(
    code="no_verb",
    severity=Severity.HINT,
    rule="An objective starts with a verb.",
    message="Begin with what you will do, such as make, win, earn or grow.",
    before="Better onboarding",
    after="Get new customers to their first win sooner",
)
INCOMPLETE = Finding(
    code="incomplete",
    severity=Severity.BLOCK,
    rule="A key result has a start, a goal, a due date, an owner, a metric and its source.",
    message="Add what is missing.",
    before="Faster onboarding",
    after="Median onboarding time, 9 to 4 days by 31 March, Dana, from the loyalty system",
    at_commit=True,
)
TARGET_IS_BASELINE = Finding(
    code="target_is_baseline",
    severity=Severity.BLOCK,
    rule="A line needs two ends.",
    message="Start and goal are the same: change one, or use a ladder for “keep it above”.",
    before="Satisfaction, 62 to 62, linear",
    after="Satisfaction, a ladder: at least 62 gives 1.00",
)
LADDER = Finding(
    code="ladder",
    severity=Severity.BLOCK,
    rule="A ladder falls from rung to rung.",
    message="Order the rungs from best to worst.",
    before="Lower is better: 8 gives 1.00, 4 gives 0.70",
    after="Lower is better: 4 gives 1.00, 8 gives 0.70",
)
ACTIVITY = Finding(
    code="activity",
    severity=Severity.REASON,
    rule="A key result shows an outcome; a count of things made shows only work.",
    message="Measure what the work changes, and keep the work as an initiative.",
    before="Publish 12 guides",
    after="Share of readers of a guide who ask for a trial, 2 to 5 percent",
)
NO_LEADING = Finding(
    code="no_leading",
    severity=Severity.HINT,
    rule="An objective has a leading and a lagging key result.",
    message="Add a leading one that moves within weeks, or mark the one that does.",
    before="Renewal rate, alone",
    after="Renewal rate, and accounts that use two features a week",
)
NO_LAGGING = Finding(
    code="no_lagging",
    severity=Severity.HINT,
    rule="An objective has a leading and a lagging key result.",
    message="Add a lagging one that proves the outcome, or mark the one that does.",
    before="Trials started, alone",
    after="Trials started, and revenue from new customers",
)
SLOW_METRIC = Finding(
    code="slow_metric",
    severity=Severity.HINT,
    rule="A key result reads a figure that is new every week.",
    message="Watch it as a KPI, or add a proxy that moves weekly.",
    before="Yearly engagement survey",
    after="Share of teams that answer the weekly pulse with 4 or 5",
)
SOLE_AUTHOR = Finding(
    code="sole_author",
    severity=Severity.HINT,
    rule="Whoever reviews it is never its only author.",
    message="Name another reviewer, or whoever wrote it with you under “Who helps”.",
    before="Written and reviewed by Dana, alone",
    after="Written by Dana with Lena, reviewed by Dana",
)
