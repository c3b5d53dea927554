from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.models import Membership
from engagements.permissions import Permission, require_right
from escalations.clock_hours import HUDDLE_HOURS, after_hours
from escalations.commands.checks import (
    address_error,
    checkpoint_error,
    choice_error,
    huddle_error,
    name_error,
    owner_error,
    refuse,
    words_error,
)
from escalations.jobs.notices import tell_activated, tell_answered, tell_decided
from escalations.models import Cause, Escalation, EscalationState, Outcome, Verdict
from escalations.rights import EscalationAct, may_act, speaks_for_sponsor
from notifications.commands import ring_after_commit
from okrs.models import KeyResult
from tenancy.locks import StaleEdit, locking

NO_RIGHT = {
    EscalationAct.ACTIVATE: "Ask the objective's owner, a champion or a program lead to do this.",
    EscalationAct.HUDDLE: "A champion or a program lead convenes the huddle. Ask one of them.",
    EscalationAct.ANSWER: "Ask the objective's owner, a champion or a program lead to do this.",
    EscalationAct.DECIDE: "The sponsor decides, or a program lead records the decision for them.",
}


@transaction.atomic
def activate_escalation(*, escalation: Escalation, by: Membership, now: dt.datetime) -> Escalation:
    """Make one active that is only watched, by hand (M7.2); its clock starts and people are told.

    Raises ValidationError: `no_right`, `closed`, or `active` where it is active already.
    """
    locked = _lock(escalation, by=by, act=EscalationAct.ACTIVATE)
    if locked.state is not EscalationState.WATCHING:
        raise ValidationError("This escalation is already active. Reload the page.", code="active")
    engagement = locked.engagement
    locked.activated_at, locked.activated_by, locked.cause = now, by, Cause.BY_HAND
    locked.huddle_due_at = after_hours(
        now, hours=HUDDLE_HOURS, zone=engagement.zone, pauses_weekends=engagement.pauses_weekends
    )
    _save(locked, "activated_at", "activated_by", "cause", "huddle_due_at")
    tell_activated(locked, by=by, now=now)
    ring_after_commit()
    return locked


@transaction.atomic
def set_huddle(
    *,
    escalation: Escalation,
    version: int,
    at: dt.datetime | None,
    by: Membership,
    now: dt.datetime,
) -> Escalation:
    """Say when the huddle is, or was; it can be moved until the outcome is recorded (M7.3).

    Raises StaleEdit, and ValidationError: `no_right`, `closed`, `watching`, `answered`, `raised`,
    or by field `at`: `required`, `in_past` before the escalation was active, `too_far`.
    """
    locked = _lock(escalation, by=by, act=EscalationAct.HUDDLE, version=version)
    _must_wait_for_outcome(locked)
    refuse({"at": huddle_error(locked, at=at, now=now)})
    locked.huddle_at, locked.huddle_set_by = at, by
    # When it was first set, which a later time of the huddle does not change.
    locked.huddle_set_at = locked.huddle_set_at or now
    return _save(locked, "huddle_at", "huddle_set_by", "huddle_set_at")


@transaction.atomic
def record_outcome(
    *,
    escalation: Escalation,
    version: int,
    outcome: str,
    plan: str,
    plan_owner: Membership | None,
    checkpoint_on: dt.date | None,
    by: Membership,
    now: dt.datetime,
) -> Escalation:
    """Record what comes of the huddle, once: a recovery plan with its checkpoint (M7.3).

    It may come without a huddle, and after the huddle was due; not any more once it was raised.

    Raises StaleEdit, and ValidationError: `no_right`, `closed`, `watching`, `answered`, `raised`,
    or by field `required`, `invalid`, `owner`, `in_past`, `too_far`.
    """
    locked = _lock(escalation, by=by, act=EscalationAct.ANSWER, version=version)
    _must_wait_for_outcome(locked)
    words, today = plan.strip(), locked.engagement.today(now)
    refuse(
        {
            "outcome": choice_error(
                outcome, Outcome.values, ask="Choose one: change the bet, or ask for help."
            ),
            "plan": words_error(words, ask="Describe what you will do differently."),
            "plan_owner": owner_error(plan_owner),
            "checkpoint_on": checkpoint_error(checkpoint_on, today=today),
        }
    )
    locked.outcome, locked.plan, locked.plan_owner = outcome, words, plan_owner
    locked.checkpoint_on, locked.answered_at, locked.answered_by = checkpoint_on, now, by
    names = ("outcome", "plan", "plan_owner", "checkpoint_on", "answered_at", "answered_by")
    _save(locked, *names)
    tell_answered(locked, by=by, now=now)
    ring_after_commit()
    return locked


@transaction.atomic
def decide_escalation(
    *,
    escalation: Escalation,
    version: int,
    verdict: str,
    note: str,
    by: Membership,
    now: dt.datetime,
    word_of: str = "",
    evidence_url: str = "",
) -> Escalation:
    """Record the sponsor’s decision about one that was raised, which closes it (M7.4).

    A lead records it on the sponsor's behalf: `word_of` names them and `evidence_url` shows it
    (M9.5). A sponsor speaks for themselves: `word_of` is left empty.

    Raises StaleEdit, and ValidationError: `no_right`, `closed`, `not_raised`, or by field
    `required`, `invalid`.
    """
    locked = _lock(escalation, by=by, act=EscalationAct.DECIDE, version=version)
    if locked.state is not EscalationState.RAISED:
        raise ValidationError(
            "This escalation is not with the sponsor. Record a recovery plan first.",
            code="not_raised",
        )
    on_behalf = speaks_for_sponsor(by)
    name, url, words = word_of.strip() if on_behalf else "", evidence_url.strip(), note.strip()
    refuse(
        {
            "verdict": choice_error(verdict, Verdict.values, ask="Choose a decision."),
            "note": words_error(words, ask="Describe what happens next."),
            "word_of": name_error(name) if on_behalf else None,
            "evidence_url": address_error(url, is_required=on_behalf),
        }
    )
    locked.verdict, locked.verdict_note, locked.word_of = verdict, words, name
    locked.evidence_url, locked.decided_at, locked.decided_by = url, now, by
    names = ("verdict", "verdict_note", "word_of", "evidence_url", "decided_at", "decided_by")
    _save(locked, *names)
    tell_decided(locked, by=by, now=now)
    ring_after_commit()
    return locked


def _lock(
    escalation: Escalation, *, by: Membership, act: EscalationAct, version: int | None = None
) -> Escalation:
    """The row as it stands now, locked after its key result, in the order of all who do so.

    Raises ValidationError `no_right`, StaleEdit where it is not the `version` that the form
    showed, and ValidationError `closed`.
    """
    key_results = KeyResult.objects.filter(engagement_id=by.engagement_id)
    locking(key_results.only("id")).get(pk=escalation.key_result_id)
    escalations = Escalation.objects.select_related("engagement", "key_result__objective")
    locked = locking(escalations).get(engagement_id=by.engagement_id, pk=escalation.pk)
    require_right(by, Permission.READ)
    if not may_act(locked, act, by=by):
        raise ValidationError(NO_RIGHT[act], code="no_right")
    if version is not None and locked.version != version:
        raise StaleEdit(locked)
    if not locked.is_open:
        raise ValidationError("This escalation is closed.", code="closed")
    return locked


def _must_wait_for_outcome(locked: Escalation) -> None:
    """Raises ValidationError `watching`, `answered` or `raised` unless it is active."""
    refusals = {
        EscalationState.WATCHING: "This escalation is watched. Activate it first.",
        EscalationState.ANSWERED: "A recovery plan has already been recorded. Reload the page.",
        EscalationState.RAISED: "This escalation is with the sponsor, who decides now.",
    }
    if refusal := refusals.get(locked.state):
        raise ValidationError(refusal, code=locked.state.value)


def _save(locked: Escalation, *names: str) -> Escalation:
    locked.version += 1
    locked.save(update_fields=[*names, "version"])
    return locked
