"""The lines of a sheet as typed rows: one key result each, with all that it names. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from imports.sheets import Problem, Record, quote
from okrs.writing import plain
from scoring import Commitment, Method, ScoringError, parse_number, validate_linear, validate_rungs
from tenancy.text import address_key, clean_text, comparable

LARGEST = Decimal(10) ** 14
PLACES = 6
LONGEST_NUMBER = 60  # characters
LONGEST_LADDER = 1000

Key = tuple[str, str, str]  # cycle, objective, key result: unique for a key result
Ladder = tuple[tuple[Decimal, Decimal], ...]
Choices = Mapping[str, Sequence[str]]  # the words of a column that the models define


@dataclass(frozen=True, slots=True)
class Row:
    """One key result of the file. A cell that could not be read is empty and in `faulty`."""

    line: int
    key: Key
    metric_key: str
    faulty: frozenset[str]
    cycle: str
    team: str  # empty: the company's
    objective: str
    key_result: str
    metric: str
    definition: str
    unit: str
    direction: str
    baseline: Decimal | None
    target: Decimal | None
    starts_on: dt.date | None
    due_on: dt.date | None
    valid_low: Decimal | None
    valid_high: Decimal | None
    owner: str
    owner_email: str
    source: str
    refresh: str
    method: str
    ladder: Ladder
    weight: Decimal
    indicator: str
    commitment: str
    contributes_to: str


def read_row(record: Record, *, choices: Choices) -> tuple[Row, list[Problem]]:
    """Return the row, and a problem for each of its cells that cannot be read."""
    cells = Cells(record.line, record.cells)
    method = cells.choice("method", list(Method), default=Method.LINEAR.value)
    direction = cells.choice("direction", choices["direction"])
    baseline, target = cells.number("baseline"), cells.number("target")
    cells.check_line(method=method, baseline=baseline, target=target)
    cycle = cells.name("cycle", most=60, required=True)
    team = cells.team()
    objective = cells.name("objective", most=240, required=True)
    key_result = cells.name("key_result", most=240, required=True)
    metric = cells.name("metric", most=120, required=True)
    row = Row(
        line=cells.line,
        key=(comparable(cycle), plain(objective), plain(key_result)),
        metric_key=comparable(metric),
        cycle=cycle,
        team=team,
        objective=objective,
        key_result=key_result,
        metric=metric,
        definition=cells.text("definition", most=5000),
        unit=cells.name("unit", most=40),
        direction=direction,
        baseline=baseline,
        target=target,
        starts_on=cells.date("starts_on"),
        due_on=cells.date("due_on"),
        valid_low=cells.number("valid_low"),
        valid_high=cells.number("valid_high"),
        owner=cells.name("owner", most=120, required=True),
        owner_email=cells.email("owner_email"),
        source=cells.name("source", most=120),
        refresh=cells.choice("refresh", choices["refresh"], default=""),
        method=method,
        ladder=cells.ladder(method=method, direction=direction),
        weight=cells.weight(),
        indicator=cells.choice("indicator", choices["indicator"], default=""),
        commitment=cells.choice("commitment", list(Commitment), default=Commitment.COMMITTED.value),
        contributes_to=cells.name("contributes_to", most=240),
        faulty=frozenset(cells.problems),  # last: by now every cell was read
    )
    return row, list(cells.problems.values())


@dataclass(slots=True)
class Cells:
    """The cells of one line. Reading a bad one notes a problem and gives an empty value."""

    line: int
    record: Mapping[str, str]
    problems: dict[str, Problem] = field(default_factory=dict)  # the first of each column

    def note(self, column: str, message: str, fix: str) -> None:
        self.problems.setdefault(column, Problem(self.line, column, message, fix))

    def text(self, column: str, *, most: int, required: bool = False) -> str:
        text = clean_text(self.record.get(column, "")).strip()
        if "\x00" in text:
            self.note(column, "The cell holds a NUL character.", "Remove it.")
        elif required and not text:
            self.note(column, "The cell is empty.", "Fill it in.")
        elif len(text) > most:
            self.note(column, f"The cell has {len(text)} characters.", f"Keep it to {most}.")
        else:
            return text
        return ""

    def name(self, column: str, *, most: int, required: bool = False) -> str:
        """Return text of one line: runs of white space become one space."""
        return " ".join(self.text(column, most=most, required=required).split())

    def choice(self, column: str, values: Sequence[str], *, default: str | None = None) -> str:
        text = clean_text(self.record.get(column, "")).strip()
        if not text and default is not None:
            return default
        if (word := comparable(text)) in values:
            return word
        message = f"{quote(text)} is not one of the choices." if text else "The cell is empty."
        self.note(column, message, f"Write {', '.join(values[:-1])} or {values[-1]}.")
        return ""

    def number(self, column: str, *, places: int = PLACES) -> Decimal | None:
        text = self.text(column, most=LONGEST_NUMBER)
        if not text:
            return None
        try:
            return _number(text, places=places)
        except ScoringError as error:
            self.note(column, *_sentences(error))
            return None

    def date(self, column: str) -> dt.date | None:
        text = clean_text(self.record.get(column, "")).strip()
        if not text:
            return None
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            self.note(column, f"{quote(text)} is not a date.", "Write it as 2026-03-31.")
            return None

    def email(self, column: str) -> str:
        text = address_key(self.text(column, most=254, required=True))
        if column in self.problems:
            return ""
        try:
            validate_email(text)
        except ValidationError:
            self.note(
                column, f"{quote(text)} can’t be an email address.", "Write it as ana@client.com."
            )
            return ""
        return text

    def team(self) -> str:
        team = self.name("team", most=80)
        level = self.choice("level", ("company", "team"), default="team" if team else "company")
        if level == "team" and not team:
            self.note(
                "team", "A team objective needs a team.", "Add the team, or set level to company."
            )
        if level == "company" and team:
            fix = "Empty the cell, or set level to team."
            self.note("team", f"A company objective has the team {quote(team)}.", fix)
        return team

    def weight(self) -> Decimal:
        weight = self.number("weight", places=2)
        if weight is None:
            return Decimal(1)
        if not 0 < weight < 10_000:
            fix = "Enter a number above 0 and below 10000, usually 1."
            self.note("weight", f"{weight} is not a valid weight.", fix)
        return weight

    def ladder(self, *, method: str, direction: str) -> Ladder:
        text = self.text("ladder", most=LONGEST_LADDER).strip(";")
        if method == "linear" and text:
            self.note(
                "ladder",
                "A linear key result has a ladder.",
                "Empty the cell, or set method to ladder.",
            )
        if method != "ladder" or not direction:
            return ()
        try:
            rungs = [_rung(rung) for rung in text.split(";")]
            return tuple(validate_rungs(rungs, higher_is_better=direction == "higher"))
        except ScoringError as error:
            message, _ = _sentences(error)
            self.note("ladder", message, "Write the rungs best first, as 4:1.0;6:0.7;8:0.3.")
            return ()

    def check_line(self, *, method: str, baseline: Decimal | None, target: Decimal | None) -> None:
        if method == "linear" and baseline is not None and target is not None:
            try:
                validate_linear(baseline, target)
            except ScoringError as error:
                self.note("target", *_sentences(error))


def _number(text: str, *, places: int = PLACES) -> Decimal:
    value = parse_number(text)
    if abs(value) >= LARGEST or value != round(value, places):
        fix = f"Keep it to 14 digits before the point and {places} after it."
        raise ScoringError(f"{quote(text)} has too many digits. {fix}")
    return value


def _rung(text: str) -> tuple[Decimal, Decimal]:
    threshold, colon, score = text.partition(":")
    if not colon:
        raise ScoringError(f"{quote(text)} is not a rung.")
    return _number(threshold), _number(score)


def _sentences(error: ScoringError) -> tuple[str, str]:
    message, _, fix = str(error).partition(". ")
    return f"{message.rstrip('.')}.", fix
