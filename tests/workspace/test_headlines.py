"""The sentences at the head of My week and home."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast
from unittest.mock import Mock

import pytest

from checkins.queries.my_week import MyWeek
from okrs.models import Cycle, Forecast
from tests.checkins.posting import TUESDAY, at
from workspace.headlines import home_headline, my_week_headline
from workspace.home import Line
from workspace.queries.home import Home

pytestmark = pytest.mark.usefixtures("in_berlin")


def week(*cards: Any, opens: dt.datetime | None = None) -> MyWeek:
    return MyWeek(cards=cards, groups=[], next_opens_at=opens, next_engagement=None)


STATES = ("done", "late", "due_today")


def card(due: str = "2026-03-09T10:00", *, state: str = "") -> Mock:
    return Mock(period=Mock(due_at=at(due)), **{f"is_{name}": state == name for name in STATES})


LATE, SAVED = card(state="late"), card(state="done")
NOON, EVENING = (card(f"2026-03-10T{hour}:00", state="due_today") for hour in (12, 17))
LATER = card("2026-03-12T10:00")
FRIDAY = at("2026-03-13T00:00")


@pytest.mark.parametrize(
    ("cards", "fields", "said"),
    [
        ([LATE], {"overdue": 2}, "1 check-in to do. It is late."),
        ([LATE, LATE, SAVED], {}, "2 check-ins to do. All are late."),
        ([LATE, NOON], {}, "2 check-ins to do. 1 is late, 1 is due by 12:00."),
        ([NOON, LATER], {}, "2 check-ins to do. 1 is due by 12:00."),
        ([NOON, EVENING], {}, "2 check-ins to do. All are due today."),
        ([card("2026-03-10T09:00", state="due_today")], {}, "1 check-in to do. It is due today."),
        ([LATER], {}, "1 check-in to do. It is not due before Thu 12 Mar."),
        ([LATER, LATER], {}, "2 check-ins to do. None is due before Thu 12 Mar."),
        ([SAVED], {"overdue": 2}, "Your check-in is saved. 2 actions are overdue."),
        ([SAVED] * 2, {}, "Both check-ins are saved."),
        ([SAVED] * 11, {}, "All 11 check-ins are saved."),
        ([], {"overdue": 1}, "Nothing is due. 1 action is overdue."),
        ([], {"opens": FRIDAY}, "Nothing is due. The next check-in opens Fri 13 Mar."),
    ],
)
def test_my_week_counts_by_urgency(cards: list[Mock], fields: dict[str, Any], said: str) -> None:
    found = week(*cards, opens=fields.get("opens"))

    text = my_week_headline(found, overdue=fields.get("overdue", 0))

    assert text.replace("\u00a0", " ") == said


def line(forecast: Forecast, rag: str = "green", title: str = "Growth", pace: str = "0.4") -> Line:
    cycle = Cycle(kind="quarterly", starts_on=dt.date(2026, 1, 1))
    key_result = Mock(rag=rag, title=title, is_counted=True, objective=Mock(cycle=cycle))
    return Line(key_result=key_result, forecast=forecast, pace=Decimal(pace), is_late=False)


def home(*lines: Line, escalations: Sequence[Mock] = ()) -> Home:
    return cast(Home, Mock(lines=lines, escalations=escalations, today=TUESDAY.date()))


EARLY = "Scores are still low: the quarter is nine weeks old."
ON_PACE, SILENT = line(Forecast.ON_PACE), line(Forecast.NO_RECENT_UPDATE)
RED, BEHIND = line(Forecast.ON_PACE, "red"), line(Forecast.BEHIND, "red")
LATE_RED, AMBER = (
    line(Forecast.ON_PACE, "red", pace="0.5"),
    line(Forecast.BEHIND, "amber", "Margin"),
)
UNMEASURED, LONG = line(Forecast.NOT_MEASURED, "no_data"), line(Forecast.BEHIND, "red", "x" * 91)
ESCALATION = {"key_result_id": RED.key_result.pk}
WATCHED = [Mock(escalation=Mock(**ESCALATION, activated_at=None))]
ACTIVE = [Mock(escalation=Mock(**ESCALATION, activated_at=TUESDAY))]
BOTH = (RED, line(Forecast.ON_PACE, "red"))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (home(UNMEASURED), "No key result is measured yet."),
        (home(ON_PACE, BEHIND), "1 of 2 key results is on pace. 1 is behind and red: Growth."),
        (home(ON_PACE, AMBER), "1 of 2 key results is on pace. 1 is behind: Margin."),
        (home(ON_PACE, ON_PACE), "Both key results are on pace."),
        (
            home(RED, UNMEASURED),
            f"1 of 2 key results is on pace. 1 is not measured yet. {EARLY}",
        ),
        (
            home(*[ON_PACE] * 5, AMBER, SILENT),
            "5 of 7 key results are on pace. 1 is behind: Margin. 1 has no recent update.",
        ),
        (
            home(ON_PACE, AMBER, AMBER, BEHIND),
            "1 of 4 key results is on pace. 3 are behind, 1 of them red: Growth.",
        ),
        (
            home(AMBER, UNMEASURED),
            "None of 2 key results are on pace. 1 is behind: Margin. 1 is not measured yet.",
        ),
        (home(SILENT, SILENT), "Both key results have no recent update."),
        (home(LONG), "The only key result is behind pace and red."),
        (home(BEHIND, BEHIND), "Both key results are behind pace, both of them red."),
        (home(*BOTH, escalations=WATCHED), f"Both key results are on pace. {EARLY}"),
        (home(LATE_RED), "The only key result is on pace."),  # early ends at pace 0.50
        (home(RED, BEHIND), "1 of 2 key results is on pace. 1 is behind and red: Growth."),
        (  # M7.2: an escalated key result needs action even if it is on pace
            home(*BOTH, escalations=ACTIVE),
            "Both key results are on pace. 1 is red and escalated: Growth.",
        ),
    ],
)
def test_home_counts_all_by_pace_and_names_the_one_behind(page: Home, said: str) -> None:
    """M12."""
    assert home_headline(page) == said
