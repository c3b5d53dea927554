from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from checkins.commands import answer_with_plan
from checkins.models import Blocker
from engagements.models import Membership
from engagements.permissions import NO_RIGHT, READERS, Permission, check_owners, require_right
from escalations.models import KEY_RESULT_COLUMNS, Cause, Escalation, EscalationAct, EscalationState
from escalations.rule import (
    TABLE,
    Facts,
    Party,
    may_act,
    next_state,
    speaks_for_sponsor,
    values_on_entry,
)
from notifications.commands import add_notices, wake_worker_after_commit
from notifications.models import Notice
from okrs.models import KeyResult
from tenancy.locks import StaleEdit, lock, locking, locking_sql
from tenancy.models import instances, select_list

HUDDLE_AHEAD = dt.timedelta(days=14)
ESCALATIONS = f"""
    SELECT {select_list(Escalation, "escalations_escalation")} FROM escalations_escalation
    WHERE engagement_id = ANY(%(scope)s) AND key_result_id = %(key_result)s
"""  # noqa: S608 - columns
CHECKPOINT_AHEAD = dt.timedelta(days=28)  # M7.3


@contextmanager
def update_escalation_after_check_in(
    key_result: KeyResult, by: Membership, now: dt.datetime
) -> Iterator[None]:
    """Apply the rule to a key result whose state the block writes (M7).

    Locks its escalations before the block, since the engagement's lock comes last.
    """
    escalations = _lock_escalations(key_result)
    yield
    if _apply_rule(key_result, escalations, by=by, now=now):
        wake_worker_after_commit()


@transaction.atomic(savepoint=False)
def update_escalation(*, key_result_id: int, engagement_id: int, now: dt.datetime) -> int:
    """Apply the rule to a key result as its last week closed; return the number of changes.

    For jobs. Does nothing if the engagement is closed, or if someone else has locked the key
    result: they apply the rule, or the next run does.
    """
    rows = KeyResult.objects.filter(engagement_id=engagement_id, pk=key_result_id)
    joined = rows.select_related("engagement", "objective__cycle", "objective__team")
    key_result = locking(joined.only(*KEY_RESULT_COLUMNS), skip_locked=True).first()
    if key_result is None:
        return 0
    escalations = _lock_escalations(key_result)
    (engagement,) = lock(key_result.engagement)  # a close waits for this, or has come first
    return 0 if engagement.is_closed else _apply_rule(key_result, escalations, by=None, now=now)


def _lock_escalations(key_result: KeyResult) -> list[Escalation]:
    sql = locking_sql(ESCALATIONS, Escalation)
    return [row for (row,) in instances(sql, Escalation, key_result=key_result.pk)]


def _apply_rule(
    key_result: KeyResult,
    escalations: Sequence[Escalation],
    *,
    by: Membership | None,
    now: dt.datetime,
) -> int:
    """Let each escalation enter the states that follow; count the changes. Without `by`: a job."""
    facts = Facts(key_result=key_result, escalation=None, now=now, at_close=by is None)
    since = key_result.red_since
    own = [row for row in escalations if row.is_open or row.streak == since]
    rows: list[Escalation | None] = [*own]
    if since is not None and since < facts.week and all(row.streak != since for row in own):
        rows.append(None)
    if any(row is None or row.activated_at is None for row in rows):
        blockers = Blocker.objects.filter(
            engagement_id=key_result.engagement_id, key_result_id=key_result.pk
        )
        facts = replace(facts, blockers=list(blockers.only("opened_at", "resolved_at")))
    changes = 0
    for row in rows:
        facts = replace(facts, escalation=row)
        while state := next_state(facts):
            facts = replace(facts, escalation=_enter(state, facts, by=by))
            changes += 1
    return changes


def _enter(state: EscalationState, facts: Facts, *, by: Membership | None) -> Escalation:
    values = values_on_entry(state, facts)
    escalation, key_result = facts.escalation, facts.key_result
    if escalation is None:
        values |= {"engagement_id": key_result.engagement_id, "streak": key_result.red_since}
        escalation = Escalation.objects.create(key_result=key_result, opened_at=facts.now, **values)
    else:
        escalation.key_result = key_result
        _save(escalation, **values)
    if values.get("recovered_at", facts.now) is not None:  # reopening notifies no one
        _notify(escalation, by=by, now=facts.now)
    return escalation


def _save(escalation: Escalation, **values: object) -> Escalation:
    for name, value in values.items():
        setattr(escalation, name, value)
    escalation.version += 1
    escalation.save(update_fields=[*values, "version"])
    return escalation


def _notify(escalation: Escalation, *, by: Membership | None, now: dt.datetime) -> None:
    """Notify those whom the table names for its state, if they can sign in and may read."""
    row, objective = TABLE[escalation.state], escalation.key_result.objective
    if not row.notified:
        return
    ids: dict[str, int | None] = {
        Party.OWNER: escalation.key_result.owner_id,
        Party.OBJECTIVE_OWNER: objective.owner_id,
        Party.CHAMPION: objective.team.champion_id if objective.team else None,
        Party.PLAN_OWNER: escalation.plan_owner_id,
    }
    named = [ids[party] for party in row.notified if ids.get(party)]
    parties = Q(pk__in=named) | Q(role__in=row.notified)
    if Party.NOTIFIED in row.notified:
        notices = Notice.objects.filter(
            engagement_id=escalation.engagement_id,
            person_id=OuterRef("pk"),
            rule__in=("escalation_active", "escalation_raised"),
            subject=escalation.pk,
            period=escalation.streak,
            dropped_at=None,
        )
        parties = (parties | Q(Exists(notices))) & Q(user__wants_digests=True)
    people = Membership.objects.active().filter(
        parties, engagement_id=escalation.engagement_id, role__in=READERS, user__is_active=True
    )
    if by is not None and not row.notifies_actor:
        people = people.exclude(pk=by.pk)
    add_notices(
        people.only("engagement_id").order_by("pk"),
        rule=f"escalation_{escalation.state}",
        subject=escalation.pk,
        period=escalation.streak,
        now=now,
    )


@transaction.atomic
def activate_escalation(*, escalation: Escalation, by: Membership, now: dt.datetime) -> Escalation:
    """Activate a watched escalation by hand (M7.2); notifies people and starts its clocks.

    Raises ValidationError: `no_right`, or its state if that is another one.
    """
    locked = _lock(escalation, by=by, act=EscalationAct.ACTIVATE)
    facts = Facts(key_result=locked.key_result, escalation=locked, now=now)
    values = values_on_entry(EscalationState.ACTIVE, facts)
    values |= {"activated_by": by, "cause": Cause.BY_HAND}
    return _save_and_notify(locked, **values, by=by, now=now)


@transaction.atomic
def set_huddle(
    *, escalation: Escalation, version: int, at: dt.datetime, by: Membership, now: dt.datetime
) -> Escalation:
    """Set when the huddle is or was; it can change until the outcome is recorded (M7.3).

    Raises StaleEdit, and ValidationError: `no_right`, its state if it is not active, or for `at`:
    `in_past` before it was active, `too_far`.
    """
    locked = _lock(escalation, by=by, act=EscalationAct.HUDDLE, version=version)
    if locked.activated_at is not None and at < locked.activated_at:
        message = "This is before the escalation became active. Enter a later time."
        raise ValidationError({"at": ValidationError(message, code="in_past")})
    if at > now + HUDDLE_AHEAD:
        message = "Enter a time within two weeks."
        raise ValidationError({"at": ValidationError(message, code="too_far")})
    # `huddle_set_at` is when it was first set: clients read it as the first response.
    first = locked.huddle_set_at or now
    return _save(locked, huddle_at=at, huddle_set_by=by, huddle_set_at=first)


@transaction.atomic
def record_outcome(
    *,
    escalation: Escalation,
    version: int,
    outcome: str,
    plan: str,
    plan_owner: Membership,
    checkpoint_on: dt.date,
    by: Membership,
    now: dt.datetime,
) -> Escalation:
    """Record the outcome of the huddle, once: a recovery plan with its checkpoint (M7.3).

    It needs no huddle, and may come after the huddle was due, but not once it was raised.

    Raises StaleEdit, and ValidationError: `no_right`, its state if it is not active, or by field
    `owner`, `in_past`, `too_far`.
    """
    locked = _lock(escalation, by=by, act=EscalationAct.ANSWER, version=version, owner=plan_owner)
    errors, today = {}, locked.engagement.today(now)
    try:
        check_owners(plan_owner)
    except ValidationError as error:
        errors["plan_owner"] = error
    if checkpoint_on <= today:
        errors["checkpoint_on"] = ValidationError("Enter a day after today.", code="in_past")
    elif checkpoint_on > today + CHECKPOINT_AHEAD:
        message = "Enter a day within four weeks."
        errors["checkpoint_on"] = ValidationError(message, code="too_far")
    if errors:
        raise ValidationError(errors)
    plan = plan.strip()
    answer_with_plan(
        key_result=locked.key_result, plan=plan, checkpoint_on=checkpoint_on, by=by, now=now
    )
    return _save_and_notify(
        locked,
        outcome=outcome,
        plan=plan,
        plan_owner=plan_owner,
        checkpoint_on=checkpoint_on,
        answered_at=now,
        answered_by=by,
        by=by,
        now=now,
    )


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
    """Record the sponsor’s decision about an escalation that was raised, which closes it (M7.4).

    A lead records it on the sponsor's behalf, with their name in `word_of` and evidence (M9.5).

    Raises StaleEdit, and ValidationError: `no_right`, its state if it was not raised, or by field
    `required`.
    """
    locked = _lock(escalation, by=by, act=EscalationAct.DECIDE, version=version)
    on_behalf = speaks_for_sponsor(by)
    name, errors = word_of.strip() if on_behalf else "", {}
    if on_behalf and not name:
        errors["word_of"] = ValidationError("Name the sponsor who decided.", code="required")
    if on_behalf and not evidence_url:
        message = "Add a link to the evidence, such as an email or the minutes."
        errors["evidence_url"] = ValidationError(message, code="required")
    if errors:
        raise ValidationError(errors)
    return _save_and_notify(
        locked,
        verdict=verdict,
        verdict_note=note.strip(),
        word_of=name,
        evidence_url=evidence_url,
        decided_at=now,
        decided_by=by,
        by=by,
        now=now,
    )


def _lock(
    escalation: Escalation,
    *,
    by: Membership,
    act: EscalationAct,
    version: int | None = None,
    owner: Membership | None = None,
) -> Escalation:
    """Return the escalation, locked after its key result; raise the first errors of the commands."""
    key_results = KeyResult.objects.filter(engagement_id=by.engagement_id)
    locking(key_results.only("id")).get(pk=escalation.key_result_id)
    rows = Escalation.objects.select_related("key_result__engagement", "key_result__objective")
    locked = locking(rows).get(engagement_id=by.engagement_id, pk=escalation.pk)
    require_right(by, Permission.READ, owners=[owner])
    if not may_act(locked, act, by=by):
        raise ValidationError(NO_RIGHT, code="no_right")
    if version is not None and locked.version != version:
        raise StaleEdit(locked)
    if act not in TABLE[locked.state].acts:
        message = "This escalation has changed. Reload the page."
        raise ValidationError(message, code=locked.state.value)
    return locked


def _save_and_notify(
    locked: Escalation, *, by: Membership, now: dt.datetime, **values: object
) -> Escalation:
    _notify(_save(locked, **values), by=by, now=now)
    wake_worker_after_commit()
    return locked
