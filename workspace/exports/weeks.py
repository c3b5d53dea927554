"""What the weeks brought: check-ins, what was asked in them, and escalations."""

from __future__ import annotations

from itertools import chain

from django.db.models import Q, Value
from django.db.models.fields import TextField

from checkins.models import Blocker, CheckIn, CheckInKind, HelpRequest
from engagements.models import Engagement
from escalations.models import Escalation
from workspace.exports.okr_sets import rungs
from workspace.exports.tables import (
    Column,
    Table,
    fact,
    figure,
    moment,
    names,
    selected,
    state,
    words,
    yes,
)

OF_KEY_RESULT = (
    fact("key_result", "key_result__public_id"),
    words("key_result_title", "key_result__title"),
)
# Neither the seconds somebody took nor whether they wrote much: nothing here ranks people (M6.7).
CHECK_INS = (
    fact("check_in", "public_id"),
    words("cycle", "key_result__objective__cycle__name"),
    words("team", "key_result__objective__team__name"),
    words("objective", "key_result__objective__title"),
    *OF_KEY_RESULT,
    state(
        "stands",
        (Q(superseded_by__undone_by__isnull=False), "undone"),
        (Q(superseded_by__isnull=False), "superseded"),
        (Q(kind=CheckInKind.UNDO), "takes back"),
        otherwise="yes",
    ),
    fact("supersedes", "supersedes__public_id"),
    fact("superseded_by", "superseded_by__public_id"),
    fact("period"),
    fact("week"),
    fact("measured_on"),
    figure("actual"),
    yes("out_of_range_confirmed"),
    fact("score"),
    fact("rag"),
    fact("confidence"),
    words("insight"),
    words("next_action"),
    fact("next_action_due"),
    words("evidence_url"),
    fact("method"),
    fact("direction"),
    figure("baseline"),
    figure("target"),
    Column("ladder", "ladder", rungs),
    moment("due_at"),
    moment("closes_at"),
    words("author", "author__name"),
    words("undone_by", "undone_by__name"),
    moment("posted_at"),
)
BLOCKERS = (
    fact("kind", Value("blocker", output_field=TextField())),
    fact("id", "public_id"),
    *OF_KEY_RESULT,
    fact("check_in", "check_in__public_id"),
    words("text"),
    words("by", "opened_by__name"),
    moment("at", "opened_at"),
    fact("answer", Value("", output_field=TextField())),
    words("settled_by", "resolved_by__name"),
    moment("settled_at", "resolved_at"),
)
HELP_REQUESTS = (
    fact("kind", Value("help", output_field=TextField())),
    fact("id", "public_id"),
    *OF_KEY_RESULT,
    fact("check_in", "check_in__public_id"),
    words("text"),
    words("by", "asked_by__name"),
    moment("at", "asked_at"),
    words("answer"),
    words("settled_by", "answered_by__name"),
    moment("settled_at", "answered_at"),
)
ESCALATIONS = (
    fact("escalation", "public_id"),
    fact("rule"),
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
    fact("red_since", "streak"),
    moment("opened_at"),
    moment("activated_at"),
    fact("cause"),
    words("activated_by", "activated_by__name"),
    moment("huddle_due_at"),
    moment("huddle_at"),
    words("huddle_set_by", "huddle_set_by__name"),
    moment("huddle_set_at"),
    fact("outcome"),
    words("plan"),
    words("plan_owner", "plan_owner__name"),
    fact("checkpoint_on"),
    words("answered_by", "answered_by__name"),
    moment("answered_at"),
    moment("raised_at"),
    fact("raised_for"),
    fact("verdict"),
    words("verdict_note"),
    words("word_of"),
    words("evidence_url"),
    words("decided_by", "decided_by__name"),
    moment("decided_at"),
    moment("recovered_at"),
)


def check_ins(engagement: Engagement) -> Table:
    """All that was ever posted; scores as they are stored (M5.7)."""
    return Table(
        name="check_ins.csv",
        about="Every check-in that was ever posted, in that order, with what its score was worked"
        " out from. `stands` says whether it counts, was superseded or undone since, or takes"
        " another one back.",
        header=names(CHECK_INS),
        lines=selected(
            CheckIn.objects.filter(engagement=engagement).order_by("id"),
            CHECK_INS,
        ),
    )


def escalations(engagement: Engagement) -> Table:
    rows = Escalation.objects.filter(engagement=engagement).order_by("opened_at", "id")
    return Table(
        name="escalations.csv",
        about="What was red for too long: its clocks, recovery plan and outcome.",
        header=names(ESCALATIONS),
        lines=selected(rows, ESCALATIONS),
    )


def blockers_and_help(engagement: Engagement) -> Table:
    blockers = Blocker.objects.filter(engagement=engagement).order_by("opened_at", "id")
    asked = HelpRequest.objects.filter(engagement=engagement).order_by("asked_at", "id")
    return Table(
        name="blockers_and_help.csv",
        about="Blockers and requests for help, with who settled them.",
        header=names(BLOCKERS),
        lines=chain(selected(blockers, BLOCKERS), selected(asked, HELP_REQUESTS)),
    )
