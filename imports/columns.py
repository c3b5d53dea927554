"""The columns of a sheet: the field that each one fills, guessed from its name and values. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import NamedTuple

from imports.formats import YES_OR_NO, is_cycle, is_date
from imports.problems import SKIPPED
from tenancy.text import comparable

# The columns of exports and of the example, in their order.
COLUMNS = (
    "engagement", "cycle", "level", "team", "objective", "key_result", "metric", "definition",
    "unit", "direction", "baseline", "target", "starts_on", "due_on", "valid_low", "valid_high",
    "owner", "owner_email", "source", "refresh", "method", "ladder", "weight", "indicator",
    "commitment", "contributes_to",
)  # fmt: skip
# What a column can be imported as, by its label.
FIELDS = {
    "objective": "Objective",
    "key_result": "Key result",
    "title": "Title",
    "type": "Type",
    "parent": "Parent",
    "id": "ID",
    "baseline": "Baseline",
    "target": "Target",
    "current": "Current value",
    "unit": "Unit",
    "direction": "Direction",
    "owner": "Owner",
    "owner_email": "Owner’s email",
    "starts_on": "Start date",
    "due_on": "Due date",
    "cycle": "Cycle",
    "team": "Team",
    "level": "Level",
    "metric": "Metric",
    "definition": "Definition",
    "source": "Data source",
    "refresh": "Refresh",
    "valid_low": "Lowest valid value",
    "valid_high": "Highest valid value",
    "method": "Method",
    "ladder": "Ladder",
    "weight": "Weight",
    "indicator": "Leading or lagging",
    "commitment": "Commitment",
    "contributes_to": "Contributes to",
    "engagement": "Client",
}
FIGURES = ("baseline", "target", "current", "valid_low", "valid_high")
DATES = ("starts_on", "due_on")
# Names of columns in English, German, French, Spanish and Chinese; the first field fits best.
HEADINGS = {
    "objective": "objectives|objective title|okr|goal|ziel|ziele|objectif|objectifs|titre de l'objectif"
    "|objetivo|objetivos|目标|目标名称|o",
    "key_result": "key results|kr|krs|key result title|schlüsselergebnis|schlüsselergebnisse|ergebnis"
    "|résultat clé|résultats clés|resultado clave|resultados clave|关键结果|关键成果|kr名称",
    "title": "name|titel|bezeichnung|titre|nom|título|nombre|名称|标题",
    "type": "item type|kind|art|typ|tipo|类型",
    "parent": "parent title|parent id|parent objective|parent name|aligned to|übergeordnet"
    "|übergeordnetes ziel|eltern id|objectif parent|objetivo superior|上级目标|父级|父目标",
    "id": "okr id|key|nr|no|number|nummer|numéro|número|编号|序号|#",
    "baseline": "base|base line|start|start value|starting value|initial|initial value|from|von|startwert"
    "|ausgangswert|ist start|valeur de départ|départ|valeur initiale|inicial|valor inicial|línea base"
    "|起始值|初始值|基线|基准值",
    "target": "target value|goal|goal value|to|bis|ziel|zielwert|soll|sollwert|cible|valeur cible"
    "|objectif chiffré|meta|valor objetivo|目标值|目标数值",
    "current": "current value|actual|actual value|latest|now|ist|istwert|aktuell|aktueller wert"
    "|actuel|valeur actuelle|réalisé|actual valor|valor actual|当前值|现值|实际值",
    "unit": "units|unit of measure|uom|einheit|unité|unidad|单位",
    "direction": "trend|better|richtung|sens|dirección|sentido|方向|趋势",
    "owner": "objective owner|key result owner|kr owner|responsible|assignee|lead|verantwortlich"
    "|verantwortliche|verantwortlicher|besitzer|responsable|propriétaire|pilote|propietario|负责人|责任人",
    "owner_email": "email|e mail|mail|owner mail|email address|email adresse|courriel|adresse email"
    "|mél|correo|correo electrónico|邮箱|电子邮箱|负责人邮箱",
    "starts_on": "start date|start|begin|from|beginn|startdatum|von|début|date de début|inicio"
    "|fecha de inicio|开始日期|开始时间",
    "due_on": "due|due date|end date|end|deadline|target date|fällig|fällig am|frist|enddatum|termin"
    "|échéance|date limite|date de fin|fin|vencimiento|fecha límite|fecha de fin|截止日期|结束日期|到期日",
    "cycle": "quarter|period|time period|zyklus|quartal|zeitraum|periode|période|trimestre|ciclo"
    "|período|周期|季度|时间周期",
    "team": "teams|department|group|bereich|abteilung|gruppe|équipe|service|département|equipo"
    "|departamento|área|团队|部门",
    "level": "ebene|stufe|niveau|nivel|层级|级别",
    "metric": "metrics|measure|kpi|indicator name|kennzahl|metrik|messgröße|indicateur|mesure|métrica"
    "|indicador|indicator|指标|衡量指标",
    "definition": "description|metric definition|beschreibung|définition|descripción|definición|定义|描述|口径",
    "source": "data source|source of truth|quelle|datenquelle|source de données|fuente"
    "|fuente de datos|数据来源|来源",
    "refresh": "refresh frequency|frequency|häufigkeit|fréquence|frecuencia|更新频率",
    "valid_low": "min|minimum",
    "valid_high": "max|maximum",
    "method": "scoring method|scoring",
    "ladder": "rungs",
    "weight": "gewicht|gewichtung|poids|peso|权重",
    "indicator": "leading or lagging|leading lagging",
    "commitment": "ambition|okr type",
    "contributes_to": "contributes|zahlt ein auf|contribue à|contribuye a",
    "engagement": "client|customer|company name|kunde|mandant|cliente|客户",
}
SCORED = "scores", "Scores come from check-ins"
COMMENTED = "comments", "Comments belong to check-ins"
NOT_IMPORTED = {
    SCORED: "status|rag|health|progress|score|confidence|ampel|fortschritt|zuversicht|statut|état"
    "|avancement|confiance|estado|progreso|avance|semáforo|confianza|状态|进度|进展|信心|得分|% complete",
    COMMENTED: "comment|comments|note|notes|remarks|bemerkung|bemerkungen|kommentar|notiz|anmerkung"
    "|commentaire|commentaires|remarque|comentario|comentarios|nota|notas|备注|说明|评论",
}
LONG_NAME = 6  # letters of a name that also counts as the beginning of a longer one
LOOKED_AT = 50  # values


class Why(StrEnum):
    """The reason for a guess."""

    NAME = "Guessed from the name"
    VALUES = "Guessed from the values"
    REMEMBERED = "As last time"
    CHOSEN = "Your choice"
    NO_MATCH = "No match"
    NO_HEADING = "No heading"
    TAKEN = "Another column has it"


class Column(NamedTuple):
    """A column of a sheet; without a field it is not imported."""

    at: int
    heading: str
    samples: tuple[str, ...]
    field: str
    why: str


def heading_key(text: str) -> str:
    """Return the letters and digits of a heading, without accents: "falligam" for "Fällig am"."""
    letters = unicodedata.normalize("NFKD", comparable(text).replace("ß", "ss"))
    return "".join(letter for letter in letters if letter.isalnum()) or text.strip()[:1]


def heading_score(cells: Sequence[str]) -> int:
    """Count the cells that name a column; two or more make a line of headings."""
    known = len({cell for cell in cells if _named(heading_key(cell))})
    return known if known > 1 else 0


def guess_columns(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    chosen: Mapping[str, str],
    remembered: Mapping[str, str],
) -> list[Column]:
    """Return each column with the field it fills, the chosen and remembered ones as they were."""
    values = [_values(rows, at) for at in range(len(headings))]
    guesses = {at: _by_name(heading, values[at]) for at, heading in enumerate(headings)}
    taken = set(chosen.values()) - {SKIPPED}
    found: dict[int, tuple[str, str]] = {}
    for at in range(len(headings)):
        if (choice := chosen.get(str(at))) is not None:
            is_old = remembered.get(str(at)) == choice
            reason = Why.REMEMBERED if is_old else Why.CHOSEN
            found[at] = "" if choice == SKIPPED else choice, reason
    for at, (names, why) in guesses.items():
        if at in found:
            continue
        free = [name for name in names if name not in taken]
        found[at] = (free[0], why) if free else ("", Why.TAKEN if names else why)
        taken |= set(free[:1])
    open_columns = [at for at in found if str(at) not in chosen and not found[at][0]]
    _guess_by_values(found, open_columns, values=values, taken=taken)
    if "key_result" not in taken and "title" not in taken:  # a sheet of measures under objectives
        for at, (name, _) in found.items():
            if name == "metric" and str(at) not in chosen:
                found[at] = "key_result", Why.VALUES
    return [
        Column(at, headings[at], tuple(dict.fromkeys(values[at]))[:3], *found[at])
        for at in range(len(headings))
    ]


@cache
def _known_names() -> dict[str, list[str]]:
    """Return the fields by the key of each name; the reasons of columns without one come as well."""
    names: dict[str, list[str]] = {}
    for field in FIELDS:
        for name in (field, FIELDS[field], *HEADINGS[field].split("|")):
            fields = names.setdefault(heading_key(name), [])
            fields += [field] if field not in fields else []
    for (kind, _), others in NOT_IMPORTED.items():
        for name in others.split("|"):
            names.setdefault(heading_key(name), [kind])
    return names


@cache
def _longest_name() -> int:
    return max(map(len, _known_names()))


def _named(key: str) -> list[str]:
    """Return the fields of a name, or of the longest name that it begins with."""
    names = _known_names()
    if key in names:
        return names[key]
    longest = min(len(key) - 1, _longest_name())
    starts = (key[:end] for end in range(longest, LONG_NAME - 1, -1))
    return next((names[start] for start in starts if start in names), [])


def _by_name(heading: str, values: Sequence[str]) -> tuple[list[str], str]:
    """Return the fields that a heading names and its values fit, and why."""
    if not heading:
        return [], Why.NO_HEADING
    names = _named(heading_key(heading))
    if not names:
        return [], Why.NO_MATCH
    for kind, reason in NOT_IMPORTED:
        if names == [kind]:
            return [], reason
    kind = kind_of(values)
    if kind == "cycle" and names[0] in DATES:
        return ["cycle"], Why.VALUES
    return [name for name in names if _fits(name, kind)] or names[:1], Why.NAME


def _fits(field: str, kind: str) -> bool:
    needed = "figure" if field in FIGURES or field == "weight" else "date" if field in DATES else ""
    if needed:
        return kind in (needed, "")
    if field == "indicator" or kind == "indicator":
        return field == "indicator" and kind in ("indicator", "")
    return kind not in ("figure", "date") or field not in ("objective", "key_result", "title")


def kind_of(values: Sequence[str]) -> str:
    """Return the kind of most values: "email", "date", "figure", "text" …; "" without any."""
    kinds = Counter(map(_kind, values))
    return kinds.most_common(1)[0][0] if kinds else ""


def _kind(value: str) -> str:
    if re.fullmatch(r"[^\s@]{1,64}@[^\s@]{1,254}\.[^\s@]{1,63}", value):
        return "email"
    if value.casefold() in ("leading", "lagging"):
        return "indicator"
    if is_cycle(value):
        return "cycle"
    if is_date(value):
        return "date"
    is_figure = re.fullmatch(r"\W{0,9}\w{0,3}\W{0,9}\d[\d.,'’\s]{0,60}\D{0,12}", value)
    return "figure" if is_figure or comparable(value) in YES_OR_NO else "text"


def _values(rows: Sequence[Sequence[str]], at: int) -> list[str]:
    cells = (" ".join(row[at].split()) for row in rows)
    return list(islice((cell for cell in cells if cell), LOOKED_AT))


def _guess_by_values(
    found: dict[int, tuple[str, str]],
    columns: Sequence[int],
    *,
    values: Sequence[Sequence[str]],
    taken: set[str],
) -> None:
    """Find addresses, cycles and dates in columns whose names say nothing."""
    for field, kind in (("owner_email", "email"), ("cycle", "cycle"), ("due_on", "date")):
        for at in columns:
            named = found[at][1] in (Why.NO_MATCH, Why.NO_HEADING)
            if named and field not in taken and kind_of(values[at]) == kind:
                found[at] = field, Why.VALUES
                taken.add(field)
