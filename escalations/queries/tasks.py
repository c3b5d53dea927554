from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet

from engagements.models import Membership, Role
from engagements.permissions import PERMISSIONS, Permission, may
from escalations.clocks import Clock, ClockState, clocks
from escalations.models import Escalation, EscalationState
from escalations.queries.escalations import CHAMPION, can_convene, joined
from escalations.rule import Facts, raise_due_at, speaks_for_sponsor
from okrs.weeks import weeks_red
from tenancy.compiled import AnyOf, Compiled

CONVENERS = [role for role, held in PERMISSIONS.items() if Permission.HUDDLE in held]


class Wanted(StrEnum):
    """What an escalation wants of one person."""

    HUDDLE = "huddle"
    OUTCOME = "outcome"
    VERDICT = "verdict"
    PLAN = "plan"  # to carry it out


LABELS = {
    Wanted.HUDDLE: "Schedule huddle",
    Wanted.OUTCOME: "Record recovery plan",
    Wanted.VERDICT: "Record decision",
    Wanted.PLAN: "Carry out the plan",
}


@dataclass(frozen=True, kw_only=True)
class WaitingEscalation:
    """An escalation that waits for this person, and what for."""

    escalation: Escalation
    membership: Membership
    wanted: Wanted
    weeks: int
    clock: Clock

    @property
    def label(self) -> str:
        """What its button says."""
        if self.wanted is Wanted.VERDICT and speaks_for_sponsor(self.membership):
            return "Record the sponsor’s decision"
        return LABELS[self.wanted]

    @property
    def is_over_time(self) -> bool:
        return self.clock.state is ClockState.OVER


def waiting_escalations(
    *, memberships: Iterable[Membership], now: dt.datetime
) -> list[WaitingEscalation]:
    """Those that wait for this person, in every engagement (M7.3, M7.4). One query.

    For whoever convenes until the huddle is set; for the objective's owner from the start; a plan
    that runs for whoever carries it out; raised ones for sponsors, without any for leads. What is
    over time comes first, then by the clock; plans that run come last.
    """
    members = {one.engagement_id: one for one in memberships if may(one.role, Permission.READ)}
    if not members:
        return []
    rows = WAITING(
        members=[one.pk for one in members.values()],
        engagements=list(members),
        led=[one.engagement_id for one in members.values() if one.role == Role.LEAD],
        sponsored=[one.engagement_id for one in members.values() if one.role == Role.SPONSOR],
    )
    found = [_waiting(row, member=members[row.engagement_id], now=now) for row in rows]
    return sorted(found, key=lambda one: _urgency(one, now=now))


def wait_of(
    escalation: Escalation, *, membership: Membership, now: dt.datetime
) -> WaitingEscalation | None:
    """How this one waits for this person; None where it does not. One query."""
    found = waiting_escalations(memberships=[membership], now=now)
    return next((one for one in found if one.escalation == escalation), None)


def _rows() -> QuerySet[Escalation]:
    mine = _to_convene() | _to_answer() | _to_decide() | _to_carry_out()
    return joined().open().filter(mine, AnyOf("engagement_id", "engagements"))


WAITING = Compiled(_rows)


def _to_convene() -> Q:
    """The champion of the team; without one that can, the leads."""
    can = {
        f"{CHAMPION}__removed_at": None,
        f"{CHAMPION}__user__is_active": True,
        f"{CHAMPION}__role__in": CONVENERS,
    }
    # Each reason by itself: of no champion at all SQL knows nothing, not even that they cannot.
    cannot = (
        Q(**{f"{CHAMPION}__user": None})
        | Q(**{f"{CHAMPION}__removed_at__isnull": False})
        | Q(**{f"{CHAMPION}__user__is_active": False})
        | ~Q(**{f"{CHAMPION}__role__in": CONVENERS})
    )
    mine = Q(AnyOf("key_result__objective__team__champion_id", "members"), **can)
    convenes = mine | (Q(AnyOf("engagement_id", "led")) & cannot)
    return _active() & Q(huddle_at=None) & convenes


def _to_answer() -> Q:
    """The objective's owner, who may record the outcome before any huddle."""
    return _active() & Q(AnyOf("key_result__objective__owner_id", "members"))


def _to_carry_out() -> Q:
    return Q(AnyOf("plan_owner_id", "members"), answered_at__isnull=False, raised_at=None)


def _to_decide() -> Q:
    sponsors = Membership.objects.active().filter(
        engagement_id=OuterRef("engagement_id"), role=Role.SPONSOR, user__is_active=True
    )
    decides = Q(AnyOf("engagement_id", "sponsored")) | (
        Q(~Exists(sponsors), AnyOf("engagement_id", "led"))
    )
    return Q(raised_at__isnull=False) & decides


def _active() -> Q:
    """Waits for a huddle and an outcome."""
    return Q(activated_at__isnull=False, answered_at=None, raised_at=None)


def _waiting(row: Escalation, *, member: Membership, now: dt.datetime) -> WaitingEscalation:
    key_result = row.key_result
    engagement, ends_on = key_result.engagement, key_result.objective.cycle.ends_on
    today, last = engagement.today(now), key_result.last_week
    rises = raise_due_at(Facts(key_result=key_result, escalation=row, now=now))
    running = clocks(row, rises=rises, today=today, now=now)
    wanted = _wanted(row, member=member)
    return WaitingEscalation(
        escalation=row,
        membership=member,
        wanted=wanted,
        weeks=weeks_red(red_since=row.streak, last_week=last, today=today, ends_on=ends_on),
        # Of an active one the huddle's clock comes first, the plan's last.
        clock=running[-1 if wanted is Wanted.OUTCOME else 0],
    )


def _wanted(row: Escalation, *, member: Membership) -> Wanted:
    if row.state is EscalationState.RAISED:
        return Wanted.VERDICT
    if row.state is EscalationState.ANSWERED:
        return Wanted.PLAN
    team = row.key_result.objective.team
    champion = team.champion if team else None
    convenes = champion == member if can_convene(champion) else member.role == Role.LEAD
    return Wanted.HUDDLE if convenes and row.huddle_at is None else Wanted.OUTCOME


def _urgency(
    one: WaitingEscalation, *, now: dt.datetime
) -> tuple[bool, bool, bool, dt.datetime, int]:
    is_raised, is_plan = one.wanted is Wanted.VERDICT, one.wanted is Wanted.PLAN
    return not one.is_over_time, not is_raised, is_plan, one.clock.at or now, one.escalation.pk
