"""The cells of one line, read as the types that a row has. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from engagements.figures import FigureError, read_figure
from engagements.locales import figure_text
from imports.formats import DIRECTIONS, YES_OR_NO, NoDate, does_not_fit, read_date
from imports.problems import Offer, Problem, cell_offer, quote
from imports.records import Record
from okrs.formatting import YES_NO
from scoring import ScoringError, format_number, validate_linear, validate_rungs
from tenancy.text import address_key, clean_text, comparable

LARGEST = Decimal(10) ** 14
PLACES = 6
LONGEST_NUMBER = 60  # characters
LONGEST_LADDER = 1000
LONGEST_TEXT = 1000
WRITTEN_WITH = {"": "en_US", ".": "en_US", ",": "de_DE"}  # a locale with that decimal sign
GOAL = ("baseline", "target", "current")

Ladder = tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True)
class Notation:
    """How the sheet writes figures and dates, and the columns that it has."""

    locale: str
    decimal: str
    dates: str
    fractions: str
    columns: frozenset[str]


@dataclass(slots=True)
class Cells:
    """The cells of one line. Reading a bad one notes a problem and gives an empty value."""

    record: Record
    notation: Notation
    problems: dict[str, Problem] = field(default_factory=dict)  # the first of each column

    def __post_init__(self) -> None:
        self.problems.update((problem.column, problem) for problem in self.record.problems)

    @property
    def line(self) -> int:
        return self.record.line

    def note(self, column: str, message: str, fix: str, *offers: Offer) -> None:
        text = self.record.get(column)
        text = text if len(text) <= LONGEST_TEXT else ""  # too long to be typed anew
        self.problems.setdefault(column, Problem(self.line, column, message, fix, text, offers))

    def offers(self, column: str, texts: Iterable[str]) -> list[Offer]:
        return [cell_offer(self.line, column, text) for text in texts]

    def text(self, column: str, *, most: int, required: bool = False) -> str:
        text = clean_text(self.record.get(column)).strip()
        if required and not text:
            self.note(column, "The cell is empty.", "Fill it in.")
        elif len(text) > most:
            self.note(column, f"The cell has {len(text)} characters.", f"Keep it to {most}.")
        else:
            return "" if column in self.problems else text
        return ""

    def name(self, column: str, *, most: int, required: bool = False) -> str:
        """Return text of one line: runs of white space become one space."""
        return " ".join(self.text(column, most=most, required=required).split())

    def choice(self, column: str, values: Sequence[str], *, default: str) -> str:
        text = self.record.get(column)
        if not text or comparable(text) in values:
            return comparable(text) or default
        fix = f"Choose {', '.join(values[:-1])} or {values[-1]}."
        message = f"{quote(text)} is not one of the choices."
        self.note(column, message, fix, *self.offers(column, values))
        return default

    def direction(
        self, values: Sequence[str], *, baseline: Decimal | None, target: Decimal | None
    ) -> str:
        """Return which direction is better; without a word, the one from baseline to target."""
        by_figures = ""
        if baseline is not None and target is not None and baseline != target:
            by_figures = "lower" if target < baseline else "higher"
        text = self.record.get("direction")
        word = DIRECTIONS.get(comparable(text), text)
        if not word:
            return by_figures or values[0]
        if word not in values:
            message, fix = f"{quote(text)} is not a direction.", "Choose higher or lower."
            self.note("direction", message, fix, *self.offers("direction", values))
        return word if word in values else by_figures or values[0]

    def goal(self) -> tuple[str, dict[str, Decimal | None]]:
        """Return the unit, and baseline, target and current value in it."""
        unit = self.name("unit", most=40)
        texts = {name: self.record.get(name) for name in GOAL}
        words = [YES_OR_NO.get(comparable(text)) for text in texts.values() if text]
        if unit == YES_NO or (words and all(words) and not unit):
            yes = {name: self.yes_or_no(name) for name in GOAL}
            return YES_NO, {**yes, "baseline": yes["baseline"] or Decimal(0)}
        if not unit and any("%" in text for text in texts.values()):
            unit = "%"
        near = [
            value
            for name in GOAL
            if (value := self.number(name, unit=unit, asks=False)) is not None
        ]
        figures = {name: self.number(name, unit=unit, near=near) for name in GOAL}
        return unit, self._as_percent(figures, unit=unit)

    def yes_or_no(self, column: str) -> Decimal | None:
        text = self.record.get(column)
        word = YES_OR_NO.get(comparable(text), {"1": "yes", "0": "no"}.get(text, ""))
        if text and not word:
            offers = self.offers(column, ("yes", "no"))
            self.note(column, f"{quote(text)} is neither yes nor no.", "Choose one.", *offers)
        return Decimal(word == "yes") if word else None

    def _as_percent(
        self, figures: dict[str, Decimal | None], *, unit: str
    ) -> dict[str, Decimal | None]:
        """Read fractions in a percent column as they are answered; ask about them before."""
        values = [value for value in figures.values() if value is not None]
        is_signed = any("%" in self.record.get(name) for name in GOAL)
        are_fractions = all(0 <= value <= 1 for value in values) and any(
            value % 1 for value in values
        )
        if unit not in ("%", "percent") or is_signed or not are_fractions:
            return figures
        as_percent = {
            name: None if value is None else value * 100 for name, value in figures.items()
        }
        if not self.notation.fractions:
            column, value = next((name, one) for name, one in figures.items() if one and one % 1)
            percent = f"{(as_percent[column] or value).normalize():f}%"
            offers = Offer(percent, "fractions:percent"), Offer(f"{value}%", "fractions:number")
            self.note(column, f"{value} is a fraction of %.", f"Is it {percent}?", *offers)
        return as_percent if self.notation.fractions == "percent" else figures

    def number(
        self,
        column: str,
        *,
        unit: str = "",
        near: Sequence[Decimal] = (),
        places: int = PLACES,
        asks: bool = True,
    ) -> Decimal | None:
        """Read a figure; one that can be read in several ways is asked about."""
        text = self.text(column, most=LONGEST_NUMBER) if asks else self.record.get(column)
        if not text:
            return None
        sign = self.notation.decimal
        try:
            value = read_figure(
                text, locale=self.notation.locale, unit=unit, near=near, decimal_sign=sign or None
            )
        except FigureError as error:
            if asks:
                self._ask(column, str(error.message), readings=error.readings)
            return None
        if asks and does_not_fit(text, sign=sign):
            digits = re.sub(r"\D", "", re.split("[.,]", text)[-1])
            thousands = value * 1000 if len(digits) < 3 else value
            question = f"{quote(text)} does not fit the other figures. Which one is it?"
            readings = dict.fromkeys([thousands, value])
            self._ask(column, question, readings=readings)
        if asks and (abs(value) >= LARGEST or value != round(value, places)):
            fix = f"Keep it to 14 digits before the point and {places} after it."
            self.note(column, f"{quote(text)} has too many digits.", fix)
        return None if asks and column in self.problems else value

    def _ask(self, column: str, question: str, *, readings: Iterable[Decimal]) -> None:
        """Note a question with its readings, each written as the sheet writes figures."""
        locale = WRITTEN_WITH[self.notation.decimal]
        offers = [
            cell_offer(
                self.line, column, figure_text(each, locale=locale), label=format_number(each)
            )
            for each in readings
        ]
        facts, _, fix = question.rpartition(". ")
        default = f"{quote(self.record.get(column))} is {'ambiguous' if offers else 'not a number'}"
        self.note(column, f"{facts or default}.", fix, *offers)

    def date(self, column: str) -> dt.date | None:
        text = self.text(column, most=LONGEST_NUMBER)
        if not text:
            return None
        try:
            return read_date(text, order=self.notation.dates)
        except NoDate as error:
            offers = [
                cell_offer(self.line, column, f"{day}", label=f"{day.day} {day:%b %Y}")
                for day in error.nearest
            ]
            fix = "Which date is it?" if offers else "Enter a date such as 2026-03-31."
            self.note(column, str(error) or f"{quote(text)} is not a date.", fix, *offers)
            return None

    def email(self, column: str) -> str:
        typed = self.text(column, most=254)
        text = address_key(typed)
        if not text:
            return ""
        try:
            validate_email(text)
        except ValidationError:
            meant = re.sub(r"\(at\)|\[at\]|\bat\b", "@", typed).replace(" ", "")
            offers = self.offers(
                column, [meant] if re.fullmatch(r"[^@]{1,254}@[^@]{1,254}\.\w{1,63}", meant) else []
            )
            fix = f"Did you mean {meant}?" if offers else "Enter one, or leave it empty."
            self.note(column, f"{quote(text)} can’t be an email address.", fix, *offers)
            return ""
        return text

    def team(self) -> str:
        team = self.name("team", most=80)
        level = self.choice("level", ("company", "team"), default="team" if team else "company")
        if level == "team" and not team and "level" not in self.problems:
            fix = "Add the team, or set level to company."
            offer = cell_offer(self.line, "level", "company")
            self.note("team", "A team objective needs a team.", fix, offer)
        if level == "company" and team:
            fix = "Empty the cell, or set level to team."
            offers = (
                cell_offer(self.line, "level", "team"),
                cell_offer(self.line, "team", "", label="company"),
            )
            self.note("team", f"A company objective has the team {quote(team)}.", fix, *offers)
        return team

    def weight(self) -> Decimal:
        weight = self.number("weight", places=2)
        if weight is None:
            return Decimal(1)
        if not 0 < weight < 10_000:
            fix = "Enter a number above 0 and below 10000, usually 1."
            self.note("weight", f"{weight} is not a valid weight.", fix)
        return weight

    def ladder(self, *, method: str, direction: str, unit: str) -> Ladder:
        text = self.text("ladder", most=LONGEST_LADDER).strip(";")
        if method == "linear" and text:
            fix = "Empty the cell, or set method to ladder."
            offer = cell_offer(self.line, "method", "ladder")
            self.note("ladder", "A linear key result has a ladder.", fix, offer)
        if method != "ladder" or "direction" in self.problems:
            return ()
        if unit == YES_NO and not text:
            return ((Decimal(1), Decimal(1)),)
        rungs: list[tuple[Decimal, Decimal]] = []
        try:
            rungs += [self._rung(rung) for rung in text.split(";")]
            return tuple(validate_rungs(rungs, higher_is_better=direction == "higher"))
        except ScoringError as error:
            best_first = sorted(rungs, reverse=direction == "higher")
            scores = sorted((score for _, score in rungs), reverse=True)
            pairs = zip(best_first, scores, strict=True)
            written = ";".join(f"{rung[0]:f}:{score:f}" for rung, score in pairs)
            fix = f"Write the rungs best first, as {written or '4:1.0;6:0.7;8:0.3'}."
            self.note("ladder", f"{str(error).partition('. ')[0].rstrip('.')}.", fix)
            return ()

    def _rung(self, text: str) -> tuple[Decimal, Decimal]:
        """Read "4:0.7" or "4=0.7"."""
        parts = re.split("[:=]", text)
        sign, locale = self.notation.decimal or None, self.notation.locale
        try:
            threshold, score = (
                read_figure(part, locale=locale, decimal_sign=sign) for part in parts
            )
        except (ValueError, FigureError):
            raise ScoringError(f"{quote(text)} is not a rung.") from None
        return threshold, score

    def check_goal(self, *, method: str, baseline: Decimal | None, target: Decimal | None) -> None:
        """Check that there is a target, and that a line leads from the baseline to it (M3)."""
        if target is None and "target" in self.notation.columns and method == "linear":
            self.note("target", "The target is empty.", "Enter the value to reach.")
        if method == "linear" and baseline is not None and target is not None:
            try:
                validate_linear(baseline, target)
            except ScoringError as error:
                message, _, fix = str(error).partition(". ")
                self.note("target", f"{message.rstrip('.')}.", fix)
