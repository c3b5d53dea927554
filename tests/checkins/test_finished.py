"""When a key result reads "no recent update" (M9.2), and when it is no longer asked for (M6.3)."""

from __future__ import annotations

import datetime as dt
import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from checkins.commands import undo_check_in
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from checkins.periods import missed_periods
from checkins.queries.cards import CardState, WeekCard
from checkins.queries.my_week import clients, my_week
from engagements.commands.engagements import close_engagement, reopen_engagement, update_engagement
from engagements.models import Membership
from notifications.models import Notice
from okrs.commands.cycles import update_cycle
from okrs.models import Forecast, KeyResult
from tests import build
from tests.checkins.posting import at, page_of, post

DUE = dt.date(2026, 2, 18)  # a Wednesday in the middle of the cycle
END = dt.date(2026, 3, 31)
PROOF = {"evidence_url": "https://example.test/contract"}


def day(text: str, time: str = "09:00") -> dt.datetime:
    return at(f"2026-{text}T{time}")


def card_on(by: Membership, now: dt.datetime) -> WeekCard | None:
    cards = my_week(memberships=[by], now=now).cards
    return cards[0] if cards else None


def silent_from(key_result: KeyResult) -> str:
    key_result.refresh_from_db()
    return f"{key_result.silent_from:%m-%d}" if key_result.silent_from else ""


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        pytest.param(["02-03"], "02-23", id="M9.2-two-missed-periods"),
        pytest.param(["02-03", "02-10"], "03-02", id="M9.2-counted-from-the-last-check-in"),
        pytest.param(["03-24"], "04-01", id="M6.3-after-the-due-date"),
        pytest.param([], "", id="M9.2-not-measured-yet"),
    ],
)
def test_it_has_no_recent_update_after_two_missed_periods_or_its_due_date(
    onboarding: KeyResult, bob: Membership, posts: list[str], expected: str
) -> None:
    for text in posts:
        post(onboarding, bob, now=day(text))

    assert silent_from(onboarding) == expected


@pytest.mark.parametrize(
    ("cadence", "expected"),
    [
        pytest.param("weekly", "02-23", id="M9.2-the-same-rhythm"),
        # Periods that were due before the change are not counted.
        pytest.param("biweekly", "03-16", id="M9.2-every-two-weeks"),
        pytest.param("monthly", "04-01", id="M9.2-every-month"),
    ],
)
def test_another_rhythm_counts_missed_periods_anew(
    onboarding: KeyResult, bob: Membership, cadence: str, expected: str
) -> None:
    post(onboarding, bob, now=day("02-03"))
    engagement, lead = onboarding.engagement, onboarding.objective.owner

    update_engagement(
        engagement=engagement,
        version=engagement.version,
        by=lead,
        now=day("02-12"),
        cadence=cadence,
    )

    assert silent_from(onboarding) == expected


def test_a_reopened_client_asks_for_nothing_of_the_time_between(
    onboarding: KeyResult, bob: Membership
) -> None:
    """M9.2."""
    post(onboarding, bob, now=day("02-03"))
    engagement, lead = onboarding.engagement, onboarding.objective.owner

    close_engagement(engagement=engagement, by=lead, now=day("02-04"))
    reopen_engagement(engagement=engagement, by=lead, now=day("02-26"))

    assert silent_from(onboarding) == "03-16"


def test_a_longer_cycle_counts_its_periods(onboarding: KeyResult, bob: Membership) -> None:
    """M9.2."""
    build.change(onboarding, due_on=dt.date(2026, 4, 30))
    post(onboarding, bob, now=day("03-24"))
    cycle, lead = onboarding.objective.cycle, onboarding.objective.owner
    before = silent_from(onboarding)

    update_cycle(
        cycle=cycle,
        version=cycle.version,
        name=cycle.name,
        kind=cycle.kind,
        starts_on=cycle.starts_on,
        ends_on=dt.date(2026, 4, 8),
        by=lead,
        now=day("03-25"),
        confirm_overlap=True,
    )

    assert (before, silent_from(onboarding)) == ("05-01", "04-13")


@pytest.mark.parametrize(
    ("due_on", "posts", "now", "state"),
    [
        pytest.param(DUE, [], "02-16", CardState.TODO, id="M6.3-before-its-due-date"),
        pytest.param(DUE, ["02-16"], "02-20", CardState.LATER, id="M6.3-as-the-next-one-opens"),
        pytest.param(DUE, ["02-16"], "02-23", CardState.TODO, id="M6.3-once-more"),
        pytest.param(DUE, ["02-16"], "03-02", None, id="M6.3-then-no-longer"),
        pytest.param(DUE, ["02-16", "02-23"], "02-25", CardState.SAVED, id="M6.3-answered"),
        pytest.param(DUE, ["02-16", "02-19"], "02-20", CardState.SAVED, id="M6.3-before-it-opens"),
        pytest.param(DUE, ["02-16", "02-19"], "02-23", None, id="M6.3-so-not-asked-again"),
        pytest.param(END, ["03-30"], "03-31", CardState.SAVED, id="M10.1-on-the-last-day"),
        pytest.param(END, ["03-30"], "04-01", CardState.LATER, id="M10.1-in-the-days-of-grace"),
        pytest.param(END, ["03-30"], "04-07", CardState.LATER, id="M10.1-until-their-end"),
        pytest.param(END, ["03-30"], "04-08", None, id="M10.1-and-no-longer"),
        pytest.param(END, ["03-30", "04-02"], "04-07", None, id="M10.1-answered-in-grace"),
        pytest.param(END, [], "04-02", CardState.TODO, id="M6.3-late-comes-first"),
    ],
)
def test_after_its_due_date_it_is_asked_for_once_more(
    onboarding: KeyResult,
    bob: Membership,
    due_on: dt.date,
    posts: list[str],
    now: str,
    state: CardState | None,
) -> None:
    build.change(onboarding, due_on=due_on)
    for text in posts:
        post(onboarding, bob, now=day(text))

    card = card_on(bob, day(now))

    assert (card.state if card else None) == state
    late = sum(one.late for one in clients(memberships=[bob], now=day(now)))
    assert late == (1 if card and card.is_late else 0)
    assert bool(page_of(onboarding, now=day(now)).due) is (card is not None)


def test_unanswered_it_is_late_and_missed_once_and_reads_no_recent_update(
    onboarding: KeyResult, bob: Membership
) -> None:
    """M6.3."""
    build.change(onboarding, due_on=DUE, committed_at=day("02-15"))
    post(onboarding, bob, now=day("02-16"))
    onboarding.refresh_from_db()
    missed = missed_periods(onboarding, now=day("03-31"))

    assert [period.monday for period in missed] == [dt.date(2026, 2, 23)]
    forecasts = [onboarding.forecast_on(on) for on in (DUE, DUE + dt.timedelta(days=1))]
    assert forecasts == [Forecast.BEHIND, Forecast.NO_RECENT_UPDATE]


@pytest.mark.parametrize(
    ("due_on", "posts"),
    [
        pytest.param(DUE, [("02-16", {}), ("02-19", {})], id="M6.3-after-the-due-date"),
        pytest.param(END, [("02-16", PROOF)], id="M6.3-yes-with-evidence"),
    ],
)
def test_no_message_reminds_of_finished_work(
    onboarding: KeyResult, bob: Membership, due_on: dt.date, posts: list[Any]
) -> None:
    build.change(onboarding, due_on=due_on, committed_at=day("02-15"), **YES_NO)
    build.change(onboarding.metric, unit="yes/no")
    for text, fields in posts:
        post(onboarding, bob, actual=1, now=day(text), **fields)

    for week in range(8):
        for hour in (9, 11):
            now = day("02-20") + dt.timedelta(days=7 * week, hours=hour - 9)
            for job in (send_reminders, send_overdue, escalate_missed):
                job(now=now, using="default")

    assert not Notice.objects.exists()
    onboarding.refresh_from_db()
    assert onboarding.forecast_on(dt.date(2026, 3, 31)) is Forecast.ON_PACE
    assert card_on(bob, day("02-24")) is None
    assert missed_periods(onboarding, now=day("03-31")) == []


YES_NO: dict[str, Any] = {"method": "ladder", "direction": "higher", "ladder": [["1", "1"]]}
YES_NO |= {"baseline": 0, "target": 1}


def test_the_migration_judges_each_key_result_by_its_latest_check_in(
    onboarding: KeyResult, bob: Membership
) -> None:
    """M9.2, M5.11."""
    draft = build.key_result(onboarding.objective)
    post(onboarding, bob, actual=9, now=day("02-16"))
    post(onboarding, bob, actual=8, now=day("02-17"))
    onboarding.refresh_from_db()
    names = ("stage", "on_pace", "silent_from", "is_finished", "starts_on")
    expected = {name: getattr(onboarding, name) for name in names}
    before = {"stage": "on_track", "on_pace": None, "silent_from": None, "early_until": None}
    build.change(onboarding, **before)

    migration = importlib.import_module("checkins.migrations.0004_judge_forecasts")
    migration.judge_forecasts(apps, SimpleNamespace(connection=connection))

    onboarding.refresh_from_db()
    draft.refresh_from_db()
    assert {name: getattr(onboarding, name) for name in names} == expected
    assert (expected["stage"], expected["on_pace"]) == ("at_risk", False)
    assert onboarding.early_until == dt.date(2026, 1, 28)
    assert draft.starts_on is None


def test_a_no_or_an_undo_asks_for_it_again(onboarding: KeyResult, bob: Membership) -> None:
    """M6.3: unless it is reopened."""
    build.change(onboarding, **YES_NO)
    build.change(onboarding.metric, unit="yes/no")
    yes = post(onboarding, bob, actual=1, now=day("02-16"), **PROOF)
    finished = card_on(bob, day("02-23"))

    undo_check_in(check_in=yes, by=bob, now=day("02-16", "09:05"))
    undone = card_on(bob, day("02-23"))
    post(onboarding, bob, actual=1, now=day("02-23"), **PROOF)
    post(onboarding, bob, actual=0, now=day("02-25"))
    reopened = card_on(bob, day("03-02"))

    assert finished is None
    assert undone is not None
    assert reopened is not None
    assert reopened.state is CardState.TODO
