"""What of an escalation a member may do, and what of it is to be done now (M7.2 to M7.4). Pure."""

from __future__ import annotations

from enum import StrEnum

from engagements.models import Membership, Role
from engagements.permissions import Permission, may_here
from escalations.models import Escalation, EscalationState


class EscalationAct(StrEnum):
    """What somebody can do about an escalation; the value is the name that a template asks for."""

    ACTIVATE = "activate"  # make one active that is only watched
    HUDDLE = "huddle"  # say when the huddle is
    ANSWER = "answer"  # record the outcome, as a recovery plan
    DECIDE = "decide"  # record what the sponsor decided


DOABLE = {
    EscalationState.WATCHING: frozenset({EscalationAct.ACTIVATE}),
    EscalationState.ACTIVE: frozenset({EscalationAct.HUDDLE, EscalationAct.ANSWER}),
    EscalationState.RAISED: frozenset({EscalationAct.DECIDE}),
}


def acts_of(escalation: Escalation, *, by: Membership) -> frozenset[EscalationAct]:
    """What this member may do about it as it stands now; empty for whoever only looks on.

    Needs `key_result__objective` joined in, else it costs their queries.
    """
    doable = DOABLE.get(escalation.state, frozenset())
    return frozenset(act for act in doable if may_act(escalation, act, by=by))


def may_act(escalation: Escalation, act: EscalationAct, *, by: Membership) -> bool:
    """Whether this member may ever do it, however the escalation stands.

    The huddle is the champions' and leads' to convene; outcome and activation are the owner of
    the objective's too; the verdict is the sponsor's, the lead records it on their behalf (M9.5).
    """
    if act is EscalationAct.HUDDLE:
        return may_here(by, Permission.HUDDLE)
    if act is EscalationAct.DECIDE:
        return by.role in (Role.SPONSOR, Role.LEAD) and not by.engagement.is_closed
    owns = escalation.key_result.objective.owner_id == by.pk and may_here(by, Permission.READ)
    return (owns and not by.engagement.is_closed) or may_here(by, Permission.HUDDLE)


def speaks_for_sponsor(by: Membership) -> bool:
    """Whether what this member decides is the word of somebody else, to be named with evidence."""
    return by.role != Role.SPONSOR
