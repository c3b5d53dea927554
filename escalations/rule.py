"""The rule `red_two_weeks` (M7), stated once: pure functions of given rows, one table, and rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import midnight, zone_of
from checkins.models import Blocker
from engagements.models import Cadence, Membership, Role
from engagements.models import Escalation as EscalationSetting
from engagements.permissions import Permission, may, may_here
from engagements.places import weekend_of
from escalations.models import Cause, Escalation, EscalationAct, EscalationState, RaisedFor
from okrs.models import Forecast, KeyResult
from okrs.models.key_results import LIVE
from okrs.weeks import WEEK, monday_of
from scoring import Rag
from scoring.forecasts import ENOUGH_CONFIDENCE

WEEKS_TO_FIRE = 2  # M7.1
WEEKS_TO_RAISE = 3  # M7.4
HUDDLE_HOURS = 48  # M7.3
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The rows that the rule reads, and the time at which it judges them.

    At a check-in it judges the present. The job judges the close of the last week (`at_close`).
    Needs engagement and cycle joined. `blockers` are the key result's.
    """

    key_result: KeyResult
    escalation: Escalation | None
    now: dt.datetime
    at_close: bool = False
    blockers: Sequence[Blocker] = ()

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.key_result.engagement.time_zone)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    @property
    def week(self) -> dt.date:
        """Return the Monday of the running week."""
        return monday_of(self.today)

    @property
    def closed_at(self) -> dt.datetime:
        """Return the instant at which the last week closed and the running one began."""
        return midnight(self.week, self.zone)

    @property
    def is_early(self) -> bool:
        """Return whether pace alone explains red: on the day of the value, or the week's Sunday."""
        key_result = self.key_result
        judged_on = self.week - DAY if self.at_close else key_result.measured_on
        early_until = key_result.early_until
        return bool(judged_on and early_until and judged_on <= early_until)

    @property
    def forecast(self) -> Forecast:
        """Return its forecast now, or as the last week closed (M9.2)."""
        return self.key_result.forecast_on(self.week if self.at_close else self.today)

    @property
    def is_in_cycle(self) -> bool:
        ends_on: dt.date = self.key_result.objective.cycle.ends_on
        return self.week <= ends_on

    @property
    def is_live_red(self) -> bool:
        """Return whether it is live and red, up to the week in which the cycle's last one closed."""
        key_result = self.key_result
        is_red = key_result.rag == Rag.RED and key_result.red_since is not None
        ends_on: dt.date = key_result.objective.cycle.ends_on
        return is_red and key_result.stage in LIVE and self.week - WEEK <= ends_on

    @property
    def is_same_streak(self) -> bool:
        """Return whether the streak that fired is still red."""
        key_result, escalation = self.key_result, self.escalation
        is_red = key_result.rag == Rag.RED and key_result.red_since is not None
        return is_red and escalation is not None and key_result.red_since == escalation.streak


class Response(StrEnum):
    """The response to a red key result."""

    NONE = "none"
    PLAN = "plan"
    FAILED = "failed"  # the checkpoint of the plan has passed, and it is still red
    VERDICT = "verdict"


def response_to(
    escalation: Escalation | None, *, red_since: dt.date | None, today: dt.date
) -> Response:
    """Return the response to a key result that has been red since then (M12)."""
    if escalation is None or escalation.activated_at is None:
        return Response.NONE
    if escalation.decided_at is not None:
        return Response.VERDICT if escalation.streak == red_since else Response.NONE
    if escalation.checkpoint_on is None:
        return Response.NONE
    return Response.PLAN if today <= escalation.checkpoint_on else Response.FAILED


def after_hours(
    start: dt.datetime, *, hours: int, zone: ZoneInfo, paused: Collection[int] = ()
) -> dt.datetime:
    """Return the instant so many clock hours after `start`, as aware UTC (M7.8).

    The hours of the `paused` weekdays (Monday 0) in the zone don't count.
    """
    at, left = start.astimezone(dt.UTC), dt.timedelta(hours=hours)
    while paused:
        day = at.astimezone(zone).date()
        tomorrow = midnight(day + DAY, zone)
        if day.weekday() not in paused:
            if left <= tomorrow - at:
                break
            left -= tomorrow - at
        at = tomorrow
    return at + left


def huddle_due_at(facts: Facts) -> dt.datetime:
    """Return when the huddle of an escalation that becomes active now is due (M7.3)."""
    engagement = facts.key_result.engagement
    paused = weekend_of(engagement.country) if engagement.pauses_weekends else ()
    return after_hours(facts.now, hours=HUDDLE_HOURS, zone=facts.zone, paused=paused)


def is_two_weeks_red(facts: Facts) -> bool:
    """Return whether two weeks in a row are red: closed, or this one by its check-in (M7.1)."""
    since, last_week = facts.key_result.red_since, facts.key_result.last_week
    if since is None or not facts.is_live_red or since > facts.week - WEEK:
        return False
    is_reported = last_week == facts.week and facts.is_in_cycle
    return is_reported or since <= facts.week - WEEKS_TO_FIRE * WEEK


def cause_of(facts: Facts) -> str:
    """Return why it is active; "" while it is watched: on pace, or merely early (M7.2)."""
    key_result = facts.key_result
    if key_result.engagement.escalation == EscalationSetting.STRICT:
        return Cause.STRICT
    if facts.forecast is not Forecast.ON_PACE and not facts.is_early:
        return Cause.PACE
    if key_result.confidence is None or key_result.confidence < ENOUGH_CONFIDENCE:
        return Cause.CONFIDENCE
    return Cause.BLOCKER if is_blocked(facts) else ""


def is_blocked(facts: Facts) -> bool:
    """Return whether a blocker is open, or was as the week closed."""
    at = facts.closed_at
    if not facts.at_close:
        return any(blocker.resolved_at is None for blocker in facts.blockers)
    return any(
        blocker.opened_at < at and (blocker.resolved_at is None or blocker.resolved_at >= at)
        for blocker in facts.blockers
    )


def is_early_no_more(facts: Facts) -> bool:
    """Return whether a watched one becomes active: at a check-in or at a week's close (M7.2)."""
    escalation = facts.escalation
    if escalation is None or not facts.is_live_red:
        return False
    is_judged = escalation.opened_at < facts.closed_at if facts.at_close else facts.is_in_cycle
    return is_judged and bool(cause_of(facts))


def raise_due_at(facts: Facts) -> dt.datetime | None:
    """Return when an active one goes to the sponsor unless a plan is recorded (M7.4).

    At three red weeks, but not before the hours of the huddle are over; None if that would be
    after the cycle's last week. The third week counts from its check-in, or from its close. With
    weekly check-ins, one for a week to come implies that this week has one.
    """
    escalation, key_result = facts.escalation, facts.key_result
    if escalation is None or escalation.huddle_due_at is None:
        return None
    third, last_week = escalation.streak + (WEEKS_TO_RAISE - 1) * WEEK, key_result.last_week
    is_weekly = key_result.engagement.cadence == Cadence.WEEKLY
    is_reported = last_week is not None and (
        last_week == third or (last_week > third and is_weekly)
    )
    counts_from = midnight(third if is_reported else third + WEEK, facts.zone)
    at: dt.datetime = max(escalation.huddle_due_at, counts_from)
    return at if replace(facts, now=at).is_in_cycle else None


def is_without_plan(facts: Facts) -> bool:
    due_at = raise_due_at(facts) if facts.is_live_red and facts.is_in_cycle else None
    return due_at is not None and due_at <= facts.now


def is_red_past_checkpoint(facts: Facts) -> bool:
    checkpoint_on = facts.escalation.checkpoint_on if facts.escalation else None
    is_over = checkpoint_on is not None and checkpoint_on < facts.today
    return is_over and facts.is_live_red and facts.is_in_cycle


class Party(StrEnum):
    """People who are notified, other than those of a role."""

    OWNER = "key_result_owner"
    OBJECTIVE_OWNER = "objective_owner"
    CHAMPION = "team_champion"
    PLAN_OWNER = "plan_owner"
    NOTIFIED = "notified"  # of this escalation before


Predicate = Callable[[Facts], bool]
RESPONSIBLE = (Party.OWNER, Party.OBJECTIVE_OWNER, Party.CHAMPION, Role.LEAD)


@dataclass(frozen=True, kw_only=True)
class StateRule:
    """A state: which one follows when, by check-in or clock, the acts of people, and the notified.

    `leaves` is in order of precedence, after recovery. The person who acted is notified if
    `notifies_actor`.
    """

    leaves: Mapping[EscalationState, Predicate] = field(default_factory=dict)
    acts: tuple[EscalationAct, ...] = ()
    clocks: tuple[EscalationAct, ...] = ()
    notified: tuple[Party | Role, ...] = ()
    notifies_actor: bool = False


TABLE: Mapping[EscalationState | None, StateRule] = {
    None: StateRule(
        leaves={
            EscalationState.WATCHING: lambda facts: is_two_weeks_red(facts) and not cause_of(facts),
            EscalationState.ACTIVE: is_two_weeks_red,
        }
    ),
    EscalationState.WATCHING: StateRule(
        leaves={EscalationState.ACTIVE: is_early_no_more}, acts=(EscalationAct.ACTIVATE,)
    ),
    EscalationState.ACTIVE: StateRule(
        leaves={EscalationState.RAISED: is_without_plan},
        acts=(EscalationAct.HUDDLE, EscalationAct.ANSWER),
        clocks=(EscalationAct.HUDDLE, EscalationAct.ANSWER),
        notified=RESPONSIBLE,
        notifies_actor=True,
    ),
    EscalationState.ANSWERED: StateRule(
        leaves={EscalationState.RAISED: is_red_past_checkpoint},
        clocks=(EscalationAct.PLAN,),
        notified=(Party.NOTIFIED, Party.PLAN_OWNER),
    ),
    EscalationState.RAISED: StateRule(
        acts=(EscalationAct.DECIDE,),
        clocks=(EscalationAct.DECIDE,),
        notified=(Party.OBJECTIVE_OWNER, Role.LEAD, Role.SPONSOR),
        notifies_actor=True,
    ),
    EscalationState.DECIDED: StateRule(notified=(*RESPONSIBLE, Party.PLAN_OWNER)),
    EscalationState.RECOVERED: StateRule(notified=(Party.NOTIFIED, Party.PLAN_OWNER)),
}


def next_state(facts: Facts) -> EscalationState | None:
    """Return the state that follows now without a person's act; None if none does.

    An open one recovers once the streak that fired is over (M7.8). A recovered one whose streak
    goes on after all returns to the state it had.
    """
    escalation = facts.escalation
    if escalation is not None and escalation.recovered_at is not None:
        return escalation.state_before_recovery if facts.is_same_streak else None
    if escalation is not None and escalation.is_open and not facts.is_same_streak:
        return EscalationState.RECOVERED
    row = TABLE[escalation.state if escalation else None]
    return next((state for state, follows in row.leaves.items() if follows(facts)), None)


def values_on_entry(state: EscalationState, facts: Facts) -> dict[str, Any]:
    """Return the fields that record that it enters this state now."""
    escalation, now = facts.escalation, facts.now
    if escalation is not None and escalation.recovered_at is not None:
        return {"recovered_at": None}
    if state is EscalationState.ACTIVE:
        due_at = huddle_due_at(facts)
        return {"activated_at": now, "cause": cause_of(facts), "huddle_due_at": due_at}
    if state is EscalationState.RAISED:
        has_plan = escalation is not None and escalation.answered_at is not None
        raised_for = RaisedFor.CHECKPOINT if has_plan else RaisedFor.NO_PLAN
        return {"raised_at": now, "raised_for": raised_for}
    return {"recovered_at": now} if state is EscalationState.RECOVERED else {}


def acts_of(escalation: Escalation, *, by: Membership) -> list[EscalationAct]:
    """Return the acts of this member in its state. Needs `key_result__objective` joined."""
    return [act for act in TABLE[escalation.state].acts if may_act(escalation, act, by=by)]


def may_act(escalation: Escalation, act: EscalationAct, *, by: Membership) -> bool:
    """Return whether this member has the right to it, in any state.

    Champions and leads convene the huddle. They or the objective's owner record the outcome and
    activate. The sponsor decides, or a lead on their behalf (M9.5).
    """
    is_open = not by.engagement.is_closed
    if act is EscalationAct.DECIDE:
        return is_open and by.role in (Role.SPONSOR, Role.LEAD)
    if may_here(by, Permission.HUDDLE):
        return True
    owns = escalation.key_result.objective.owner_id == by.pk and may_here(by, Permission.READ)
    return is_open and owns and act is not EscalationAct.HUDDLE


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
