"""Histories of key results as docs/domain.md has them, and how they are played."""

from __future__ import annotations

import datetime as dt
import re
from calendar import month_abbr
from collections.abc import Iterator
from dataclasses import dataclass, field
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

HOUR = dt.time(9, 40)
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
ROW = re.compile(r"\| (.+?) \| (?:\*(.+)\*: )?(.+); until (.+) \| (.+) \|")
STEP = re.compile(
    r"(\w+ \d+ \w+(?: [\d:]+)?) ([^,]+)(?:, (?:(a blocker)|confidence (\d)|checkpoint (.+)))?"
)
NO_SWEEP = "no sweep until "
CYCLES = {"the cycle runs from 1 February to 31 May": (dt.date(2026, 2, 1), dt.date(2026, 5, 31))}
SETTINGS: dict[str, dict[str, Any]] = {
    "every two weeks": {"cadence": "biweekly"},
    "every month": {"cadence": "monthly"},
    "every red counts at once": {"escalation": "strict"},
    "weekends are left out": {"pauses_weekends": True},
    "Pacific/Auckland": {"time_zone": "Pacific/Auckland"},
    "Pacific/Honolulu": {"time_zone": "Pacific/Honolulu"},
}
VALUES = {
    "linear": {"red": 9, "amber": 7, "green": 5},
    "ladder": {"red": 9, "amber": 8, "green": 6},
    "yes or no": {"red": 0, "green": 1},
}
YES_OR_NO = {"direction": "higher", "ladder": [["1", "1.00"]], "baseline": None, "target": None}
TERMS: dict[str, dict[str, Any]] = {
    "linear": {},
    "ladder": {"method": "ladder", "ladder": [["4", "1.0"], ["6", "0.7"], ["8", "0.4"]]},
    "yes or no": {"method": "ladder", **YES_OR_NO},
}


def moment(text: str) -> dt.datetime:
    """Read "Tue 3 Feb" or "Tue 3 Feb 23:30", on the client's clock in 2026."""
    weekday, day, month, *hour = text.split()
    on = dt.date(2026, list(month_abbr).index(month), int(day))
    assert weekday == f"{on:%a}", text
    return dt.datetime.combine(on, dt.time.fromisoformat(hour[0]) if hour else HOUR)


@dataclass(frozen=True)
class Step:
    """What somebody does, and when."""

    at: dt.datetime
    does: str  # posts a band, or one of the other cases of `Play`
    blocker: str
    confidence: int
    checkpoint: dt.date | None


@dataclass
class History:
    """A row of the table, watched to the end of its last day."""

    name: str
    steps: list[Step]
    until: dt.date
    fires: str
    terms: str = "linear"
    engagement: dict[str, Any] = field(default_factory=dict)
    cycle: tuple[dt.date, dt.date] = (dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    sweeps_from: dt.datetime | None = None  # before that, none ran


def history_of(row: str) -> History:
    found = ROW.fullmatch(row)
    assert found, row
    name, settings, story, until, fires = found.groups()
    history = History(name, list(map(step_of, story.split("; "))), moment(until).date(), fires)
    for setting in settings.split(", ") if settings else ():
        if setting in TERMS:
            history.terms = setting
        elif setting in CYCLES:
            history.cycle = CYCLES[setting]
        elif setting.startswith(NO_SWEEP):
            history.sweeps_from = moment(setting.removeprefix(NO_SWEEP))
        else:
            history.engagement |= SETTINGS[setting]
    return history


def step_of(text: str) -> Step:
    """Read a step such as "Tue 13 Jan red, confidence 2"."""
    found = STEP.fullmatch(text)
    assert found, text
    at, does, blocker, confidence, checkpoint = found.groups()
    checkpoint_on = moment(checkpoint).date() if checkpoint else None
    return Step(moment(at), does, blocker or "", int(confidence or 4), checkpoint_on)


def written(at: dt.datetime, what: str, why: str) -> str:
    """Write what the rule did; `why` is empty while it is watched, and where none is needed."""
    because = {**dict(Cause.choices), **dict(RaisedFor.choices)}.get(why, "")
    if what == "opens":
        what = "opens active" if why else "opens watched"
    when = f"{at:%a} {at.day} {at:%b} {at:%H:%M:%S}".removesuffix(":00")
    return f"{when} {what}" + (f": {because}" if because else "")


class Play:
    """One key result of a client, its people, and what has fired so far."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.lead = build.member(build.engagement(**history.engagement))
        self.zone = ZoneInfo(self.lead.engagement.time_zone)
        self.owner = build.member(self.lead.engagement, "Bob", Role.CONTRIBUTOR)
        self.champion = build.member(self.lead.engagement, "Carla", Role.CHAMPION)
        self.sponsor = build.member(self.lead.engagement, "Sam", Role.SPONSOR)
        starts_on, ends_on = history.cycle
        cycle = build.cycle(self.lead.engagement, starts_on=starts_on, ends_on=ends_on)
        team = build.team(self.lead.engagement, champion=self.champion)
        objective = build.objective(self.lead, cycle, team=team)
        terms = TERMS[history.terms]
        self.key_result = build.live_key_result(objective, owner_id=self.owner.pk, **terms)
        build.change(self.key_result, early_until=early_until(self.key_result))
        self.fired: list[str] = []
        self.state: dict[dt.date, Escalation] = {}

    def run(self) -> list[str]:
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
        sweeps += [self.history.sweeps_from] if self.history.sweeps_from else []
        sweeps += [dt.datetime.combine(last, dt.time(23, 59, 59))]
        steps = [*((at, None) for at in sweeps), *((step.at, step) for step in story)]
        yield from sorted(steps, key=lambda one: one[0])

    def _huddles_between(self, before: dt.datetime, now: dt.datetime) -> list[dt.datetime]:
        due = Escalation.objects.filter(huddle_due_at__gt=before, huddle_due_at__lt=now)
        return [at for at in due.values_list("huddle_due_at", flat=True) if at is not None]

    def _sweep(self, now: dt.datetime) -> None:
        """A second before, when it must not be yet, and at the instant; once more each for nothing."""
        for at in (now - SECOND, now):
            if self.history.sweeps_from and at < self._instant(self.history.sweeps_from):
                continue
            update_escalations(now=at, using="default")
            self._note(now=at)
            assert update_escalations(now=at, using="default") == 0

    def _do(self, step: Step, *, now: dt.datetime) -> None:
        match step.does:
            case "red" | "amber" | "green":
                post(
                    self.key_result,
                    self.owner,
                    actual=VALUES[self.history.terms][step.does],
                    now=now,
                    measured_on=step.at.date(),
                    confidence=step.confidence,
                    blocker=step.blocker,
                )
            case "undone":
                latest = newest(self.key_result)
                assert latest is not None
                undo_check_in(check_in=latest, by=self.owner, now=now)
            case "the blocker is resolved":
                blocker = Blocker.objects.get(resolved_at=None)
                resolve_blocker(blocker=blocker, by=self.owner, now=now)
            case _:
                self._answer(Escalation.objects.get(), step, now=now)
        self._note(now=now)

    def _answer(self, escalation: Escalation, step: Step, *, now: dt.datetime) -> None:
        known: dict[str, Any] = {"escalation": escalation, "now": now}
        versioned = {**known, "version": escalation.version}
        match step.does:
            case "made active by hand":
                activate_escalation(**known, by=self.champion)
            case "the sponsor decides":
                note = "A second data person from March on."
                decide_escalation(**versioned, verdict="resources", note=note, by=self.sponsor)
            case "recovery plan":
                assert step.checkpoint
                record_outcome(
                    **versioned,
                    outcome="change_bet",
                    plan="Offer the session before the contract is signed",
                    plan_owner=self.owner,
                    checkpoint_on=step.checkpoint,
                    by=self.lead,
                )
            case unknown:
                raise ValueError(unknown)

    def _note(self, *, now: dt.datetime) -> None:
        """What has changed since the last look; every moment that was written is this one."""
        local = now.astimezone(self.zone).replace(tzinfo=None)
        for row in Escalation.objects.order_by("streak"):
            for what, why in changes(self.state.get(row.streak), row):
                self.fired.append(written(local, what, why))
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
