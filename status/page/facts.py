"""The facts of a status page, read from current rows or from history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from decisions.queries.decisions import DecisionFacts
from engagements.models import Engagement
from okrs.states import Trail


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyResultFacts:
    """A committed key result with its objective, cycle and figures; names, no keys.

    `escalated_since` is when its open escalation became active, `answered_since` when the first
    action was taken, `decided_streak` the red streak that the sponsor decided about. Clients see
    no more of an escalation than these and the plan's checkpoint (M12).
    """

    public_id: str
    title: str
    owner: str | None
    commitment: str
    weight: Decimal
    method: str
    direction: str
    unit: str | None
    baseline: Decimal | None
    target: Decimal | None
    starts_on: dt.date
    due_on: dt.date | None
    committed_at: dt.datetime
    objective: str  # public id
    objective_title: str
    objective_owner: str
    team: str | None
    parent: str | None
    cycle: str  # public id
    cycle_name: str
    cycle_kind: str
    cycle_starts_on: dt.date
    cycle_ends_on: dt.date
    stage: str
    value: Decimal | None
    score: Decimal | None
    rag: str
    confidence: int | None
    measured_on: dt.date | None
    last_period: dt.date | None
    last_week: dt.date | None
    red_since: dt.date | None
    escalated_since: dt.datetime | None
    answered_since: dt.datetime | None
    decided_streak: dt.date | None
    checkpoint_on: dt.date | None
    insight: str
    next_action: str
    next_action_due: dt.date | None
    evidence_url: str
    trail: Trail


@dataclass(frozen=True, kw_only=True)
class Since:
    """The published review that the page compares with, and the figures at its close."""

    title: str
    on: dt.date
    standings: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class LastReport:
    """The texts of the last report, and the head of the decision log at that time."""

    number: int
    headline: str
    moved: str
    red: str
    decided: str
    next_steps: str
    review: str | None  # its title
    published_at: dt.datetime
    published_by: str
    head_number: int
    head_hash: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All facts of one page as of `at`.

    `today` is the day on the client's calendar, `posted_at` the time of the latest check-in that
    was not undone.
    """

    engagement: Engagement
    at: dt.datetime
    today: dt.date
    posted_at: dt.datetime | None
    key_results: Sequence[KeyResultFacts]
    decisions: Sequence[DecisionFacts]
    since: Since | None
    report: LastReport | None
