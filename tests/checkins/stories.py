"""The words in which histories of key results are written down: what happens, and what fires."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from escalations.models import Cause, RaisedFor

YEAR = 2026
HOUR = dt.time(9, 40)
QUARTER = ("01-01", "03-31")
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


def red(at: str, *, confidence: int = 4, blocker: bool = False) -> Step:
    return Step(moment(at), "post", "red", confidence, blocker)


def amber(at: str) -> Step:
    return Step(moment(at), "post", "amber")


def green(at: str) -> Step:
    return Step(moment(at), "post", "green")


def undo(at: str) -> Step:
    return Step(moment(at), "undo")


def resolve(at: str) -> Step:
    return Step(moment(at), "resolve")


def by_hand(at: str) -> Step:
    return Step(moment(at), "activate")


def plan(at: str, *, checkpoint: str) -> Step:
    return Step(moment(at), "plan", checkpoint=moment(checkpoint).date())


def decide(at: str) -> Step:
    return Step(moment(at), "decide")


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


def opens(at: str, why: str = "") -> Fires:
    return Fires(moment(at), "opens", why)


def active(at: str, why: str) -> Fires:
    return Fires(moment(at), "turns active", why)


def raised(at: str, why: str) -> Fires:
    return Fires(moment(at), "to the sponsor", why)


def recovers(at: str) -> Fires:
    return Fires(moment(at), "recovers")


def reopens(at: str) -> Fires:
    return Fires(moment(at), "reopens")


@dataclass(frozen=True)
class History:
    name: str
    story: tuple[Step, ...]
    fires: tuple[Fires, ...]
    until: str  # it is watched to the end of this day
    terms: str = "linear"  # ladder, yes or no
    engagement: Mapping[str, Any] = field(default_factory=dict)
    cycle: tuple[str, str] = QUARTER
    sweeps_from: str = ""  # before that, none ran

    @property
    def row(self) -> str:
        """Its line of the table in the docs."""
        story = "; ".join(map(str, self.story))
        fires = "; ".join(map(str, self.fires)) or "nothing"
        return f"| {self.name} | {self._where}{story} | {fires} |"

    @property
    def _where(self) -> str:
        said = [SETTINGS.get(value, value) for value in self.engagement.values()]
        said += [self.terms] if self.terms != "linear" else []
        said += ["the cycle ends on 31 May"] if self.cycle != QUARTER else []
        said += ["no sweep until Mon 9 Mar 08:00"] if self.sweeps_from else []
        return f"*{', '.join(said)}*: " if said else ""
