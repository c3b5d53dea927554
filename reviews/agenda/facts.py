"""The facts that an agenda is built from, and its items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from okrs.formatting import is_early
from reviews.agenda.escalations import EscalationFacts
from reviews.models import Section
from scoring import Rag, Scale

Row = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A help request or a blocker that is still open."""

    text: str
    since: dt.date
    by: str


@dataclass(frozen=True, kw_only=True)
class Spell:
    """One period of a key result; without a band it closed without a check-in."""

    monday: dt.date
    value: Decimal | None = None
    rag: Rag | None = None
    measured_on: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Then:
    """Value and score when the last review closed."""

    value: Decimal | None
    score: Decimal | None


@dataclass(frozen=True, kw_only=True)
class KeyResultFacts:
    """A live key result; `owner_gap` says why no one is responsible for it.

    `ends_on` is the last day of its cycle. `spells` are its periods until now, oldest first;
    `late_since` is the due day of the open period if its check-in is late.
    """

    public_id: str
    title: str
    owner: str = ""
    owner_gap: str = ""
    unit: str = ""
    baseline: Decimal | None = None
    value: Decimal | None = None
    score: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    confidence: int | None = None
    pace: Decimal | None = None
    forecast_holds: bool | None = None
    ends_on: dt.date | None = None
    last_week: dt.date | None = None
    red_since: dt.date | None = None
    red_reported: int = 0
    escalation: EscalationFacts | None = None  # of the streak that runs
    spells: Sequence[Spell] = ()
    late_since: dt.date | None = None
    blockers: Sequence[Ask] = ()
    help_requests: Sequence[Ask] = ()
    then: Then | None = None
    insight: str = ""

    @property
    def is_early(self) -> bool:
        return is_early(self.rag, forecast_holds=self.forecast_holds)


@dataclass(frozen=True, kw_only=True)
class ActionFacts:
    """An overdue action."""

    what: str
    owner: str
    due_on: dt.date
    about: str = ""
    public_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ExperimentFacts:
    """A key result of a micro cycle that has ended."""

    cycle: str
    ended_on: dt.date
    title: str
    public_id: str
    unit: str = ""
    baseline: Decimal | None = None
    value: Decimal | None = None
    rag: Rag = Rag.NO_DATA
    insight: str = ""


@dataclass(frozen=True, kw_only=True)
class DecisionFacts:
    """A decision of the last review; `label` says how its metric moved, if it has one."""

    text: str
    owner: str
    due_on: dt.date
    about: str = ""
    public_id: str = ""  # of the key result
    label: str = ""
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class AgendaFacts:
    """All facts for an agenda. `since` is the day of the last review, if any."""

    kind: str
    today: dt.date
    scale: Scale = Scale.UNIT
    since: dt.date | None = None
    key_results: Sequence[KeyResultFacts] = ()
    actions: Sequence[ActionFacts] = ()
    experiments: Sequence[ExperimentFacts] = ()
    decisions: Sequence[DecisionFacts] = ()


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """An item built from data. `source` names its cause and stays the same while the cause lasts.

    `key_result` is a public id; `rows` are the rows of a list.
    """

    section: Section
    source: str
    title: str
    why: str
    minutes: int
    key_result: str = ""
    rows: Sequence[Row] = field(default_factory=list)
