"""Who can act on an escalation, and on whom it waits (M7.3, M7.4, M9.5)."""

from __future__ import annotations

from engagements.models import Membership, Role
from engagements.permissions import Permission, may, may_here
from escalations.models import Escalation, EscalationState
from escalations.rule import TABLE, EscalationAct


def acts_of(escalation: Escalation, *, by: Membership) -> list[EscalationAct]:
    """Return the acts of this member in its state. Needs `key_result__objective` joined."""
    return [act for act in TABLE[escalation.state].acts if may_act(escalation, act, by=by)]


def may_act(escalation: Escalation, act: EscalationAct, *, by: Membership) -> bool:
    """Return whether this member has the right to it, in any state.

    Champions and leads convene the huddle. They or the objective's owner record the outcome and
    activate. The sponsor decides, or a lead on their behalf (M9.5).
    """
    if act is EscalationAct.HUDDLE:
        return may_here(by, Permission.HUDDLE)
    if act is EscalationAct.DECIDE:
        return by.role in (Role.SPONSOR, Role.LEAD) and not by.engagement.is_closed
    owns = escalation.key_result.objective.owner_id == by.pk and may_here(by, Permission.READ)
    return (owns and not by.engagement.is_closed) or may_here(by, Permission.HUDDLE)


def speaks_for_sponsor(by: Membership) -> bool:
    """Return whether a decision by this member is on the sponsor's behalf."""
    return by.role != Role.SPONSOR


def champion_of(escalation: Escalation) -> Membership | None:
    """Return the team's champion if they can convene the huddle; else the leads do (M7.3)."""
    team = escalation.key_result.objective.team
    champion = team.champion if team else None
    if champion is None or champion.removed_at is not None or champion.user is None:
        return None
    can_convene = champion.user.is_active and may(champion.role, Permission.HUDDLE)
    return champion if can_convene else None


def deadline_for(
    escalation: Escalation, *, person: Membership, has_sponsor: bool
) -> EscalationAct | None:
    """Return the deadline for which it waits on this person; None if it does not (M7.3, M7.4).

    The huddle waits on who convenes it, the outcome on the objective's owner, the plan on its
    owner, and the decision on sponsors, or on the leads if no sponsor signs in. Needs
    `key_result__objective__team__champion__user` joined.
    """
    leads = person.role == Role.LEAD
    match escalation.state:
        case EscalationState.ACTIVE:
            champion = champion_of(escalation)
            convenes = champion == person if champion else leads
            if convenes and escalation.huddle_at is None:
                return EscalationAct.HUDDLE
            owns = escalation.key_result.objective.owner_id == person.pk
            return EscalationAct.ANSWER if owns else None
        case EscalationState.ANSWERED:
            return EscalationAct.PLAN if escalation.plan_owner_id == person.pk else None
        case EscalationState.RAISED:
            decides = person.role == Role.SPONSOR or (leads and not has_sponsor)
            return EscalationAct.DECIDE if decides else None
    return None
