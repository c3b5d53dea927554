"""The notices about check-ins: their texts, and until when they hold (M6.4, M7.7)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from checkins.commands import resolve_blocker
from checkins.models import Blocker
from engagements.models import Membership, Role
from notifications.rules import registered_rules
from okrs.models import KeyResult, Stage
from scoring import Rag
from tests import build
from tests.checkins.posting import at, post
from tests.checkins.saying import MONDAY, WEEK, item, items, notice, plain, said
from tests.query_counts import assert_constant_queries

BEFORE = at("2026-03-06T09:00")  # the Friday before the due day
DUE_DAY = at("2026-03-09T09:00")
TUESDAY = at("2026-03-10T09:00")
FRIDAY = at("2026-03-13T09:00")
AFTER = at("2026-03-16T09:00")
TWO_WEEKS = at("2026-03-23T09:00")
RISKY: dict[str, Any] = {"actual": "8.8", "confidence": 2}
PROOF = "https://example.test/proof"


@pytest.fixture
def onboarding(onboarding: KeyResult, bob: Membership) -> KeyResult:
    """With a check-in of the week before: 7.2 days, amber."""
    post(onboarding, bob, actual="7.2", now=at("2026-03-03T09:00"))
    onboarding.refresh_from_db()
    return onboarding


def page(row: KeyResult) -> str:
    return f"/e/northwind/key-results/{row.public_id}/"


def test_a_reminder_has_the_deadline_and_the_latest_value(
    onboarding: KeyResult, bob: Membership
) -> None:
    found = said("reminder", onboarding, to=bob, now=BEFORE)

    assert (found.title, found.why) == (onboarding.title, "own key results")
    assert (plain(found.meta), found.rag, found.score) == ("Latest 7.2 days", Rag.AMBER, "0.36")
    assert found.button == "Check in"
    assert found.url == f"{page(onboarding)}check-in/?next={page(onboarding)}"


def test_without_a_value_or_the_right_to_check_in_it_has_neither(
    alice: Membership, onboarding: KeyResult
) -> None:
    sponsor = build.member(alice.engagement, "Priya", Role.SPONSOR)
    row = build.live_key_result(onboarding.objective, owner_id=sponsor.pk)

    found = said("reminder", row, to=sponsor, now=BEFORE)

    assert (found.meta, found.rag, found.score) == ("Not measured yet", None, "")
    assert (found.button, found.url) == ("Open", page(row))


@pytest.mark.parametrize(
    ("rule", "now", "zone", "heading", "state"),
    [
        ("reminder", BEFORE, "Europe/Berlin", "Due Mon 9 Mar 10:00", "due Mon 9 Mar 10:00"),
        ("reminder", DUE_DAY, "Europe/Berlin", "Due today 10:00", "due today by 10:00"),
        ("reminder", BEFORE, "America/New_York", "Due Mon 9 Mar 05:00", "due Mon 9 Mar 05:00"),
        (
            *("overdue", TUESDAY, "Europe/Berlin"),
            *("Was due Mon 9 Mar 10:00, open until end of Sun 15 Mar", "late"),
        ),
        (
            *("overdue", AFTER, "Europe/Berlin"),
            *("Was due Mon 9 Mar 10:00, closed end of Sun 15 Mar", "missed"),
        ),
    ],
)
def test_times_are_on_the_readers_clock(
    onboarding: KeyResult,
    bob: Membership,
    rule: str,
    now: dt.datetime,
    zone: str,
    heading: str,
    state: str,
) -> None:
    assert bob.user is not None
    bob.user.time_zone = zone

    found = said(rule, onboarding, to=bob, now=now)

    assert (plain(found.heading), plain(found.state)) == (heading, state)


@pytest.mark.parametrize(
    ("rule", "now"),
    [
        pytest.param("reminder", BEFORE, id="M6.4-reminder"),
        pytest.param("overdue", TUESDAY, id="M6.4-overdue"),
        pytest.param("missed", AFTER, id="M7.7-missed"),
    ],
)
def test_they_hold_for_the_owner_until_this_or_a_later_check_in_or_the_close(
    alice: Membership, onboarding: KeyResult, bob: Membership, rule: str, now: dt.datetime
) -> None:
    reader, other = (alice, bob) if rule == "missed" else (bob, alice)

    def holds(to: Membership = reader) -> bool:
        return item(rule, onboarding, to=to, now=now) is not None

    assert (holds(), holds(other)) == (True, False)
    build.change(onboarding, stage=Stage.CLOSED)
    assert not holds()

    build.change(onboarding, stage=Stage.COMMITTED)
    build.change(onboarding if rule != "missed" else onboarding.objective, owner=other)
    assert (holds(), holds(other)) == (False, True)

    post(onboarding, bob, now=now)
    assert not holds(other)


@pytest.mark.parametrize(
    ("now", "cadence"),
    [
        pytest.param(at("2026-03-09T10:00"), "weekly", id="M6.4-deadline-has-passed"),
        pytest.param(BEFORE, "monthly", id="M6.3-new-rhythm"),
    ],
)
def test_a_reminder_ends(
    onboarding: KeyResult, bob: Membership, now: dt.datetime, cadence: str
) -> None:
    build.change(onboarding.engagement, cadence=cadence)

    assert item("reminder", onboarding, to=bob, now=now) is None


def test_missed_periods_of_one_key_result_are_one_item_with_all_weeks_and_the_owner(
    alice: Membership, onboarding: KeyResult
) -> None:
    both = [
        notice("missed", onboarding, to=alice, now=TWO_WEEKS, period=period, id=place)
        for place, period in enumerate((MONDAY + WEEK, MONDAY))
    ]
    weeks = [f"No check-in for the week of {monday} Mar." for monday in (9, 16)]
    text = "\n".join([*weeks, "Owner: Bob."])

    found = registered_rules["missed"].describe(both, TWO_WEEKS)
    twice = said("missed_twice", onboarding, to=alice, now=TWO_WEEKS, period=MONDAY + WEEK)

    assert found[0] == found[1]
    assert plain(found[0].text) == plain(twice.text) == text
    assert (twice.why, twice.url) == ("own objectives", page(onboarding))
    build.change(onboarding, owner=None)
    assert "no owner yet" in said("missed", onboarding, to=alice, now=AFTER).text


@pytest.mark.parametrize(
    ("posted", "now", "holds"),
    [
        pytest.param(TWO_WEEKS, TWO_WEEKS, False, id="M7.9-checked-in-since"),
        pytest.param(TUESDAY, TWO_WEEKS, False, id="M7.9-only-one-missed"),
        pytest.param(None, at("2026-03-30T09:00"), True, id="M7.9-a-third-one-missed"),
    ],
)
def test_two_missed_in_a_row_hold_until_someone_checks_in(
    alice: Membership,
    onboarding: KeyResult,
    bob: Membership,
    posted: dt.datetime | None,
    now: dt.datetime,
    *,
    holds: bool,
) -> None:
    if posted:
        post(onboarding, bob, now=posted)

    found = item("missed_twice", onboarding, to=alice, now=now, period=MONDAY + WEEK)

    assert (found is not None) is holds


def test_blocked_or_at_risk_reads_with_the_oldest_blocker_and_the_next_action(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    for hours, text in enumerate(["The export fails", "A second one"]):
        post(onboarding, bob, **RISKY, blocker=text, now=TUESDAY + dt.timedelta(hours=hours))
    behind = "It is behind pace, with confidence 2 of 5."
    trouble = [behind, "Next: Roll the form out to all stores."]

    found = said("friday_at_risk", onboarding, to=alice, now=FRIDAY)
    for blocker in Blocker.objects.all():
        resolve_blocker(blocker=blocker, by=bob, now=FRIDAY)
    after = said("friday_at_risk", onboarding, to=alice, now=FRIDAY)

    assert (found.state, found.weight, after.state) == ("blocked", 55, "behind pace")
    assert plain(found.paragraphs[0]) == "Blocked since Tue 10 Mar: The export fails."
    assert found.paragraphs[1:] == after.paragraphs == trouble
    build.change(onboarding, stage=Stage.ON_TRACK)
    assert item("friday_at_risk", onboarding, to=alice, now=FRIDAY) is None


@pytest.mark.parametrize(
    ("now", "content", "text"),
    [
        (FRIDAY, None, "The check-in was due Mon 9 Mar 10:00. Owner: Bob."),
        (at("2026-03-16T08:00"), None, "No check-in for the week of 9 Mar. Owner: Bob."),
        (
            FRIDAY,
            {"actual": "4.4", "insight": "Good."},
            "The insight has under four words. It is green without evidence. Owner: Bob.",
        ),
        (FRIDAY, {"actual": "4.4", "evidence_url": PROOF}, ""),
        # A thin check-in counts in its own week only.
        (at("2026-03-16T08:00"), {"insight": "Good."}, ""),
    ],
)
def test_a_late_or_thin_check_in_reads_with_what_it_lacks(
    alice: Membership,
    onboarding: KeyResult,
    bob: Membership,
    now: dt.datetime,
    content: dict[str, Any] | None,
    text: str,
) -> None:
    if content is not None:
        post(onboarding, bob, now=TUESDAY, **content)
    period = MONDAY if now == FRIDAY or content is None else MONDAY + WEEK

    found = item("friday_late", onboarding, to=alice, now=now, period=period)

    assert (plain(found.text) if found else "") == text


@pytest.mark.parametrize("rule", ["friday_at_risk", "friday_late"])
def test_a_closed_key_result_is_left_out_on_friday(
    alice: Membership, onboarding: KeyResult, bob: Membership, rule: str
) -> None:
    post(onboarding, bob, **RISKY, blocker="The export fails", insight="Good.")
    assert item(rule, onboarding, to=alice, now=FRIDAY) is not None

    build.change(onboarding, stage=Stage.CLOSED)

    assert item(rule, onboarding, to=alice, now=FRIDAY) is None


@pytest.mark.parametrize(
    ("rule", "now"),
    [
        ("reminder", BEFORE),
        ("overdue", TUESDAY),
        ("missed", AFTER),
        ("missed_twice", AFTER),
        ("friday_at_risk", FRIDAY),
        ("friday_late", FRIDAY),
    ],
)
def test_a_rule_costs_the_same_queries_for_ten_and_for_twenty(
    alice: Membership, bob: Membership, rule: str, now: dt.datetime
) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    rows: list[KeyResult] = []
    reader = bob if rule in ("reminder", "overdue") else alice

    def add(number: int) -> None:
        rows.append(build.live_key_result(objective, owner_id=bob.pk, stage=Stage.AT_RISK))

    def describe_all() -> None:
        assert len(items(rule, rows, to=reader, now=now)) == len(rows)

    assert_constant_queries(describe_all, add=add, name=rule)


def test_reminders_and_digests_each_have_the_switch_that_turns_them_off() -> None:
    digests = ("missed", "missed_twice", "friday_at_risk", "friday_late")

    assert {registered_rules[rule].switch for rule in ("reminder", "overdue")} == {
        "wants_reminders"
    }
    assert {registered_rules[rule].switch for rule in digests} == {"wants_digests"}
