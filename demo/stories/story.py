"""What the demo tells of a client: plain data, every week counted back from the one of today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from engagements.commands.engagements import Settings

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = range(4)
FRIDAY_BEFORE = -3  # days from the Monday that names the period


class Person(StrEnum):
    """The people of the demo, by the first part of their address."""

    LEAD = "lead"
    CONSULTANT = "consultant"
    CHAMPION = "champion"
    SPONSOR = "sponsor"
    CLIENT = "client"


@dataclass(frozen=True, kw_only=True)
class Read:
    """A figure: of the period `ago` weeks back, posted `day` days after its Monday."""

    ago: int
    value: str
    confidence: int
    day: int = MONDAY
    at: dt.time | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """One check-in in somebody's words. A second one of the same period corrects the first."""

    read: Read
    insight: str
    next_action: str
    help_needed: str = ""
    answer: str = ""  # of the lead, a day later
    blocker: str = ""
    resolved: bool = False  # two days later


@dataclass(frozen=True, kw_only=True)
class KeyResultStory:
    """Named by its metric; its facts are those of the file, its owner too unless given here."""

    metric: str
    told: tuple[Told, ...]
    owner: Person | None = None
    at: dt.time = dt.time(8, 30)  # when its owner checks in
    evidence: str = ""
    fetched_by: str = ""  # empty leaves a data question open (M4.3)
    # Its last check-in came some hours ago, whatever day it is; its weeks count back from there.
    is_fresh: bool = False


@dataclass(frozen=True, kw_only=True)
class DraftStory:
    """An objective of the next cycle: one key result that can be committed, one that cannot."""

    title: str
    why_now: str
    metric: str
    ready: str
    baseline: str
    target: str
    unfinished: str


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A decision of a meeting; due that many days after it."""

    text: str
    metric: str
    owner: Person
    change: str
    due: int = 14
    client_visible: bool = True


@dataclass(frozen=True, kw_only=True)
class ToDo:
    """An action of a meeting; due, and done unless that is None, so many days after it."""

    what: str
    owner: Person
    due: int
    done: int | None = None
    metric: str = ""


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A review in the week `ago` weeks back: held, closed, and its summary published."""

    kind: str
    ago: int
    day: int
    headline: str
    decided: tuple[Decided, ...] = ()
    to_do: tuple[ToDo, ...] = ()
    at: dt.time = dt.time(14)
    note: str = ""
    next_steps: str = ""


@dataclass(frozen=True, kw_only=True)
class Huddle:
    """The huddle of an open escalation is set, for so many hours later (M7.3)."""

    metric: str
    by: Person
    ago: int
    day: int
    at: dt.time
    hours: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A recovery plan is recorded, its checkpoint so many days later (M7.3)."""

    metric: str
    by: Person
    ago: int
    day: int
    at: dt.time
    outcome: str
    plan: str
    owner: Person
    checkpoint: int


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """The lead records what the sponsor decided, with who said so and where (M7.4, M9.5)."""

    metric: str
    ago: int
    day: int
    at: dt.time
    verdict: str
    note: str
    word_of: str
    evidence: str


Answer = Huddle | Outcome | Ruling


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A review to come, in so many days."""

    kind: str
    days: int
    at: dt.time = dt.time(14)


@dataclass(frozen=True, kw_only=True)
class ClientStory:
    """A client in the given week of a cycle of 13, its objectives committed in an earlier one."""

    client_name: str
    slug: str
    settings: Settings
    week: int
    committed_in_week: int
    people: dict[Person, str]  # with their roles
    key_results: tuple[KeyResultStory, ...]
    champions: dict[str, Person]  # by team
    access: str  # who can read the sources
    draft: DraftStory | None = None
    meetings: tuple[Meeting, ...] = ()
    answers: tuple[Answer, ...] = ()  # to what escalated
    planned: Planned | None = None
    shared_with: str = ""  # the label of a share link
