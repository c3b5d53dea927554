"""Figures as people type them, in any usual notation, and the questions where one is unclear."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from itertools import takewhile

from babel import Locale
from django.core.exceptions import ValidationError

from engagements.locales import clear_figure, decimal_sign_of, figure_text, plain_figure
from scoring import exactly, format_unit
from tenancy.text import comparable

LONGEST, PLACES = 100, 6  # characters of a figure, places of a third
FAR = 100  # a value is asked about from this many times the last value, or one part in as many
CLOSE = 3  # the value without a slip is offered within this factor
PERCENT = {"%", "percent", "pct", "prozent"}
POINTS = {"point", "points", "pt", "pts", "pp"}
_TIMES = {
    word: name
    for name, words in {
        "ms": "ms millisecond milliseconds",
        "s": "s sec secs second seconds",
        "min": "m min mins minute minutes",
        "h": "h hr hrs hour hours",
        "d": "d day days",
        "w": "w wk wks week weeks",
        "month": "mo month months",
        "y": "y yr yrs year years",
    }.items()
    for word in words.split()
}
_SCALES = {
    "1e3": "k thousand thousands tsd tausend '000",
    "1e5": "lakh lakhs",
    "1e6": "m mm mn mln mio million millions millionen",
    "1e7": "cr crore crores",
    "1e9": "b bn mrd billion billions milliarde milliarden",
}
SCALES = {word: Decimal(name) for name, words in _SCALES.items() for word in words.split()}
# What people write besides the signs and codes that babel knows; a sign may mean several.
_CURRENCIES = {
    "USD AUD CAD NZD SGD HKD TWD MXN CLP COP ARS": "$ dollar dollars",
    "EUR": "euro euros",
    "GBP": "pound pounds",
    "JPY CNY": "¥ yen yuan",
    "CHF": "fr sfr franc francs franken",
    "SEK NOK DKK": "kr",
    "INR": "rs rupee rupees",
    "PLN": "zł",
    "CZK": "kč",
    "USD": "us$",
    "CAD": "c$",
}

_VULGAR = re.compile("([¼-¾⅐-⅞↉])")
_SIGNS = str.maketrans(
    dict.fromkeys("’‘ʼ`´′٬", "'") | dict.fromkeys("−–‒‐", "-") | {"٫": ".", "٪": "%"}
)
_DIGITS = re.compile(r"(?:(?<![^\W\d_])[.,])?[0-9]+(?:[ .,']+[0-9]+)*(?:⁄[0-9]+)?")
_LONE = re.compile(r"[0-9]+|[0-9]*[.,][0-9]+")  # 12  12,5  .5
_GROUPED = re.compile(
    r"[1-9][0-9]{0,2}(?P<sign>[ '.,])[0-9]{3}(?:(?P=sign)[0-9]{3})*(?:(?!(?P=sign))[.,][0-9]+)?"
    r"|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?"  # 12,34,567.8
)
_WORD = re.compile(r"'000|(?:us|hk|nz|nt|mx|ca|[acr])?\$|[^\W\d_]+\.?|\S")


class FigureError(ValidationError):
    """A figure that cannot be read, or that is asked about: then it has `readings` to choose from."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        readings: Sequence[Decimal] = (),
        labels: Sequence[str] = (),
    ) -> None:
        super().__init__(message, code=code)
        self.name = ""  # of the input, which the form field knows
        self.readings = tuple(readings)
        # One button each: the value that it sends, and its text.
        self.answers = [*zip(map(plain_figure, readings), labels, strict=True)]


def read_figure(
    text: str,
    *,
    locale: str,
    unit: str = "",
    near: Sequence[Decimal] = (),
    decimal_sign: str | None = None,
) -> Decimal:
    """Read a figure with sign, scale, currency, percent or unit: "−1 250", "$291k", "81,5 %", "½".

    A lone point or comma before three digits has two readings. It is settled by `decimal_sign`, or
    if exactly one reading lies within a factor of 100 of a value in `near`, which are the last
    value and the baseline. Otherwise FigureError asks for one of its `readings`. It asks the same
    about another currency or unit than `unit`; one of time must be converted. It raises
    "not_a_number" for anything else.
    """
    own = _unit(unit)
    figure = _parse(text, unit=own)
    readings = figure.readings(decimal_sign=decimal_sign, locale=locale) if figure else ()
    if figure is None or not readings:
        example = figure_text(near[0] if near else Decimal("12.5"), locale=locale)
        example = example if near else f"1250 or {example}"
        raise FigureError(f"Enter a number, for example {example}.", code="not_a_number")
    if figure.is_other_time:
        question = f"The unit is {unit}. Convert {text.strip()} to {unit}."
        raise FigureError(question, code="other_unit")
    likely = [value for value in readings if any(_is_within(value, each) for each in near)]
    readings = tuple(likely) if len(likely) == 1 else readings
    if figure.other_unit:
        fact = f"The unit is {unit}." if unit else f"“{figure.other_unit}” is not a known unit."
        labels = [
            f"{clear_figure(each, locale=locale)}{format_unit(own.sign)}" for each in readings
        ]
        question = f"{fact} Is this {' or '.join(labels)}?"
        raise FigureError(question, code="other_unit", readings=readings, labels=labels)
    if len(readings) > 1:
        labels = [clear_figure(each, locale=locale) for each in readings]
        question = f"Did you mean {' or '.join(labels)}?"
        raise FigureError(question, code="ambiguous", readings=readings, labels=labels)
    return readings[0]


def distance_question(
    value: Decimal, *, near: Mapping[str, Decimal], locale: str, unit: str = "", note: str = ""
) -> FigureError | None:
    """Ask about a value that is 100 times or more off the last value or the baseline, else None.

    `near` has them by the name that the question uses, the last value first. A baseline that the
    last value has left that far behind is no measure any more. The second reading is the one after
    a slip of the decimal sign or of the unit's scale, if that is close. `note` is what else speaks
    against the value.
    """
    latest = next(iter(near.values()), value)
    measures = ((name, each) for name, each in near.items() if not _is_far(latest, each))
    name, measure = next((pair for pair in measures if _is_far(value, pair[1])), ("", value))
    if not name:
        return None
    with exactly():
        times = abs(value / measure)
        much = f"{times:.0f} times" if times > 1 else f"{1 / times:.0f} times less than"
        factors = (_unit(unit).scale, Decimal(100), Decimal(1000), Decimal(10) ** 6)
        slips = [value / factor if times > 1 else value * factor for factor in factors]
        close = [slip for slip in slips if _is_within(slip, measure, factor=CLOSE)]
        readings = [value, *sorted(close, key=lambda slip: abs(slip - measure))[:1]]
    labels = [clear_figure(each, locale=locale) for each in readings]
    compared = f"{much} the {name} ({clear_figure(measure, locale=locale)})"
    question = f"{labels[0]} is {' and '.join(filter(None, (compared, note)))}. Is it right?"
    return FigureError(question, code="far_off", readings=readings, labels=labels)


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """The unit of a key result or metric: its words, its scale and its currencies."""

    name: str
    words: frozenset[str]
    scale: Decimal = Decimal(1)
    currencies: frozenset[str] = frozenset()
    time: str = ""

    @property
    def is_percent(self) -> bool:
        return bool(self.words & PERCENT)

    @property
    def sign(self) -> str:
        return "%" if self.words and self.words <= PERCENT else self.name

    def takes(self, word: str) -> bool:
        """Return whether a word after a figure fits: percent and points do without another unit."""
        return word in PERCENT | POINTS and (not self.name or self.is_percent)

    def has(self, word: str) -> bool:
        is_same_time = self.time and self.time == _TIMES.get(word)
        return bool(is_same_time or {word, f"{word}s", word.removesuffix("s")} & self.words)

    def cut_from(self, text: str) -> str:
        """Return the text without the unit after it, in singular or plural."""
        name = _cleaned(self.name)
        for each in (f"{name}s", name, name.removesuffix("s")) if name else ():
            rest = text.removesuffix(each)
            # "5 ms" ends with another unit than s, and "2911000 EUR" has no unit of "1000 EUR".
            is_part = rest[-1:].isalpha() or (each[:1].isdigit() and rest[-1:] != " ")
            if rest != text and not is_part and re.search("[0-9]", rest):
                return rest.rstrip()
        return text


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """The parts of a typed figure; with several `factors` its scale is ambiguous."""

    digits: str
    is_negative: bool
    factors: tuple[Decimal, ...]
    other_unit: str
    is_other_time: bool

    def readings(self, *, decimal_sign: str | None, locale: str) -> tuple[Decimal, ...]:
        """Return its possible values; if the decimal sign decides, the locale's reading is first."""
        lone, grouped = _LONE.fullmatch(self.digits), _GROUPED.fullmatch(self.digits)
        values: list[Decimal] = []
        if lone:
            values.append(Decimal(self.digits.replace(",", ".")))
        if grouped:
            groups = re.sub(f"[{grouped['sign'] or ','}]", "", self.digits)
            values.append(Decimal(groups.replace(",", ".")))
        if lone and grouped:
            is_decimal = grouped["sign"] == (decimal_sign or decimal_sign_of(locale))
            values = values if is_decimal else values[::-1]
            values = values[:1] if decimal_sign else values
        if not values and (value := _fraction(self.digits)) is not None:
            values.append(value)
        with exactly():
            sign = -1 if self.is_negative else 1
            every = (sign * value * factor + 0 for value in values for factor in self.factors)
            return tuple(dict.fromkeys(every))


@lru_cache(maxsize=1024)
def _unit(name: str) -> _Unit:
    words = _words(_cleaned(name))
    # In "EUR per million calls" the scale is not that of the value.
    head = [*takewhile(lambda word: word not in ("per", "/", "a", "an"), words)]
    scales, currencies, _ = _meanings(head)
    # A lone m is meters; with a currency it is millions.
    scales = [word for word in scales if currencies or len(word) > 2]
    return _Unit(
        name=name,
        words=frozenset(words) - set(scales),
        scale=SCALES[scales[0]] if scales else Decimal(1),
        currencies=frozenset().union(*currencies),
        # "working days" are days, "visits in 30 days" are not.
        time="" if currencies else next((_TIMES[one] for one in head[:2] if one in _TIMES), ""),
    )


def _parse(text: str, *, unit: _Unit) -> _Figure | None:
    """Take a typed figure apart; None if it is no number, or more than a number with its unit."""
    typed = _cleaned(text[: LONGEST + 1])
    in_parentheses = re.fullmatch(r"\((.*)\)", typed)
    typed = unit.cut_from(in_parentheses[1] if in_parentheses else typed).rstrip(" .,")
    match = _DIGITS.search(typed)
    if match is None or len(text) > LONGEST:
        return None
    before, after = typed[: match.start()], typed[match.end() :]
    signs = re.findall("[-+]", before) + ["-"] * bool(in_parentheses)
    words = _words(re.sub("[-+]", "", before)) + _words(after)
    words = [word for word in words if not unit.has(word)]
    scales, currencies, others = _meanings(words)
    foreign = [word for word in others if not unit.takes(word)]
    is_readable = all(word[0].isalpha() or word == "%" for word in others)
    if not is_readable or len(signs) > 1 or len(scales) > 1:
        return None
    if unit.name and not all(codes & unit.currencies for codes in currencies):
        foreign.append("currency")
    return _Figure(
        digits=match[0],
        is_negative=signs == ["-"],
        factors=_factors(scales[0], unit=unit) if scales else (Decimal(1),),
        other_unit=" ".join(foreign),
        is_other_time=bool(unit.time) and not _TIMES.keys().isdisjoint(words),
    )


def _factors(scale: str, *, unit: _Unit) -> tuple[Decimal, ...]:
    """Return what "5 m" is multiplied by: it is also 5 where the unit is meters."""
    factor = SCALES[scale] / unit.scale
    is_short = len(scale) == 1 and not unit.currencies
    is_initial = is_short and any(word.startswith(scale) for word in unit.words)
    return (Decimal(1), factor) if is_initial else (factor,)


def _fraction(digits: str) -> Decimal | None:
    """Read "1 1⁄2", as a normalized 1½ is."""
    whole, _, part = digits.rpartition(" ")
    above, slash, below = part.partition("⁄")
    if not slash or not int(below) or not f"{whole}{above}".isdecimal():
        return None
    with exactly():
        return round(int(whole or 0) + Decimal(above) / Decimal(below), PLACES)


def _meanings(words: Iterable[str]) -> tuple[list[str], list[frozenset[str]], list[str]]:
    """Sort words into scales, sets of currencies that a word can mean, and others."""
    scales: list[str] = []
    currencies: list[frozenset[str]] = []
    others: list[str] = []
    for word in words:
        scale, rest = ("k" if word[0] == "t" else word[0]), word[1:]
        if word in SCALES:
            scales.append(word)
        elif word in _currencies():
            currencies.append(_currencies()[word])
        elif scale in ("k", "m") and rest in _currencies():  # TEUR, kUSD
            scales.append(scale)
            currencies.append(_currencies()[rest])
        else:
            others.append(word)
    return scales, currencies, others


@cache
def _currencies() -> dict[str, frozenset[str]]:
    """Return the codes of the currencies that each sign or word can mean."""
    english = Locale.parse("en")
    signs = english.currency_symbols
    names = {str(code): f"{code} {signs.get(code, '')}" for code in english.currencies}
    return {
        word: frozenset(codes.split())
        for table in (names, _CURRENCIES)
        for codes, words in table.items()
        for word in words.casefold().split()
    }


def _words(text: str) -> list[str]:
    return [word if word == "." else word.rstrip(".") for word in _WORD.findall(text)]


def _cleaned(text: str) -> str:
    """Return what is compared of a text, with all digits, signs and fractions alike."""
    alike = comparable(_VULGAR.sub(r" \1", text.translate(_SIGNS)))
    return "".join(str(unicodedata.decimal(char, char)) for char in alike)


def _is_within(value: Decimal, measure: Decimal, *, factor: int = FAR) -> bool:
    """Return whether a value is at most so many times the measure, and not less than its part."""
    with exactly():
        value, measure = abs(value), abs(measure)
        return 0 < value <= factor * measure and measure <= factor * value


def _is_far(value: Decimal, measure: Decimal) -> bool:
    """Return whether both are other than zero and one is 100 times the other or more."""
    with exactly():
        small, large = sorted((abs(value), abs(measure)))
        return 0 < FAR * small <= large
