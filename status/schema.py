"""The content of a snapshot: texts, numbers and lists that JSON stores as they are.

Names of people are in keys of their own, NotRequired, so that they can be left out at reading.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from okrs.charts import Sparkline, Track


class Standing(TypedDict):
    """A score with its band, for a key result or an objective."""

    rag: str
    word: str
    score: str


class KeyResultStanding(Standing):
    """The forecast, score and pace of a key result."""

    forecast: str
    early: bool
    track: Track
    sentence: str
    pace: str


class KeyResultRow(TypedDict):
    """A key result with its figures and its last check-in."""

    id: str
    title: str
    owner: NotRequired[str]
    meta: str
    notes: list[str]
    detail: str
    answered: str  # the response to red
    plan: str
    plan_owner: NotRequired[str]
    checkpoint_on: str  # of the plan, while it runs
    baseline: str
    latest: str
    unit: str
    target: str
    spark: Sparkline | None
    spark_sentence: str
    starts_on: str
    due_on: str
    standing: KeyResultStanding
    confidence: int | None
    insight: str
    next_action: str
    next_due: str
    next_overdue: bool
    next_on: str
    said: str  # when, and whether the next one is late


class DecisionRow(TypedDict):
    """A decision of the log that clients read."""

    number: int
    iso: str
    on: str
    text: str
    owner: NotRequired[str]
    meta: str
    moved: str


class Block(TypedDict):
    """An objective with its key results."""

    id: str
    label: str
    title: str
    owner: NotRequired[str]
    forecasts: list[str]  # "1 of 2 on pace"
    standing: Standing
    key_results: list[KeyResultRow]
    decisions: list[DecisionRow]


class CycleBlocks(TypedDict):
    """The objectives of one cycle; the heading is empty if it is the only cycle."""

    heading: str
    blocks: list[Block]


class Change(TypedDict):
    """A value that changed since the last review."""

    rag: str
    forecast: str
    title: str
    then: str
    now: str
    words: str


class RedItem(TypedDict):
    """A key result that is behind pace or red, and the action on it."""

    id: str
    rag: str
    title: str
    since: str  # its forecast, and how long it has been red
    answered: str
    insight: str
    next: str


class Band(TypedDict):
    """A band of the legend."""

    rag: str
    word: str


class Counts(TypedDict):
    """How many key results are in which state; one can count in several."""

    on_pace: int
    behind: int
    no_recent_update: int
    not_measured: int
    red: int
    late: int


class ReportText(TypedDict):
    """The texts that the lead adds to the figures."""

    headline: str
    moved: str
    red: str
    decided: str
    next_steps: str


class PublishedText(TypedDict):
    """The texts of a published report, with their date."""

    number: int
    headline: str
    words: list[list[str]]  # heading and text, none empty
    title: str
    published: str
    on: str
    by: str
    head: str


class Page(TypedDict):
    client: str
    on: str
    day: str
    kicker: str
    headline: str
    stamp: str
    since: str
    moves: list[Change]
    more_moves: int
    reds: list[RedItem]
    decided: list[DecisionRow]
    counts: str
    states: Counts
    success: str  # of aspirational ones
    folded: bool
    cycles: list[CycleBlocks]
    legend: list[Band]
    bands: list[str]
    report: PublishedText | None
