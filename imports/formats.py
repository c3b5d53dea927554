"""The notations of a sheet: decimal sign, order of dates, names of cycles, words. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tenancy.text import comparable

# Each is settled by its form: groups of three and another sign, or places that are no group.
_COMMA = re.compile(r"(?<![\d.,])\d+,(?:\d{1,2}|\d{4,})(?![\d.,])|\d\.\d{3}(?:,\d|\.\d{3})")
_POINT = re.compile(r"(?<![\d.,])\d+\.(?:\d{1,2}|\d{4,})(?![\d.,])|\d,\d{3}(?:\.\d|,\d{3})")
_LONE = re.compile(r"(?<![\d.,])\d{1,3}([.,])\d{3}(?![\d.,])")
_DATE = re.compile(r"(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{4}|\d\d)\.?")
_ISO = re.compile(r"(\d{4})[-/.年]\s*(\d{1,2})[-/.月]\s*(\d{1,2})日?(?:[T ][\d:.]+)?")
_NAMED_DATE = re.compile(
    r"(?:\w{1,20},? )?(\d{1,2})\.? ([^\W\d]{1,20})\.?,? (\d{4})"
    r"|([^\W\d]{1,20})\.? (\d{1,2}),? (\d{4})"
)
_YEAR_FIRST = re.compile(
    r"(\d{4}) ?年? ?[-/_ ]? ?(?:q|t|quarter|quartal|第) ?([1-4一二三四]) ?(?:季度|季)?"
)
_YEAR_LAST = re.compile(
    r"(?:q|t|quarter|quartal|trimestre) ?([1-4]) ?[-/_ ’']{0,3}(\d{4}|\d\d)"
    r"|([1-4])(?:\. ?|er |e |º |° |)(?:q|t|quarter|quartal|trimestre)[ -/_]{0,2}(?:de )?(\d{4})"
)
_FISCAL = re.compile(
    r"(?:fy|gj|fiscal year|ejercicio|exercice) ?[’']?(\d{4}|\d\d) ?[-/_ ]? ?q ?([1-4])"
    r"|q ?([1-4]) ?[-/_ ]? ?(?:fy|gj) ?[’']?(\d{4}|\d\d)"
)
_HAN = {"一": "1", "二": "2", "三": "3", "四": "4"}
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar jänner janvier enero ene",
            "feb february februar février févr fev febrero",
            "mar march märz mrz mars marzo",
            "apr april avril avr abril abr",
            "may mai mayo",
            "jun june juni juin junio",
            "jul july juli juillet juil julio",
            "aug august août aout agosto ago",
            "sep sept september septembre septiembre",
            "oct october okt oktober octobre octubre",
            "nov november novembre noviembre",
            "dec december dez dezember décembre déc diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}


def _words(**table: str) -> dict[str, str]:
    return {comparable(word): name for name, words in table.items() for word in words.split("|")}


DIRECTIONS = _words(
    higher="higher|higher is better|up|increase|increasing|raise|grow|more|maximize|↑|höher|hoch"
    "|steigend|steigern|erhöhen|aufwärts|hausse|à la hausse|augmenter|augmentation|plus|monter"
    "|subir|sube|aumentar|aumento|más|上升|提高|增加|增长|升|越高越好",
    lower="lower|lower is better|down|decrease|decreasing|reduce|reduction|less|minimize|↓|niedriger"
    "|tiefer|sinkend|senken|reduzieren|abwärts|baisse|à la baisse|baisser|réduire|diminuer|moins"
    "|bajar|baja|reducir|disminuir|menos|下降|降低|减少|降|越低越好",
)
YES_OR_NO = _words(yes="yes|y|true|ja|oui|sí|si|是|done", no="no|n|false|nein|non|否|not done")
TYPES = _words(
    objective="objective|objectives|obj|o|goal|ziel|objectif|objetivo|目标",
    key_result="key result|key results|kr|metric|number|percentage|percent|currency|schlüsselergebnis"
    "|kennzahl|résultat clé|resultado clave|关键结果|指标",
    binary="binary|yes/no|boolean|milestone|ja/nein|oui/non|sí/no|是/否|meilenstein|jalon|hito",
)
COMPANY = frozenset(
    _words(
        company="company|company-wide|organization|organisation|unternehmen|firma|gesamt"
        "|entreprise|société|empresa|compañía|公司|全公司"
    )
)
LEVELS = {
    **dict.fromkeys(COMPANY, "company"),
    **_words(team="team|department|bereich|équipe|equipo|团队|部门"),
}
# The cells of formulas that failed, in the languages of a spreadsheet.
FAILED = re.compile(
    r"#[¡¿]?(?:REF|N/A|VALUE|DIV/0|NAME|NUM|NULL|SPILL|CALC|ERROR|BEZUG|NV|WERT|ZAHL|VALEUR|NOM"
    r"|NOMBRE|VALOR)[!?]?",
    re.IGNORECASE,
)


class Decided(NamedTuple):
    """A notation, empty if it is open, and the cell that settles it."""

    sign: str = ""
    cell: str = ""


def decimal_sign_of(texts: Iterable[str], *, delimiter: str = "") -> Decided:
    """Return the decimal sign of figures: of most that have one, else as the delimiter suggests.

    A lone separator before three digits settles nothing by itself. With semicolons between the
    cells it is read as thousands and the decimal sign is the comma if it is a point; a comma
    in quotes among commas is thousands, too.
    """
    settled = {",": list[str](), ".": list[str]()}
    lone = dict[str, str]()
    for text in texts:
        match = _COMMA.search(text) or _POINT.search(text)
        if match:
            settled["," if match.re is _COMMA else "."].append(text)
        elif match := _LONE.search(text):
            lone.setdefault(match[1], text)
    few, many = sorted(settled, key=lambda sign: len(settled[sign]))
    if settled[many]:
        is_clear = len(settled[many]) >= 2 * len(settled[few])
        return Decided(many, settled[many][0]) if is_clear else Decided()
    if delimiter == ";" and "," not in lone:
        return Decided(",", lone.get(".", ""))
    if delimiter == "," and set(lone) == {","}:
        return Decided(".", lone[","])
    return Decided()


def does_not_fit(text: str, *, sign: str) -> bool:
    """Return whether a figure can only be meant with the other decimal sign: 1.18 in 18,5."""
    return bool((_POINT if sign == "," else _COMMA).search(text)) if sign else False


def date_order_of(texts: Iterable[str]) -> Decided:
    """Return "day" or "month", as the dates with a number over 12 have it, or those with points."""
    pointed = Decided()
    for text in texts:
        if not (match := _DATE.fullmatch(text.strip())):
            continue
        if int(match[1]) > 12:
            return Decided("day", text)
        if int(match[3]) > 12:
            return Decided("month", text)
        pointed = Decided("day", text) if match[2] == "." else pointed
    return pointed


class NoDate(ValueError):
    """A text that is no date; `nearest` has the days that were likely meant."""

    def __init__(self, reason: str = "", *, nearest: Sequence[dt.date] = ()) -> None:
        self.nearest = tuple(nearest)
        super().__init__(reason)


def read_date(text: str, *, order: str) -> dt.date:
    """Read "2026-12-31", "31.12.2026", "12/31/2026", "31 Dec 2026", "Dec 31, 2026".

    Raises NoDate, with both days of a date such as 3/4/2026 if `order` is open.
    """
    typed = " ".join(text.split())
    if match := _ISO.fullmatch(typed):
        return _day(*map(int, match.groups()))
    if match := _DATE.fullmatch(typed):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        year += 2000 if year < 100 else 0
        if order or max(first, second) > 12 or first == second:
            by_day = first > 12 if max(first, second) > 12 else order != "month"
            return _day(year, second, first) if by_day else _day(year, first, second)
        both = _day(year, second, first), _day(year, first, second)
        raise NoDate(f"“{text}” can mean two days.", nearest=both)
    if match := _NAMED_DATE.fullmatch(typed):
        number, name, of = match.group(1, 2, 3) if match[1] else match.group(5, 4, 6)
        if month := MONTHS.get(name.casefold()):
            return _day(int(of), month, int(number))
    raise NoDate


def is_date(text: str) -> bool:
    try:
        read_date(text, order="day")
    except NoDate as error:
        return bool(error.nearest)
    return True


def _day(year: int, month: int, day: int) -> dt.date:
    """Return the day; after the end of a month, NoDate offers its last day and the next one."""
    if not (1 <= month <= 12 and 1900 <= year <= 2200 and 1 <= day <= 31):
        raise NoDate
    last = calendar.monthrange(year, month)[1]
    if day > last:
        ends_on = dt.date(year, month, last)
        reason = f"{ends_on:%B} has {last} days."
        raise NoDate(reason, nearest=(ends_on, ends_on + dt.timedelta(days=1)))
    return dt.date(year, month, day)


def quarter_name(text: str) -> str:
    """Return "2026-Q4" for "Q4 2026", "2026Q4", "T4 2026", "4. Quartal 2026", "2026年第四季度"."""
    typed = comparable(text)
    if match := _YEAR_FIRST.fullmatch(typed):
        return f"{match[1]}-Q{_HAN.get(match[2], match[2])}"
    if match := _YEAR_LAST.fullmatch(typed):
        number, year = (match[1], match[2]) if match[1] else (match[3], match[4])
        return f"{'20' if len(year) == 2 else ''}{year}-Q{number}"
    return ""


def quarter_in(text: str) -> str:
    """Return the calendar quarter that a title mentions, if it mentions one only."""
    words = re.split(r"[\s:,;()]+", text)
    pairs = (" ".join(pair) for pair in pairwise(words))
    names = {name for part in (*words, *pairs) if (name := quarter_name(part))}
    return names.pop() if len(names) == 1 else ""


def fiscal_quarter(text: str) -> tuple[int, int] | None:
    """Return year and quarter of "FY27-Q2", "Q2 FY2027"; None for other names."""
    match = _FISCAL.fullmatch(comparable(text))
    if match is None:
        return None
    year, number = (match[1], match[2]) if match[1] else (match[4], match[3])
    return int(year) % 100 + 2000, int(number)


def span_of_fiscal(text: str, *, first_month: int) -> tuple[dt.date, dt.date] | None:
    """Return the days of a fiscal quarter; the fiscal year is named after the year it ends in."""
    found = fiscal_quarter(text)
    if found is None or not 1 <= first_month <= 12:
        return None
    months = (found[0] - (first_month > 1)) * 12 + first_month - 1 + 3 * (found[1] - 1)
    starts_on = dt.date(months // 12, months % 12 + 1, 1)
    after = dt.date((months + 3) // 12, (months + 3) % 12 + 1, 1)
    return starts_on, after - dt.timedelta(days=1)


def is_cycle(text: str) -> bool:
    return bool(quarter_name(text) or fiscal_quarter(text))
