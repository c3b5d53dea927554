"""Before a deadline, after it, and when nobody checked in: what is said, and while it holds."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from checkins.messages.cards import KEY_RESULT
from engagements.models import Membership, Role
from notifications.digest.reading import describe, section_of
from notifications.models import Notice
from notifications.rules import find_rule
from okrs.models import KeyResult, Stage
from scoring import Rag
from tests import build
from tests.checkins.messages.saying import MONDAY, WEEK, item, items, plain, said
from tests.checkins.posting import at, post
from tests.query_counts import assert_constant_queries

FRIDAY = at("2026-03-06T09:00")
DUE_DAY = at("2026-03-09T09:00")
TUESDAY = at("2026-03-10T09:00")
AFTER = at("2026-03-16T09:00")
LAST_WEEK = MONDAY - WEEK


@pytest.fixture
def onboarding(onboarding: KeyResult, bob: Membership) -> KeyResult:
    """With a check-in of the week before: 7.2 days."""
    post(onboarding, bob, actual="7.2", now=at("2026-03-03T09:00"))
    onboarding.refresh_from_db()
    return onboarding


def change(row: KeyResult, **fields: object) -> None:
    KeyResult.objects.filter(engagement_id=row.engagement_id, pk=row.pk).update(**fields)


def test_a_reminder_says_by_when_and_what_stands(onboarding: KeyResult, bob: Membership) -> None:
    found = said("reminder", onboarding, to=bob, now=FRIDAY)

    assert plain(found.heading) == "Due Mon 9 Mar 10:00"
    assert plain(found.state) == "due Mon 9 Mar 10:00"
    assert (found.title, found.why) == (onboarding.title, "own key results")
    assert (plain(found.meta), found.rag, found.score) == ("last 7.2 days", Rag.AMBER, "0.36")


def test_on_the_day_itself_it_says_today(onboarding: KeyResult, bob: Membership) -> None:
    found = said("reminder", onboarding, to=bob, now=DUE_DAY)

    assert (plain(found.heading), plain(found.state)) == ("Due today 10:00", "due today by 10:00")


def test_times_are_on_the_readers_clock(onboarding: KeyResult, bob: Membership) -> None:
    assert bob.user is not None
    bob.user.time_zone = "America/New_York"

    assert plain(said("reminder", onboarding, to=bob, now=FRIDAY).heading) == "Due Mon 9 Mar 05:00"


def test_it_leads_straight_to_the_card_and_back(onboarding: KeyResult, bob: Membership) -> None:
    found = said("reminder", onboarding, to=bob, now=FRIDAY)

    page = f"/e/northwind/key-results/{onboarding.public_id}/"
    assert (found.button, found.url) == ("Check in", f"{page}check-in/?next={page}")


def test_whoever_may_not_check_in_is_led_to_the_page(
    alice: Membership, onboarding: KeyResult
) -> None:
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    change(onboarding, owner=sponsor)

    found = said("reminder", onboarding, to=sponsor, now=FRIDAY)

    page = f"/e/northwind/key-results/{onboarding.public_id}/"
    assert (found.button, found.url) == ("Open", page)


@pytest.mark.parametrize(
    ("rule", "now"), [("reminder", FRIDAY), ("overdue", TUESDAY), ("missed", AFTER)]
)
def test_nobody_is_told_of_what_is_done(
    alice: Membership, onboarding: KeyResult, bob: Membership, rule: str, now: dt.datetime
) -> None:
    reader = alice if rule == "missed" else bob
    assert item(rule, onboarding, to=reader, now=now) is not None

    post(onboarding, bob, now=FRIDAY)

    assert item(rule, onboarding, to=reader, now=now) is None


@pytest.mark.parametrize(
    ("rule", "now"), [("reminder", FRIDAY), ("overdue", TUESDAY), ("missed", AFTER)]
)
def test_nobody_is_told_of_what_asks_for_nothing_any_more(
    alice: Membership, onboarding: KeyResult, bob: Membership, rule: str, now: dt.datetime
) -> None:
    change(onboarding, stage=Stage.CLOSED)

    assert item(rule, onboarding, to=alice if rule == "missed" else bob, now=now) is None


@pytest.mark.parametrize(("rule", "now"), [("reminder", FRIDAY), ("overdue", TUESDAY)])
def test_whoever_handed_it_on_is_told_no_more(
    alice: Membership, onboarding: KeyResult, bob: Membership, rule: str, now: dt.datetime
) -> None:
    change(onboarding, owner=alice)

    assert item(rule, onboarding, to=bob, now=now) is None
    assert item(rule, onboarding, to=alice, now=now) is not None


def test_a_deadline_that_has_gone_by_is_not_reminded_of(
    onboarding: KeyResult, bob: Membership
) -> None:
    assert item("reminder", onboarding, to=bob, now=at("2026-03-09T10:00")) is None


def test_a_rhythm_that_was_changed_takes_its_reminders_along(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    alice.engagement.cadence = "monthly"
    alice.engagement.save()

    assert item("reminder", onboarding, to=bob, now=FRIDAY) is None


def test_what_is_late_says_since_when_and_until_when(
    onboarding: KeyResult, bob: Membership
) -> None:
    found = said("overdue", onboarding, to=bob, now=TUESDAY)

    assert plain(found.heading) == "Was due Mon 9 Mar 10:00, open until Sun 15 Mar 24:00"
    assert (found.state, found.button) == ("late", "Check in")


def test_what_closed_meanwhile_is_still_told_to_whoever_answers(
    onboarding: KeyResult, bob: Membership
) -> None:
    found = said("overdue", onboarding, to=bob, now=AFTER)

    assert plain(found.heading) == "Was due Mon 9 Mar 10:00, closed Sun 15 Mar 24:00"
    assert found.state == "missed"


def test_a_later_check_in_settles_an_older_period(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, now=AFTER)

    assert item("overdue", onboarding, to=bob, now=AFTER) is None


def test_a_missed_period_is_told_with_who_answers(alice: Membership, onboarding: KeyResult) -> None:
    found = said("missed", onboarding, to=alice, now=AFTER)

    assert (found.heading, found.state) == ("Missed check-ins", "without a check-in")
    assert plain(found.text) == "No check-in for the week of 9 Mar.\nOwner: Bob."
    assert (found.why, found.url.endswith(f"{onboarding.public_id}/")) == (
        "own the objective",
        True,
    )


def test_two_missed_periods_of_one_key_result_are_one_line_with_both_weeks(
    alice: Membership, onboarding: KeyResult
) -> None:
    now = at("2026-03-23T09:00")
    notices = [
        Notice(
            id=place,
            engagement=alice.engagement,
            person=alice,
            rule="missed",
            subject=onboarding.pk,
            period=period,
            created_at=now,
            due_at=now,
        )
        for place, period in enumerate((MONDAY + WEEK, MONDAY))
    ]
    assert alice.user is not None

    lines = describe(notices, reader=alice.user, now=now)
    section = section_of(alice.engagement, lines.values())

    assert len(lines) == 2
    (line,) = section.lines
    assert plain(line.item.text) == (
        "No check-in for the week of 9 Mar and the week of 16 Mar.\nOwner: Bob."
    )


def test_what_is_blocked_is_said_below_the_reminder_of_the_same_key_result(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    change(onboarding, owner=alice, stage=Stage.AT_RISK, confidence=2)
    both = [
        Notice(
            id=place,
            engagement=alice.engagement,
            person=alice,
            rule=rule,
            subject=onboarding.pk,
            period=period,
            created_at=FRIDAY,
            due_at=FRIDAY,
        )
        for place, (rule, period) in enumerate(
            [("friday_at_risk", LAST_WEEK), ("reminder", MONDAY)]
        )
    ]
    assert alice.user is not None

    with timezone.override(alice.user.time_zone):
        lines = describe(both, reader=alice.user, now=FRIDAY)
    (line,) = section_of(alice.engagement, lines.values()).lines

    assert plain(line.item.heading) == "Due Mon 9 Mar 10:00"
    assert line.item.text.startswith("At risk or blocked: Behind pace")


def test_a_missed_period_is_not_told_to_a_former_owner_of_the_objective(
    onboarding: KeyResult, bob: Membership
) -> None:
    assert item("missed", onboarding, to=bob, now=AFTER) is None


def test_two_missed_in_a_row_are_told_with_both_weeks(
    alice: Membership, onboarding: KeyResult
) -> None:
    now = at("2026-03-23T09:00")

    found = said("missed_twice", onboarding, to=alice, now=now, period=MONDAY + WEEK)

    assert found.heading == "Two missed check-ins in a row"
    assert plain(found.text) == (
        "No check-in for the week of 9 Mar and the week of 16 Mar.\nOwner: Bob."
    )


def test_two_missed_in_a_row_are_no_news_once_somebody_checked_in(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    now = at("2026-03-23T09:00")
    post(onboarding, bob, now=now)

    assert item("missed_twice", onboarding, to=alice, now=now, period=MONDAY + WEEK) is None


def test_one_missed_is_not_two(alice: Membership, onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, now=TUESDAY)
    now = at("2026-03-23T09:00")

    assert item("missed_twice", onboarding, to=alice, now=now, period=MONDAY + WEEK) is None


def test_a_third_one_missed_meanwhile_takes_nothing_back(
    alice: Membership, onboarding: KeyResult
) -> None:
    now = at("2026-03-30T09:00")

    assert item("missed_twice", onboarding, to=alice, now=now, period=MONDAY + WEEK) is not None


def test_a_card_without_a_value_says_so(alice: Membership, bob: Membership) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement, "2026-Q1b"))
    row = build.live_key_result(objective, build.metric(alice.engagement, "Other"), owner_id=bob.pk)

    found = said("reminder", row, to=bob, now=FRIDAY)

    assert (found.meta, found.rag, found.score) == ("no value yet", None, "")


def test_a_card_that_nobody_answers_for_asks_for_an_owner(
    alice: Membership, onboarding: KeyResult
) -> None:
    change(onboarding, owner=None)

    found = said("missed", onboarding, to=alice, now=AFTER)

    assert found.text.endswith("It has no owner yet. Choose one.")


@pytest.mark.parametrize(
    ("rule", "now"),
    [("reminder", FRIDAY), ("overdue", TUESDAY), ("missed", AFTER), ("missed_twice", AFTER)],
)
def test_a_rule_costs_the_same_queries_for_ten_and_for_twenty(
    alice: Membership, bob: Membership, rule: str, now: dt.datetime
) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    rows: list[KeyResult] = []
    owner, reader = (bob, bob) if rule in ("reminder", "overdue") else (bob, alice)

    def grow() -> None:
        rows.extend(build.live_key_result(objective, owner_id=owner.pk) for _ in range(10))

    def describe() -> None:
        assert len(items(rule, rows, to=reader, now=now)) == len(rows)

    grow()
    assert_constant_queries(describe, grow=grow, most=1)


def test_what_can_be_switched_off_names_its_switch() -> None:
    assert {find_rule(name).switch for name in ("reminder", "overdue")} == {"wants_reminders"}
    assert {find_rule(name).switch for name in ("missed", "missed_twice")} == {"wants_digests"}
    assert find_rule("missed").noun == KEY_RESULT
