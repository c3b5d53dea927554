"""The cells of one line as typed values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from scoring import ScoringError, parse_number, validate_linear, validate_rungs

LARGEST = Decimal(10) ** 14
PLACES = 6
SHOWN = 40

Ladder = tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell, and how to mend it; no column where the whole line is."""

    line: int
    column: str
    message: str
    mend: str

    def __str__(self) -> str:
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {self.message} {self.mend}"


@dataclass(slots=True)
class Cells:
    """Reading a bad cell notes one problem and gives an empty value."""

    line: int
    record: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def faulty(self) -> frozenset[str]:
        return frozenset(problem.column for problem in self.problems)

    def note(self, column: str, message: str, mend: str) -> None:
        if column not in self.faulty:
            self.problems.append(Problem(self.line, column, message, mend))

    def text(self, column: str, *, most: int, required: bool = False) -> str:
        text = self.record.get(column, "").strip()
        if "\x00" in text:
            self.note(column, "The cell holds a NUL character.", "Take it out.")
        elif required and not text:
            self.note(column, "The cell is empty.", "Fill it in.")
        elif len(text) > most:
            self.note(column, f"The cell has {len(text)} characters.", f"Keep it to {most}.")
        else:
            return text
        return ""

    def name(self, column: str, *, most: int, required: bool = False) -> str:
        """Text of one line: runs of white space become one space."""
        return " ".join(self.text(column, most=most, required=required).split())

    def choice(self, column: str, values: Sequence[str], *, default: str | None = None) -> str:
        text = self.record.get(column, "").strip()
        if not text and default is not None:
            return default
        if text.lower() in values:
            return text.lower()
        message = f"{shown(text)} is not known here." if text else "The cell is empty."
        self.note(column, message, f"Write {_either(values)}.")
        return ""

    def number(self, column: str, *, places: int = PLACES) -> Decimal | None:
        text = self.record.get(column, "").strip()
        if not text:
            return None
        try:
            return _number(text, places=places)
        except ScoringError as error:
            self.note(column, *_sentences(error))
            return None

    def date(self, column: str) -> dt.date | None:
        text = self.record.get(column, "").strip()
        if not text:
            return None
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            self.note(column, f"{shown(text)} is no date here.", "Write it as 2026-03-31.")
            return None

    def email(self, column: str) -> str:
        text = self.text(column, most=254, required=True).lower()
        if column in self.faulty:
            return ""
        try:
            validate_email(text)
        except ValidationError:
            self.note(column, f"{shown(text)} is no email address.", "Write it as ana@client.com.")
            return ""
        return text

    def team(self) -> str:
        team = self.name("team", most=80)
        level = self.choice("level", ("company", "team"), default="team" if team else "company")
        if level == "team" and not team:
            self.note("team", "A team's objective names no team.", "Name it, or set level company.")
        if level == "company" and team:
            mend = "Empty the cell, or set level team."
            self.note("team", f"A company's objective names {shown(team)}.", mend)
        return team

    def weight(self) -> Decimal:
        weight = self.number("weight", places=2)
        if weight is None:
            return Decimal(1)
        if not 0 < weight < 10_000:
            mend = "Write a number above 0 and below 10000; 1 as a rule."
            self.note("weight", f"{weight} is no weight.", mend)
        return weight

    def ladder(self, *, method: str, direction: str) -> Ladder:
        text = self.record.get("ladder", "").strip().strip(";")
        if method == "linear" and text:
            self.note(
                "ladder", "A linear key result has a ladder.", "Empty it, or set method ladder."
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


def shown(text: str) -> str:
    return f"“{text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'}”"


def _number(text: str, *, places: int = PLACES) -> Decimal:
    value = parse_number(text)
    if abs(value) >= LARGEST or value != round(value, places):
        mend = f"Keep it to 14 digits before and {places} after the point."
        raise ScoringError(f"{shown(text)} has too many digits. {mend}")
    return value


def _rung(text: str) -> tuple[Decimal, Decimal]:
    threshold, colon, score = text.partition(":")
    if not colon:
        raise ScoringError(f"{shown(text)} is no rung.")
    return _number(threshold), _number(score)


def _sentences(error: ScoringError) -> tuple[str, str]:
    message, _, mend = str(error).partition(". ")
    return f"{message.rstrip('.')}.", mend


def _either(values: Sequence[str]) -> str:
    return " or ".join([", ".join(values[:-1]), values[-1]])
