"""The shape of a finished page: texts, numbers and lists that JSON stores as they are.

Add new keys as NotRequired only: pages published earlier lack them.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Bar(TypedDict):
    """A score bar, for `components/track.html`."""

    bar: str
    gaps: str
    pace: str


class Spark(TypedDict):
    """For `components/spark.html`."""

    trace: str
    dots: str
    goal: str


class Standing(TypedDict):
    """A score with its band, for a key result or an objective."""

    rag: str
    word: str
    score: str
    early: bool
    stage: str
    track: Bar
    colour: str
    sentence: str
    pace: str


class KeyResult(TypedDict):
    """A row of the page."""

    id: str
    title: str
    meta: str
    flags: list[str]  # need action
    notes: list[str]  # quiet: stale, unverified
    detail: str
    answered: NotRequired[str]  # since when action is under way
    baseline: str
    latest: str
    unit: str
    target: str
    spark: Spark | None
    spark_sentence: str
    starts_on: str
    due_on: str
    standing: Standing
    confidence: int | None
    insight: str
    next_action: str
    next_due: str
    said: str  # when, and whether the next one is late


class Said(TypedDict):
    """A decision in the log of the page."""

    number: int
    iso: str
    on: str
    text: str
    meta: str
    moved: str


class Block(TypedDict):
    """An objective with its key results."""

    id: str
    label: str
    title: str
    meta: str
    standing: Standing
    key_results: list[KeyResult]
    decisions: list[Said]


class Cycle(TypedDict):
    """The objectives of one cycle; the heading is empty where there is one cycle only."""

    heading: str
    blocks: list[Block]


class Move(TypedDict):
    """A value that changed since the last review."""

    rag: str
    title: str
    then: str
    now: str
    words: str


class Red(TypedDict):
    """A red key result, and the action on it."""

    id: str
    title: str
    since: str  # how long, or that it is early and on pace
    early: bool
    answered: NotRequired[str]
    insight: str
    next: str


class Tally(TypedDict):
    """How many key results are in a band."""

    rag: str
    word: str
    count: int


class Words(TypedDict):
    """The texts that the lead adds to the figures."""

    headline: str
    moved: str
    red: str
    decided: str
    next_steps: str


class Report(TypedDict):
    """The texts of a published report, with their date."""

    number: int
    headline: str
    words: list[tuple[str, str]]  # heading and text, none empty
    title: str
    published: str
    on: str
    by: str
    head: str


class Page(TypedDict):
    """A status page."""

    client: str
    day: str
    kicker: str
    headline: str
    stamp: str
    since: str
    moves: list[Move]
    more_moves: int
    reds: list[Red]
    decided: list[Said]
    counts: str
    tally: list[Tally]
    forecasts: str
    line: str
    success: str  # of aspirational ones
    folded: bool
    cycles: list[Cycle]
    legend: list[Tally]
    bands: list[str]
    report: Report | None
