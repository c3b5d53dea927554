"""What weeks and reviews brought: check-ins, the decision log with its proof, and actions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.db.models import Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.fields import TextField

from checkins.models import Blocker, CheckIn, CheckInKind, HelpRequest, PromptAnswer
from decisions.constraints import RELEASES, TABLE, sealed
from decisions.models import ActionItem, Decision, DecisionHead, Release
from engagements.models import Engagement
from escalations.models import Escalation
from imports.sheets import guard_formula
from workspace.exports.okr_sets import rungs
from workspace.exports.tables import (
    Column,
    Table,
    facts,
    figures,
    moments,
    named,
    names,
    selected,
    state,
    table,
    texts,
    yes,
)

OF_KEY_RESULT = (
    *facts(key_result="key_result__public_id"),
    *texts(key_result_title="key_result__title"),
)
# Neither the seconds somebody took nor whether they wrote much: nothing here ranks people (M6.7).
CHECK_INS = (
    *facts(check_in="public_id"),
    *texts(
        cycle="key_result__objective__cycle__name",
        team="key_result__objective__team__name",
        objective="key_result__objective__title",
    ),
    *OF_KEY_RESULT,
    state(
        "stands",
        (Q(superseded_by__undone_by__isnull=False), "undone"),
        (Q(superseded_by__isnull=False), "superseded"),
        (Q(kind=CheckInKind.UNDO), "takes back"),
        otherwise="yes",
    ),
    *facts(supersedes="supersedes__public_id", superseded_by="superseded_by__public_id"),
    *facts("period", "week", "measured_on"),
    *figures("actual"),
    yes("out_of_range_confirmed"),
    *facts("score", "rag", "confidence"),
    *texts("insight", "next_action"),
    *facts("next_action_due"),
    *texts("evidence_url"),
    *facts("method", "direction"),
    *figures("baseline", "target"),
    Column("ladder", "ladder", rungs),
    *moments("due_at", "closes_at"),
    *named("author", "undone_by"),
    *moments("posted_at"),
)
OF_CHECK_IN = (*facts(id="public_id"), *OF_KEY_RESULT, *facts(check_in="check_in__public_id"))
BLOCKERS = (
    Column("kind", Value("blocker", output_field=TextField())),
    *OF_CHECK_IN,
    *texts("text", by="opened_by__name"),
    *moments(at="opened_at"),
    Column("answer", Value("", output_field=TextField())),
    *texts(settled_by="resolved_by__name"),
    *moments(settled_at="resolved_at"),
)
HELP_REQUESTS = (
    Column("kind", Value("help", output_field=TextField())),
    *OF_CHECK_IN,
    *texts("text", by="asked_by__name"),
    *moments(at="asked_at"),
    *texts("answer", settled_by="answered_by__name"),
    *moments(settled_at="answered_at"),
)
PROMPT_ANSWERS = (
    *OF_CHECK_IN,
    *facts("band"),
    *texts("text", "bet"),
    *facts("checkpoint_on"),
    yes("crosses_teams"),
    *named("answered_by"),
    *moments("answered_at"),
)
ESCALATIONS = (
    *facts(escalation="public_id"),
    *facts("rule"),
    *OF_KEY_RESULT,
    state(
        "state",
        (Q(recovered_at__isnull=False), "recovered"),
        (Q(decided_at__isnull=False), "decided"),
        (Q(raised_at__isnull=False), "raised"),
        (Q(answered_at__isnull=False), "answered"),
        (Q(activated_at__isnull=False), "active"),
        otherwise="watching",
    ),
    *facts(red_since="streak"),
    *moments("opened_at", "activated_at"),
    *facts("cause"),
    *named("activated_by"),
    *moments("huddle_due_at", "huddle_at"),
    *named("huddle_set_by"),
    *moments("huddle_set_at"),
    *facts("outcome"),
    *texts("plan"),
    *named("plan_owner"),
    *facts("checkpoint_on"),
    *named("answered_by"),
    *moments("answered_at", "raised_at"),
    *facts("raised_for", "verdict"),
    *texts("verdict_note", "word_of", "evidence_url"),
    *named("decided_by"),
    *moments("decided_at", "recovered_at"),
)


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
    *facts("number", decision="public_id"),
    *facts("decided_on"),
    *texts("text"),
    *named("owner"),
    *facts("due_on", "change"),
    Column("touches", "touches", titles),
    Column("evidence", "evidence", labels),
    yes("client_visible"),
    *of_review(TABLE),
    *facts(supersedes="supersedes__number", superseded_by="superseded_by__number"),
    *named("recorded_by"),
    *moments("recorded_at"),
    *facts("previous_hash", "hash"),
    Column("sealed", RawSQL(sealed(TABLE), ())),  # noqa: S611 - our own expression, no input
)
RELEASE_COLUMNS = (
    *facts("number", "head_number", "head_hash", occasion="occasion_kind"),
    *facts("occasion_id", "report_hash"),
    *named("by"),
    *moments("at"),
    *facts("hash"),
    Column("sealed", RawSQL(sealed(RELEASES, table=RELEASES), ())),  # noqa: S611 - as above
)
ACTIONS = (
    *facts(action="public_id"),
    *texts("what"),
    *named("owner"),
    *facts("due_on"),
    state(
        "state",
        (Q(done_at__isnull=False), "done"),
        (Q(dropped_at__isnull=False), "dropped"),
        otherwise="open",
    ),
    *of_review("decisions_actionitem"),
    *facts(objective="objective__public_id"),
    *texts(objective_title="objective__title"),
    *OF_KEY_RESULT,
    *named("created_by"),
    *moments("created_at"),
    *named("done_by"),
    *moments("done_at"),
    *named("dropped_by"),
    *moments("dropped_at"),
)


def check_ins(engagement: Engagement) -> Table:
    """All that was ever posted; scores as they are stored (M5.7)."""
    about = (
        "Every check-in that was ever posted, in that order, with what its score was worked out"
        " from. `stands` says whether it counts, was superseded or undone since, or takes another"
        " one back."
    )
    rows = CheckIn.objects.filter(engagement=engagement).order_by("id")
    return table("check_ins.csv", about, rows, CHECK_INS)


def escalations(engagement: Engagement) -> Table:
    rows = Escalation.objects.filter(engagement=engagement).order_by("opened_at", "id")
    about = "What was red for too long: its clocks, recovery plan and outcome."
    return table("escalations.csv", about, rows, ESCALATIONS)


def blockers_and_help(engagement: Engagement) -> Table:
    blockers = Blocker.objects.filter(engagement=engagement).order_by("opened_at", "id")
    asked = HelpRequest.objects.filter(engagement=engagement).order_by("asked_at", "id")
    return Table(
        name="blockers_and_help.csv",
        about="Blockers and requests for help, with who settled them.",
        header=names(BLOCKERS),
        lines=chain(selected(blockers, BLOCKERS), selected(asked, HELP_REQUESTS)),
    )


def prompt_answers(engagement: Engagement) -> Table:
    rows = PromptAnswer.objects.filter(engagement=engagement).order_by("id")
    about = "What owners answered to the prompts of red, amber, green and stretch key results."
    return table("prompt_answers.csv", about, rows, PROMPT_ANSWERS)


def decisions(engagement: Engagement, *, head: DecisionHead | None) -> Table:
    """Return the log up to this head, even if a decision is added meanwhile."""
    rows = Decision.objects.filter(engagement=engagement, number__lte=head.number if head else 0)
    about = "The decision log from its first entry to the one named above, with its seals."
    return table("decisions.csv", about, rows.order_by("number"), DECISIONS)


def releases(engagement: Engagement, *, head: DecisionHead | None) -> Table:
    rows = Release.objects.filter(engagement=engagement, number__lte=head.released if head else 0)
    about = "The reports that were published, as links of the decision log's chain."
    return table("releases.csv", about, rows.order_by("number"), RELEASE_COLUMNS)


def actions(engagement: Engagement) -> Table:
    rows = ActionItem.objects.filter(engagement=engagement).order_by("created_at", "id")
    about = "Who does what by when, from reviews and between them."
    return table("actions.csv", about, rows, ACTIONS)
