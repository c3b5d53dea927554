"""A key result said in one sentence, taken apart into the fields of its form.

"Raise on-time deliveries from 81.5% to 95% by 31 Dec, weekly from the ERP" has title, metric,
unit, baseline, target, due date, refresh and source. Parts that can't be read are named.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import month_abbr, monthrange
from dataclasses import dataclass, field
from decimal import Decimal

from babel import Locale

from engagements.figures import SCALES, FigureError, read_figure
from engagements.locales import figure_text
from metrics.models import Refresh
from okrs.formatting import YES_NO

LONGEST = 400  # characters
ENDS = ("baseline", "target")
YES = {
    **{"baseline": "0", "target": "1", "direction": "higher", "metric_unit": YES_NO},
    **{"method": "ladder", "ladder_0": "1", "ladder_1": "1"},
}

# Patterns are for texts whose runs of spaces are one space, as `read_sentence` makes them.
_SCALE = "|".join(sorted(map(re.escape, SCALES), key=len, reverse=True))
_CODES = "|".join(map(str, Locale.parse("en").currencies))
_STOP = (
    r"(?:to|by|from|and|until|till|before|within|of|in|on|for|at|with|while|so|across|per|an?|each"
    r"|every|up|down)\b"
)
_FIGURE = (
    rf"(?:(?-i:\b(?:{_CODES})|[€$£¥₹]) ?)?[-−+]?[\d½¼¾](?:[\d.,'’ ]{{0,40}}\d)?"
    rf"(?: ?[%‰]|(?: ?[€$£¥₹]| ?(?!{_STOP})[^\W\d_]{{1,40}}(?:-[^\W\d_]{{1,40}})?(?!\w)){{0,3}})"
)
_NUMBER = re.compile(
    rf"[-−+]?[\d½¼¾](?:[\d.,'’ ]{{0,40}}\d)?(?: ?(?P<scale>{_SCALE})\b)?", re.IGNORECASE
)
_LESS = re.compile(
    r"\A(?:reduce|cut|lower|decrease|shorten|halve|shrink|fewer|less)\b|\bdown\b", re.IGNORECASE
)
_FLOOR = r"at or above|above|over|at least|(?:no (?:lower|less|fewer)|more|higher) than"
_CEILING = r"at or below|below|under|at most|(?:no (?:higher|more)|lower|less|fewer) than"
_TO = rf"(?:(?:up|down) )?to (?:(?:{_FLOOR}|{_CEILING}) )?"
_RANGE = re.compile(
    rf"\bfrom (?P<baseline>{_FIGURE}) {_TO}(?P<target>{_FIGURE})"
    rf"|\b{_TO}(?P<target2>{_FIGURE}) from (?P<baseline2>{_FIGURE})",
    re.IGNORECASE,
)
_ARROW = re.compile(rf"(?:\bfrom )?({_FIGURE}) ?(?:→|[-=]>) ?(?={_FIGURE})", re.IGNORECASE)
_FIRST = re.compile(
    rf"\A(?P<bound>(?:(?:keep|hold|maintain) )?(?:{_FLOOR}|(?P<ceiling>{_CEILING})) )?"
    rf"(?P<target>{_FIGURE})",
    re.IGNORECASE,
)
_KEEP = re.compile(
    r"\A(?P<verb>keep|hold|maintain) (?P<metric>.{1,160}?) "
    rf"(?:{_FLOOR}|(?P<ceiling>{_CEILING})) (?P<target>{_FIGURE})",
    re.IGNORECASE,
)
_GOAL = re.compile(
    rf"\b(?:(?:(?:up|down) )?to(?: (?:{_FLOOR}|(?P<ceiling>{_CEILING})))?"
    rf"|{_FLOOR}|(?P<ceiling2>{_CEILING})) (?P<target>{_FIGURE})",
    re.IGNORECASE,
)
_SIGN = re.compile(r"\A ?[%‰€$£¥₹]? ?(?:of )?")
_COUNT = re.compile(rf"\A(?P<verb>[^\W\d_]+) (?P<target>{_FIGURE})")
_CHANGE = re.compile(rf"\bby {_FIGURE}")
_LAUNCH = re.compile(
    r"(?:launch|open|sign|publish|release|ship|complete|finish|introduce|implement|migrate|obtain"
    r"|pass|close|deliver|appoint|get|win|start|roll out|go live|move)\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\A(?:raise|increase|improve|grow|lift|boost|reduce|cut|lower|decrease|shorten|bring(?: down)?"
    r"|get|move|double|halve|win|reach|drive|push|expand|keep|make|have) (?:(?:the|our) )?",
    re.IGNORECASE,
)
_MONTHS = {name.casefold(): number for number, name in enumerate(month_abbr) if name}
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*\.?"
_DUE = re.compile(
    r",? ?\b(?:by|until|till|before|due(?: on)?) (?:the )?"
    r"(?P<day>\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}/\d{1,2}(?:/\d{2,4})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of )?{_MONTH}(?:,? \d{{4}})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?!\d)(?:,? \d{{4}})?"
    rf"|(?:end of )?(?:{_MONTH}|Q[1-4])(?: \d{{4}})?"
    r"|year[ -]end|(?:end of )?(?:the |this )?(?:quarter|cycle|year))(?!\w)",
    re.IGNORECASE,
)
_OTHER_DUE = re.compile(
    r",? ?\b(?:by|until|till|before) (?![\d€$£¥₹])(?:(?!\b(?:from|to)\b)[^,])+", re.IGNORECASE
)
_SOURCE = re.compile(
    rf",? (?:measured |updated )?(?P<refresh>{'|'.join(Refresh.values)})"
    r"(?: (?:from|in) (?:(?:the|our) )?(?P<source>[^,]{1,120}))?\Z",
    re.IGNORECASE,
)


@dataclass(kw_only=True)
class Sentence:
    """The values of a sentence by field, as they are typed, and the parts that can't be read."""

    values: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def read_sentence(text: str, *, locale: str, starts_on: dt.date, ends_on: dt.date) -> Sentence:
    """Take a sentence apart; the dates are those of its cycle, which settle a day without a year.

    A figure with two readings is passed on as typed: its field asks. A key result that keeps a
    level becomes a ladder, and one without a figure a yes/no.
    """
    sentence = Sentence()
    rest = _take_source(sentence, " ".join(text.split()).rstrip(" ."))
    rest = _take_day(sentence, rest, starts_on=starts_on, ends_on=ends_on)
    rest = _ARROW.sub(r"from \1 to ", rest)
    first, keep = _FIRST.match(rest), _KEEP.match(rest)
    figures = _RANGE.search(rest) or _GOAL.search(rest) or _COUNT.match(rest)
    if first and (first["bound"] or not figures):
        _take_level(sentence, first, locale=locale, is_kept=bool(first["bound"]))
        metric = _SIGN.sub("", _unit_of(rest[first.start("target") :]))
        _name(sentence, title=rest, metric=metric, left=rest[first.end() :])
    elif keep:
        _take_level(sentence, keep, locale=locale, is_kept=True)
        _name(sentence, title=rest, metric=keep["metric"], left=rest[keep.end() :])
    elif figures:
        parts = figures.groupdict()
        baseline, target = (parts.get(f"{end}2") or parts.get(end) or "" for end in ENDS)
        is_ceiling = parts.get("ceiling") or parts.get("ceiling2")
        direction = "lower" if is_ceiling else _direction(rest)
        _take_figures(sentence, baseline, target, locale=locale, direction=direction)
        _name(sentence, title=_without(rest, figures))
    elif change := _CHANGE.search(rest):
        sentence.unread.append(change[0])
        _name(sentence, title=_without(rest, change))
    else:
        _name(sentence, title=rest)
        if _LAUNCH.match(rest):
            sentence.values |= {"metric_name": sentence.values["title"], **YES}
    return sentence


def _take_source(sentence: Sentence, rest: str) -> str:
    """Take refresh and source off the end of the text; return the rest."""
    match = _SOURCE.search(rest)
    if match is None:
        return rest
    sentence.values["metric_refresh"] = match["refresh"].casefold()
    if match["source"]:
        sentence.values["metric_source"] = match["source"].strip()
    return rest[: match.start()]


def _take_day(sentence: Sentence, rest: str, *, starts_on: dt.date, ends_on: dt.date) -> str:
    """Take the due date out of the text, the last one if there are several; return the rest."""
    matches = list(_DUE.finditer(rest))
    if not matches:
        if other := _OTHER_DUE.search(rest):
            sentence.unread.append(other[0].strip(", "))
            rest = rest[: other.start()] if other.end() == len(rest) else rest
        return rest
    match = matches[-1]
    if day := _read_day(match["day"], starts_on=starts_on, ends_on=ends_on):
        sentence.values["due_on"] = f"{day:%Y-%m-%d}"
    else:
        sentence.unread.append(match[0].strip(", "))
    return f"{rest[: match.start()]} {rest[match.end() :]}".strip()


def _take_figures(
    sentence: Sentence, baseline: str, target: str, *, locale: str, direction: str
) -> None:
    unit = _unit_of(target) or _unit_of(baseline)
    numbers: dict[str, Decimal] = {}
    for name, text in zip(ENDS, (baseline, target), strict=True):
        if not text:
            continue
        try:
            near = list(numbers.values())
            numbers[name] = read_figure(text, locale=locale, unit=unit, near=near)
            sentence.values[name] = figure_text(numbers[name], locale=locale)
        except FigureError:
            sentence.values[name] = text
    if len(numbers) == 2:
        numbers["baseline"] = _scaled(baseline, numbers=numbers, target=target)
        sentence.values["baseline"] = figure_text(numbers["baseline"], locale=locale)
        direction = "lower" if numbers["target"] < numbers["baseline"] else "higher"
    sentence.values |= {"metric_unit": unit, "direction": direction, "method": "linear"}


def _scaled(baseline: str, *, numbers: dict[str, Decimal], target: str) -> Decimal:
    """Return the baseline in the scale of the target, if it has no word and is closer with it."""
    plain, goal = numbers["baseline"], abs(numbers["target"])
    scale = SCALES.get((_NUMBER.search(target) or {"scale": ""})["scale"] or "", Decimal(1))
    scaled = plain * scale
    if not (plain and goal) or re.search(r"[^\W\d_]", baseline):
        return plain
    return min(plain, scaled, key=lambda each: max(abs(each) / goal, goal / abs(each)))


def _take_level(sentence: Sentence, match: re.Match[str], *, locale: str, is_kept: bool) -> None:
    """Take a target without a baseline; one rung scores a level that is kept."""
    direction = "lower" if match["ceiling"] else "higher"
    _take_figures(sentence, "", match["target"], locale=locale, direction=direction)
    if is_kept:
        goal = sentence.values["target"]
        sentence.values |= {"method": "ladder", "ladder_0": goal, "ladder_1": "1"}


def _unit_of(figure: str) -> str:
    return " ".join(_NUMBER.sub(" ", figure, count=1).split())


def _direction(text: str) -> str:
    return "lower" if _LESS.search(text) else "higher"


def _without(text: str, match: re.Match[str]) -> str:
    """Return the text around the figures; a count needs its unit: "Win 20 new customers"."""
    if match.re is _COUNT:
        return f"{match['verb']} {_unit_of(match['target'])}{text[match.end() :]}"
    return f"{text[: match.start()].rstrip(' ,')}{text[match.end() :]}"


def _name(sentence: Sentence, *, title: str, metric: str = "", left: str | None = None) -> None:
    """Name key result and metric; figures `left` in the title were not read."""
    left = title if left is None else left
    sentence.unread += [word.strip(",;:.") for word in left.split() if re.match(r"\W{0,9}\d", word)]
    metric = metric or _VERB.sub("", title)
    names = {"title": title[:240], "metric_name": metric[:120]}
    for name, text in names.items():
        text = text.strip(" ,;:.")
        sentence.values[name] = text[:1].upper() + text[1:]


def _read_day(text: str, *, starts_on: dt.date, ends_on: dt.date) -> dt.date | None:
    """Return the day; without a year, the first one since the cycle began."""
    words = text.casefold().replace(",", " ").split()
    numbers = [int(digits) for digits in re.findall(r"\d+", text)]
    year = next((number for number in numbers if number > 31), 0)
    if words[-1] in {"quarter", "cycle"} or f"q{(ends_on.month + 2) // 3}" in words:
        return ends_on if year in {0, ends_on.year} else None
    if words[-1].endswith(("year", "year-end")) or words[-1] == "end":
        return dt.date(starts_on.year, 12, 31)
    month = next((_MONTHS[word[:3]] for word in words if word[:3] in _MONTHS), 0)
    days = [number for number in numbers if number <= 31]
    try:
        if not month:  # 2026-12-31, 31.12.2026
            first, second = days
            month, day = (first, second) if text[4:5] == "-" else (second, first)
            return dt.date(year, month, day) if "/" not in text else None
        for each in (year,) if year else (starts_on.year, starts_on.year + 1):
            day = days[0] if days else monthrange(each, month)[1]
            if year or dt.date(each, month, day) >= starts_on:
                return dt.date(each, month, day)
    except ValueError:
        return None
    return None
