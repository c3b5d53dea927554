"""What reviews brought: the decision log, provable outside, and actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.db.models.expressions import RawSQL

from decisions.constraints import RELEASES, TABLE, sealed
from decisions.models import ActionItem, Decision, DecisionHead, Release
from engagements.models import Engagement
from okrs.imports.sheets import guard_formula
from workspace.exports.tables import Column, Table, fact, moment, names, selected, state, words, yes


def titles(touches: Iterable[dict[str, Any]]) -> str:
    return guard_formula("; ".join(one["title"] for one in touches))


def labels(evidence: Iterable[dict[str, Any]]) -> str:
    return guard_formula("; ".join(one.get("url") or one["label"] for one in evidence))


def of_review(table: str) -> tuple[Column, Column]:
    """Return id and title of the review that a row came of, empty for any other."""
    joined = f"v.engagement_id = {table}.engagement_id AND v.public_id = {table}.occasion_id"
    found = f"(SELECT v.{{}} FROM reviews_review v WHERE {joined})"  # noqa: S608 - no input
    return (
        Column("review", RawSQL(found.format("public_id"), ())),  # noqa: S611 - no input
        Column("review_title", RawSQL(found.format("title"), ()), guard_formula),  # noqa: S611
    )


DECISIONS = (
    fact("number"),
    fact("decision", "public_id"),
    fact("decided_on"),
    words("text"),
    words("owner", "owner__name"),
    fact("due_on"),
    fact("change"),
    Column("touches", "touches", titles),
    Column("evidence", "evidence", labels),
    yes("client_visible"),
    *of_review(TABLE),
    fact("supersedes", "supersedes__number"),
    fact("superseded_by", "superseded_by__number"),
    words("recorded_by", "recorded_by__name"),
    moment("recorded_at"),
    fact("previous_hash"),
    fact("hash"),
    fact("sealed", RawSQL(sealed(TABLE), ())),  # noqa: S611 - our own expression, no input
)
RELEASE_COLUMNS = (
    fact("number"),
    fact("head_number"),
    fact("head_hash"),
    fact("occasion", "occasion_kind"),
    fact("occasion_id"),
    fact("report_hash"),
    words("by", "by__name"),
    moment("at"),
    fact("hash"),
    fact("sealed", RawSQL(sealed(RELEASES, table=RELEASES), ())),  # noqa: S611 - as above
)
ACTIONS = (
    fact("action", "public_id"),
    words("what"),
    words("owner", "owner__name"),
    fact("due_on"),
    state(
        "state",
        (Q(done_at__isnull=False), "done"),
        (Q(dropped_at__isnull=False), "dropped"),
        otherwise="open",
    ),
    *of_review("decisions_actionitem"),
    fact("objective", "objective__public_id"),
    words("objective_title", "objective__title"),
    fact("key_result", "key_result__public_id"),
    words("key_result_title", "key_result__title"),
    words("created_by", "created_by__name"),
    moment("created_at"),
    words("done_by", "done_by__name"),
    moment("done_at"),
    words("dropped_by", "dropped_by__name"),
    moment("dropped_at"),
)


def decisions(engagement: Engagement, *, head: DecisionHead | None) -> Table:
    """Return the log up to this head, even if a decision is added meanwhile."""
    rows = Decision.objects.filter(engagement=engagement, number__lte=head.number if head else 0)
    return Table(
        name="decisions.csv",
        about="The decision log from its first entry to the one named above, with its seals.",
        header=names(DECISIONS),
        lines=selected(rows.order_by("number"), DECISIONS),
    )


def releases(engagement: Engagement, *, head: DecisionHead | None) -> Table:
    rows = Release.objects.filter(engagement=engagement, number__lte=head.released if head else 0)
    return Table(
        name="releases.csv",
        about="The reports that were published, as links of the decision log's chain.",
        header=names(RELEASE_COLUMNS),
        lines=selected(rows.order_by("number"), RELEASE_COLUMNS),
    )


def actions(engagement: Engagement) -> Table:
    rows = ActionItem.objects.filter(engagement=engagement).order_by("created_at", "id")
    return Table(
        name="actions.csv",
        about="Who does what by when, from reviews and between them.",
        header=names(ACTIONS),
        lines=selected(rows, ACTIONS),
    )
