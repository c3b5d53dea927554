from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from reviews.agenda import (
    ActionFacts,
    DecisionFacts,
    KeyResultFacts,
)
from scoring import Rag
from tests.reviews.agendas import TODAY, agenda, amber, ask, row, spells


@pytest.mark.parametrize(
    ("item", "section", "expected"),
    [
        (row(late_since=dt.date(2026, 3, 9)), "quiet", "check-in late since Mon 9 Mar"),
        (row(spells=spells("gg-")), "quiet", "no check-in for the week of 9 Mar"),
        (row(owner="", owner_gap="no owner"), "unowned", "no owner"),
        (row(owner_gap="Tom has left"), "unowned", "Tom has left"),
        (
            row(spells=spells("aaaa", values="4 5 5 5")),
            "stuck",
            "same value 3 times in a row",
        ),
        (row(blockers=[ask(7)]), "stuck", "blocked for 7 days"),
        (row(help_requests=[ask(8)]), "stuck", "help requested 8 days ago"),
        (row(spells=spells("rgrrag")), "returning", "red in 3 of the last 6 periods"),
        (row(spells=spells("rrarrr")), "returning", "red in 5 of the last 6 periods"),
        (row(spells=spells("r-ra-r")), "returning", "red in 3 of the last 6 periods"),
        (row(spells=spells("gg-g-g")), "returning", "missed 2 of the last 4 check-ins"),
        (row(spells=spells("-g-g")), "returning", "missed 2 of the last 4 check-ins"),
    ],
)
def test_the_weekly_review_asks_for_what_hides(
    item: KeyResultFacts, section: str, expected: str
) -> None:
    """M7.6."""
    items = agenda(item, kind="weekly")

    assert items[0].section == section
    assert items[0].why.replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    "item",
    [
        row(spells=spells("aaa", values="5 5 6")),
        row(score=Decimal("1.00"), rag=Rag.STRETCH, spells=spells("sss", values="5 5 5")),
        row(blockers=[ask(6)]),
        row(help_requests=[ask(6)]),
        row(rag=Rag.RED, spells=spells("rrr")),
        row(spells=spells("rr-r")),
        row(spells=spells("rgrggg")),
        row(spells=spells("g-gggg")),
        amber(),
    ],
    ids=str,
)
def test_the_weekly_review_leaves_the_rest_alone(item: KeyResultFacts) -> None:
    sections = {one.section.value for one in agenda(item, kind="weekly")}

    assert sections <= {"wins", "closing"}


def test_the_sections_of_the_weekly_review_come_in_their_order() -> None:
    items = agenda(
        row("Won"),
        row("Returns", spells=spells("rgrrag")),
        row("Stuck", blockers=[ask(9)]),
        row("Nobody’s", owner_gap="no owner"),
        row("Silent", late_since=dt.date(2026, 3, 9)),
        kind="weekly",
        actions=[ActionFacts(what="Call", owner="Tom", due_on=dt.date(2026, 3, 6))],
        decisions=[DecisionFacts(text="Move it", owner="Tom", due_on=TODAY)],
    )

    assert [one.title for one in items] == [
        "1 overdue action",
        "Silent",
        "Nobody’s",
        "Stuck",
        "Returns",
        "Wins and learnings",
        "Closing",
    ]
