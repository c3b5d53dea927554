"""Facts of an agenda, and what is drawn of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from reviews.agenda import (
    AgendaFacts,
    Ask,
    Drawn,
    KeyResultFacts,
    Spell,
    draw,
)
from scoring import Rag

TODAY = dt.date(2026, 3, 10)  # a Tuesday
MONDAYS = [dt.date(2026, 1, 26) + dt.timedelta(weeks=week) for week in range(7)]  # to 9 March
BANDS = {"r": Rag.RED, "a": Rag.AMBER, "g": Rag.GREEN, "s": Rag.STRETCH}


def spells(bands: str, *, values: str = "") -> list[Spell]:
    """One letter for each week up to this one, "-" for a missed one: "aarr"."""
    weeks = MONDAYS[-len(bands) :]
    said = values.split() or [str(at) for at in range(len(bands))]
    return [
        Spell(monday=monday)
        if band == "-"
        else Spell(monday=monday, value=Decimal(value), rag=BANDS[band])
        for monday, band, value in zip(weeks, bands, said, strict=True)
    ]


def row(title: str = "API latency", **fields: Any) -> KeyResultFacts:
    """Green, on pace, Jonas's: nothing to speak of."""
    values: dict[str, Any] = {
        "public_id": title.lower().replace(" ", "-"),
        "owner": "Jonas",
        "rag": Rag.GREEN,
        "score": Decimal("0.70"),
        "pace": Decimal("0.76"),
        "confidence": 4,
        "forecast_holds": True,
        "value": Decimal(6),
        "baseline": Decimal(2),
        **fields,
    }
    return KeyResultFacts(title=title, **values)


def red(title: str = "API latency", **fields: Any) -> KeyResultFacts:
    values = {
        "rag": Rag.RED,
        "score": Decimal("0.20"),
        "forecast_holds": False,
        "last_week": dt.date(2026, 3, 9),
        "red_since": dt.date(2026, 3, 2),
        "red_reported": 2,
        "spells": spells("aarr"),
        **fields,
    }
    return row(title, **values)


def amber(title: str = "API latency", **fields: Any) -> KeyResultFacts:
    values = {
        "rag": Rag.AMBER,
        "score": Decimal("0.45"),
        "forecast_holds": False,
        **fields,
    }
    return row(title, **values)


def ask(days: int) -> Ask:
    return Ask(text="A nightly export", since=TODAY - dt.timedelta(days=days), by="Jonas")


def agenda(*rows: KeyResultFacts, kind: str = "monthly", **facts: Any) -> list[Drawn]:
    return draw(AgendaFacts(kind=kind, today=TODAY, key_results=rows, **facts))


def told(items: list[Drawn]) -> list[tuple[str, str, str]]:
    return [(one.section.value, one.title, one.why.replace("\u00a0", " ")) for one in items]


def why(item: KeyResultFacts, **facts: Any) -> str:
    """Of the one item before wins and close."""
    first = agenda(item, **facts)[0]
    assert first.key_result == item.public_id, first
    return first.why.replace("\u00a0", " ")
