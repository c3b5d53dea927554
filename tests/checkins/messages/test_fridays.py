"""What Friday says: what is at risk or blocked, and whose update is late or thin."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from checkins.commands import resolve_blocker
from checkins.models import Blocker
from engagements.models import Membership
from okrs.models import KeyResult, Stage
from tests import build
from tests.checkins.messages.saying import item, items, plain, said
from tests.checkins.posting import TUESDAY, at, post
from tests.query_counts import assert_constant_queries

FRIDAY = at("2026-03-13T09:00")
RISKY: dict[str, Any] = {"actual": "8.8", "confidence": 2}
PROOF = "https://example.test/proof"


def fresh(row: KeyResult) -> KeyResult:
    row.refresh_from_db()
    return row


@pytest.fixture
def onboarding(onboarding: KeyResult, bob: Membership) -> KeyResult:
    """With a check-in of the week before, so that nothing was missed."""
    post(onboarding, bob, actual="4.4", evidence_url=PROOF, now=at("2026-03-03T09:00"))
    return fresh(onboarding)


def test_what_is_at_risk_says_so_with_its_next_action(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, **RISKY)

    found = said("friday_at_risk", onboarding, to=alice, now=FRIDAY)

    assert (found.heading, found.state) == ("At risk or blocked", "at risk")
    assert found.paragraphs == [
        "Behind pace, confidence 2 of 5.",
        "Next: Roll the form out to all stores.",
    ]


def test_what_is_blocked_says_since_when_and_by_what(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="4.4", blocker="The export stands still")

    found = said("friday_at_risk", onboarding, to=alice, now=FRIDAY)

    assert (found.state, found.weight) == ("blocked", 55)
    assert plain(found.paragraphs[0]) == "Blocked since Tue 10 Mar: The export stands still."


def test_of_several_blockers_the_oldest_is_named(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="4.4", blocker="The first")
    post(onboarding, bob, actual="4.4", blocker="The second", now=TUESDAY + dt.timedelta(hours=1))

    assert "The first" in said("friday_at_risk", onboarding, to=alice, now=FRIDAY).text


def test_what_is_in_order_again_is_not_told(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="4.4", blocker="The export stands still")
    assert item("friday_at_risk", onboarding, to=alice, now=FRIDAY) is not None

    resolve_blocker(blocker=Blocker.objects.get(), by=bob, now=FRIDAY)

    assert item("friday_at_risk", onboarding, to=alice, now=FRIDAY) is None


@pytest.mark.parametrize("stage", [Stage.CLOSED, Stage.WITHDRAWN])
def test_what_is_over_is_not_told(
    alice: Membership, onboarding: KeyResult, bob: Membership, stage: Stage
) -> None:
    post(onboarding, bob, **RISKY, blocker="The export stands still")
    KeyResult.objects.filter(pk=onboarding.pk).update(stage=stage)

    assert item("friday_at_risk", onboarding, to=alice, now=FRIDAY) is None
    assert item("friday_late", onboarding, to=alice, now=FRIDAY) is None


def lacks(row: KeyResult, to: Membership, now: dt.datetime = FRIDAY) -> str:
    found = item("friday_late", row, to=to, now=now)
    return plain(found.text) if found else ""


def test_a_late_update_is_told_with_since_when_and_who_answers(
    alice: Membership, onboarding: KeyResult
) -> None:
    assert lacks(onboarding, alice) == "Late since Mon 9 Mar 10:00. Owner: Bob."


def test_a_missed_one_is_told_with_its_week(alice: Membership, onboarding: KeyResult) -> None:
    monday = at("2026-03-16T08:00")

    assert lacks(onboarding, alice, now=monday) == (
        "No check-in for the week of 9 Mar. Owner: Bob."
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"insight": "It goes well."}, "Insight under four words."),
        ({"next_action": "Carry on"}, "Next action under four words."),
        (
            {"insight": "Good.", "next_action": "More."},
            "Insight and next action under four words.",
        ),
        ({"actual": "4.4", "evidence_url": ""}, "Green without evidence."),
        (
            {"actual": "4.4", "evidence_url": "", "insight": "Good."},
            "Insight under four words. Green without evidence.",
        ),
    ],
)
def test_a_thin_update_says_what_it_lacks(
    alice: Membership, onboarding: KeyResult, bob: Membership, words: dict[str, Any], expected: str
) -> None:
    post(onboarding, bob, **{"actual": "6.5", **words})

    assert lacks(onboarding, alice) == f"{expected} Owner: Bob."


def test_a_full_update_in_time_is_not_told(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="4.4", evidence_url=PROOF)

    assert lacks(fresh(onboarding), alice) == ""


def test_a_thin_update_of_an_earlier_week_is_old_news(
    alice: Membership, onboarding: KeyResult, bob: Membership
) -> None:
    later = {"period": dt.date(2026, 3, 16), "now": at("2026-03-16T08:00")}
    post(onboarding, bob, insight="Good.", actual="4.4", evidence_url=PROOF)
    assert item("friday_late", onboarding, to=alice, now=FRIDAY) is not None

    assert item("friday_late", onboarding, to=alice, **later) is None


@pytest.mark.parametrize("rule", ["friday_at_risk", "friday_late"])
def test_a_rule_costs_the_same_queries_for_ten_and_for_twenty(
    alice: Membership, bob: Membership, rule: str
) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    rows: list[KeyResult] = []

    def grow() -> None:
        more = [build.live_key_result(objective, owner_id=bob.pk) for _ in range(10)]
        KeyResult.objects.filter(pk__in=[row.pk for row in more]).update(stage=Stage.AT_RISK)
        rows.extend(more)

    def describe() -> None:
        assert len(items(rule, rows, to=alice, now=FRIDAY)) == len(rows)

    grow()
    assert_constant_queries(describe, grow=grow, most=2)
