"""Facts of an agenda, without a database, and the items built from them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from checkins.rules import Assessment
from decisions.models import ActionItem, Decision
from engagements.models import Engagement, Membership
from okrs.models import Cycle, Forecast, KeyResult, Objective
from reviews.agenda import draw
from reviews.models import AgendaItem
from reviews.reasons import AgendaFacts
from reviews.screens import Ask, KeyResultFacts, Spell, current_why
from scoring import Rag
from tests.checkins.posting import TUESDAY

TODAY = dt.date(2026, 3, 10)  # a Tuesday
MONDAYS = [dt.date(2026, 1, 26) + dt.timedelta(weeks=week) for week in range(7)]  # to 9 March
AROUND = {"escalation", "help_requests", "blockers", "spells", "late_since"}
BANDS = {"r": Rag.RED, "a": Rag.AMBER, "g": Rag.GREEN, "s": Rag.STRETCH}


def spells(bands: str, *, values: str = "") -> list[Spell]:
    """Read one letter for each week up to this one, "-" for a missed one: "aarr"."""
    weeks = MONDAYS[-len(bands) :]
    numbers = values.split() or [str(at) for at in range(len(bands))]
    return [
        Spell(monday=monday)
        if band == "-"
        else Spell(monday=monday, value=Decimal(value), rag=BANDS[band])
        for monday, band, value in zip(weeks, bands, numbers, strict=True)
    ]


def row(title: str = "API latency", *, earlier: Any = None, **fields: Any) -> KeyResultFacts:
    """Build a green one of Jonas that is on pace, without any reason; `fields` of either."""
    around = {name: fields.pop(name) for name in AROUND & fields.keys()}
    holds, pace = fields.pop("holds", True), Decimal(fields.pop("pace", "0.76"))
    values: dict[str, Any] = {
        "public_id": title.lower().replace(" ", "-"),
        "owner": Membership(name="Jonas", user_id=1),
        "objective": Objective(cycle=Cycle()),
        "rag": Rag.GREEN,
        "score": Decimal("0.70"),
        "confidence": 4,
        "latest_value": Decimal(6),
        "baseline": Decimal(2),
        "red_reported": 0,
        **fields,
    }
    key_result = KeyResult(title=title, **values)
    assessment = Assessment(
        score=key_result.score,
        rag=Rag(key_result.rag),
        explanation="",
        pace=pace,
        on_pace=holds,
    )
    return KeyResultFacts(
        key_result=key_result,
        forecast=Forecast.ON_PACE if holds else Forecast.BEHIND,
        assessment=assessment,
        earlier=earlier or {},
        **around,
    )


def red(title: str = "API latency", **fields: Any) -> KeyResultFacts:
    values = {
        "rag": Rag.RED,
        "score": Decimal("0.20"),
        "holds": False,
        "last_week": dt.date(2026, 3, 9),
        "red_since": dt.date(2026, 3, 2),
        "red_reported": 2,
        "spells": spells("aarr"),
        **fields,
    }
    return row(title, **values)


def amber(title: str = "API latency", **fields: Any) -> KeyResultFacts:
    return row(title, **{"rag": Rag.AMBER, "score": Decimal("0.45"), "holds": False, **fields})


def ask(days: int) -> Ask:
    return Ask(text="A nightly export", since=TODAY - dt.timedelta(days=days), by="Jonas")


def action(due_on: str = "2026-03-06", public_id: str = "") -> ActionItem:
    return ActionItem(
        what="Call",
        owner=Membership(name="Tom"),
        due_on=dt.date.fromisoformat(due_on),
        public_id=public_id,
    )


def decision(latest: int | None = None) -> tuple[Decision, KeyResult | None]:
    """Decided three weeks ago at 5; without a latest value it is about no key result."""
    made = Decision(text="Move it", owner=Membership(name="Tom"), due_on=TODAY)
    made.decided_on = TODAY - dt.timedelta(weeks=3)
    if latest is None:
        return made, None
    made.touches = [{"key_result": "x", "value": "5"}]
    about = KeyResult(public_id="x", latest_value=Decimal(latest), measured_on=TODAY)
    about.direction = "higher"
    return made, about


def experiment(title: str, cycle: str, ends_on: str = "2026-03-06") -> KeyResult:
    micro = Cycle(name=cycle, ends_on=dt.date.fromisoformat(ends_on))
    return KeyResult(title=title, objective=Objective(cycle=micro))


def agenda(
    *rows: KeyResultFacts, kind: str = "monthly", scale: str = "unit", **facts: Any
) -> list[AgendaItem]:
    engagement = Engagement(time_zone="Europe/Berlin", scale=scale)
    return draw(
        AgendaFacts(kind=kind, engagement=engagement, now=TUESDAY, key_results=rows, **facts)
    )


def order_of(*rows: KeyResultFacts, **facts: Any) -> list[str]:
    """Return the titles of an agenda in their order."""
    return [item.title for item in agenda(*rows, **facts)]


def items_of(drawn: list[AgendaItem]) -> list[tuple[str, str, str]]:
    return [(item.section, item.title, item.why.replace("\u00a0", " ")) for item in drawn]


def why(item: KeyResultFacts, **facts: Any) -> str:
    """Return the reasons of the one item before wins and close, as a page shows them."""
    first = agenda(item, **facts)[0]
    assert first.key_result is item.key_result, first
    engagement = Engagement(time_zone="Europe/Berlin")
    shown = current_why(first.why, item.escalation, engagement=engagement, now=TUESDAY)
    return shown.replace("\u00a0", " ")
