"""The data of the engagement that a sheet can name, as plain values. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from imports.formats import span_of_fiscal
from imports.rows import Choices, Key
from okrs.weeks import quarter
from tenancy.text import comparable


class KnownCycle(NamedTuple):
    id: int
    name: str
    starts_on: dt.date
    ends_on: dt.date


class KnownPerson(NamedTuple):
    id: int
    email: str
    name: str
    is_viewer: bool
    has_left: bool


class KnownMetric(NamedTuple):
    id: int
    name: str
    unit: str
    is_archived: bool
    valid_low: Decimal | None
    valid_high: Decimal | None


class KnownObjective(NamedTuple):
    id: int
    cycle_id: int
    team_id: int | None
    team: str  # empty: the company's


class KnownKeyResult(NamedTuple):
    id: int
    metric: str


@dataclass(frozen=True)
class Known:
    """The data of the engagement that a sheet can name, as plain values by the key of a row."""

    client_names: frozenset[str]
    choices: Choices
    locale: str
    date_order: str  # that of the country, "day" or "month"
    today: dt.date
    cycles: Mapping[str, KnownCycle]
    teams: Mapping[str, int]
    people: Mapping[str, KnownPerson]
    metrics: Mapping[str, KnownMetric]
    objectives: Mapping[tuple[str, str], KnownObjective]
    key_results: Mapping[Key, KnownKeyResult]
    fiscal_month: int = 0  # in which the fiscal year begins; 0 if no one has answered that

    def span(self, cycle: str) -> tuple[dt.date, dt.date] | None:
        """Return the first and last day of a cycle, or of the quarter with that name."""
        span = self.cycles.get(comparable(cycle)) or quarter(cycle)
        if span:
            return span.starts_on, span.ends_on
        return span_of_fiscal(cycle, first_month=self.fiscal_month)

    def people_named(self, name: str) -> list[KnownPerson]:
        """Return the members with this name, or else with its initial and last name."""
        key = comparable(name)
        people = [person for person in self.people.values() if not person.has_left]
        found = [person for person in people if comparable(person.name) == key]
        return found or [person for person in people if _short(person.name) == key]


def _short(name: str) -> str:
    """Return "d. whitlock" for "Dana Whitlock"."""
    first, _, rest = comparable(name).partition(" ")
    return f"{first[:1]}. {rest}"
