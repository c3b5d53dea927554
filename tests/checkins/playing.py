"""Histories of key results: the terms they are written in, and how they are played."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from checkins.commands import resolve_blocker, undo_check_in
from checkins.models import Blocker
from engagements.models import Role
from escalations.commands import activate_escalation, decide_escalation, record_outcome
from escalations.jobs import update_escalations
from escalations.models import Cause, Escalation, RaisedFor
from okrs.states import early_until
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import newest, post

YEAR = 2026
HOUR = dt.time(9, 40)
QUARTER = ("01-01", "03-31")
WRITTEN = re.compile(r"([a-z][a-z ]*?) (\d\d-\d\d(?: \d\d:\d\d)?) ?([^,]*)")
CONFIDENCE, CHECKPOINT = re.compile(r"confidence (\d)"), re.compile(r"checkpoint (\S+)")
WORDS = {
    "undo": "undone",
    "resolve": "the blocker is resolved",
    "activate": "made active by hand",
    "plan": "recovery plan",
    "decide": "the sponsor decides",
}
SETTINGS = {
    "biweekly": "every two weeks",
    "monthly": "every month",
    "strict": "every red counts at once",
    True: "weekends are left out",
}


def moment(text: str) -> dt.datetime:
    """ "02-03" or "02-03 23:30", on the client's clock."""
    day, _, hour = text.partition(" ")
    on = dt.date.fromisoformat(f"{YEAR}-{day}")
    return dt.datetime.combine(on, dt.time.fromisoformat(hour) if hour else HOUR)


def said_day(day: dt.date) -> str:
    """ "Tue 3 Feb"."""
    return f"{day:%a} {day.day} {day:%b}"


def said(at: dt.datetime) -> str:
    """ "Tue 3 Feb 09:40"."""
    return f"{said_day(at)} {at:%H:%M}"


@dataclass(frozen=True)
class Step:
    """What somebody does, and when."""

    at: dt.datetime
    does: str  # post, undo, resolve, activate, plan, decide
    band: str = ""
    confidence: int = 4
    blocker: bool = False
    checkpoint: dt.date | None = None

    def __str__(self) -> str:
        extra = [f"confidence {self.confidence}"] if self.confidence != 4 else []
        extra += ["a blocker"] if self.blocker else []
        extra += [f"checkpoint {said_day(self.checkpoint)}"] if self.checkpoint else []
        when = said_day(self.at) if self.at.time() == HOUR else said(self.at)
        return f"{when} {', '.join([WORDS.get(self.does, self.band), *extra])}"


@dataclass(frozen=True)
class Fires:
    """What the rule does, and when."""

    at: dt.datetime
    what: str  # opens, turns active, to the sponsor, recovers, reopens
    why: str = ""  # a cause, empty while it is watched; or why it was raised

    def __str__(self) -> str:
        because = {**dict(Cause.choices), **dict(RaisedFor.choices)}.get(self.why, "")
        watched = " watched" if self.what == "opens" and not self.why else ""
        what = f"{self.what} active" if self.what == "opens" and self.why else self.what
        return f"{said(self.at)} {what}{watched}" + (f": {because}" if because else "")


@dataclass(frozen=True)
class History:
    """A story, such as "red 02-03, red 02-10 confidence 2, until 02-15", and what fires.

    It is watched to the end of its last day.
    """

    name: str
    story: str
    fires: str
    terms: str = "linear"  # ladder, yes or no
    engagement: Mapping[str, Any] = field(default_factory=dict)
    cycle: tuple[str, str] = QUARTER
    sweeps_from: str = ""  # before that, none ran

    @property
    def until(self) -> dt.date:
        return moment(self.story.rpartition(" until ")[2]).date()

    @cached_property
    def steps(self) -> list[Step]:
        steps = []
        for does, at, extra in WRITTEN.findall(self.story.rpartition(", until ")[0]):
            confidence, checkpoint = CONFIDENCE.search(extra), CHECKPOINT.search(extra)
            step = Step(
                at=moment(at),
                does=does if does in WORDS else "post",
                band="" if does in WORDS else does,
                confidence=int(confidence[1]) if confidence else 4,
                blocker="a blocker" in extra,
                checkpoint=moment(checkpoint[1]).date() if checkpoint else None,
            )
            steps.append(step)
        return steps

    @cached_property
    def expected(self) -> list[Fires]:
        return [Fires(moment(at), what, why) for what, at, why in WRITTEN.findall(self.fires)]

    @property
    def row(self) -> str:
        """Its line of the table in the docs."""
        story = "; ".join(map(str, self.steps))
        fires = "; ".join(map(str, self.expected)) or "nothing"
        return f"| {self.name} | {self._where}{story} | {fires} |"

    @property
    def _where(self) -> str:
        said = [SETTINGS.get(value, value) for value in self.engagement.values()]
        said += [self.terms] if self.terms != "linear" else []
        said += ["the cycle ends on 31 May"] if self.cycle != QUARTER else []
        said += ["no sweep until Mon 9 Mar 08:00"] if self.sweeps_from else []
        return f"*{', '.join(said)}*: " if said else ""


DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
VALUES = {
    "linear": {"red": 9, "amber": 7, "green": 5},
    "ladder": {"red": 9, "amber": 8, "green": 6},
    "yes or no": {"red": 0, "green": 1},
}
TERMS: dict[str, dict[str, Any]] = {
    "linear": {},
    "ladder": {"method": "ladder", "ladder": [["4", "1.0"], ["6", "0.7"], ["8", "0.4"]]},
    "yes or no": {
        "method": "ladder",
        "direction": "higher",
        "ladder": [["1", "1.00"]],
        "baseline": None,
        "target": None,
    },
}
State = dict[dt.date, Escalation]


class Play:
    """One key result of a client, its people, and what has fired so far."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.lead = build.member(build.engagement(**history.engagement))
        self.zone = ZoneInfo(self.lead.engagement.time_zone)
        self.owner = build.member(self.lead.engagement, "Bob", Role.CONTRIBUTOR)
        self.champion = build.member(self.lead.engagement, "Carla", Role.CHAMPION)
        self.sponsor = build.member(self.lead.engagement, "Sam", Role.SPONSOR)
        starts_on, ends_on = (moment(day).date() for day in history.cycle)
        cycle = build.cycle(self.lead.engagement, starts_on=starts_on, ends_on=ends_on)
        team = build.team(self.lead.engagement, champion=self.champion)
        objective = build.objective(self.lead, cycle, team=team)
        terms = TERMS[history.terms]
        self.key_result = build.live_key_result(objective, owner_id=self.owner.pk, **terms)
        with scope(self.lead.engagement_id):
            build.change(self.key_result, early_until=early_until(self.key_result))
        self.back = moment(history.sweeps_from) if history.sweeps_from else None
        self.fired: list[Fires] = []
        self.state: State = {}

    def run(self) -> list[Fires]:
        """Everything of the story at its instant, and the sweeps whenever something may change."""
        with scope(self.lead.engagement_id):
            before = self._instant(self.history.steps[0].at)
            for at, step in self._timeline():
                now = self._instant(at)
                for due_at in self._huddles_between(before, now):
                    self._sweep(due_at)
                if step is None:
                    self._sweep(now)
                else:
                    self._do(step, now=now)
                before = now
        return self.fired

    def _instant(self, local: dt.datetime) -> dt.datetime:
        return local.replace(tzinfo=self.zone).astimezone(dt.UTC)

    def _timeline(self) -> Iterator[tuple[dt.datetime, Step | None]]:
        """The steps, the midnights at which a week or a checkpoint ends, and the end of it all."""
        story, last = self.history.steps, self.history.until
        days = [story[0].at.date() + DAY * days for days in range(100)]
        ends = {day for day in days if day.weekday() == 0}
        ends |= {step.checkpoint + DAY for step in story if step.checkpoint}
        sweeps = [dt.datetime.combine(day, dt.time(0)) for day in ends if day <= last]
        sweeps += [self.back] if self.back else []
        sweeps += [dt.datetime.combine(last, dt.time(23, 59, 59))]
        steps = [*((at, None) for at in sweeps), *((step.at, step) for step in story)]
        yield from sorted(steps, key=lambda one: one[0])

    def _huddles_between(self, before: dt.datetime, now: dt.datetime) -> list[dt.datetime]:
        due = Escalation.objects.filter(huddle_due_at__gt=before, huddle_due_at__lt=now)
        return [at for at in due.values_list("huddle_due_at", flat=True) if at is not None]

    def _sweep(self, now: dt.datetime) -> None:
        """A second before, when it must not be yet, and at the instant; once more each for nothing."""
        for at in (now - SECOND, now):
            if self.back and at < self._instant(self.back):
                continue
            update_escalations(now=at, using="default")
            self._note(now=at)
            assert update_escalations(now=at, using="default") == 0

    def _do(self, step: Step, *, now: dt.datetime) -> None:
        match step.does:
            case "post":
                post(
                    self.key_result,
                    self.owner,
                    actual=VALUES[self.history.terms][step.band],
                    now=now,
                    measured_on=step.at.date(),
                    confidence=step.confidence,
                    blocker="No access" if step.blocker else "",
                )
            case "undo":
                latest = newest(self.key_result)
                assert latest is not None
                undo_check_in(check_in=latest, by=self.owner, now=now)
            case "resolve":
                blocker = Blocker.objects.get(resolved_at=None)
                resolve_blocker(blocker=blocker, by=self.owner, now=now)
            case _:
                self._answer(Escalation.objects.get(), step, now=now)
        self._note(now=now)

    def _answer(self, escalation: Escalation, step: Step, *, now: dt.datetime) -> None:
        known: dict[str, Any] = {"escalation": escalation, "now": now}
        if step.does == "activate":
            activate_escalation(**known, by=self.champion)
        elif step.does == "decide":
            note = "A second data person from March on."
            version, verdict = escalation.version, "resources"
            decide_escalation(**known, version=version, verdict=verdict, note=note, by=self.sponsor)
        elif step.checkpoint:
            record_outcome(
                **known,
                version=escalation.version,
                outcome="change_bet",
                plan="Offer the session before the contract is signed",
                plan_owner=self.owner,
                checkpoint_on=step.checkpoint,
                by=self.lead,
            )

    def _note(self, *, now: dt.datetime) -> None:
        """What has changed since the last look; every moment that was written is this one."""
        local = now.astimezone(self.zone).replace(tzinfo=None)
        for row in Escalation.objects.order_by("streak"):
            for what, why in changes(self.state.get(row.streak), row):
                self.fired.append(Fires(local, what, why))
            self.state[row.streak] = row
            moments = (row.opened_at, row.activated_at, row.raised_at, row.recovered_at)
            assert all(at <= now for at in moments if at is not None)


def changes(before: Escalation | None, row: Escalation) -> Iterator[tuple[str, str]]:
    """What the rule did to it since: opens, turns active, to the sponsor, recovers, reopens."""
    if before is None:
        yield "opens", row.cause
    elif row.activated_at and not before.activated_at:
        yield "turns active", row.cause
    if row.raised_at and not (before and before.raised_at):
        yield "to the sponsor", row.raised_for
    if row.recovered_at and not (before and before.recovered_at):
        yield "recovers", ""
    if before and before.recovered_at and not row.recovered_at:
        yield "reopens", ""
