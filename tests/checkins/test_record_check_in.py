from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from checkins.commands import Conflict
from checkins.models import Blocker, CheckIn, HelpRequest
from engagements.models import Membership, Role
from okrs.models import KeyResult, Stage
from tests import build
from tests.checkins.posting import TUESDAY, at, code, post

NEXT_TUESDAY = TUESDAY + dt.timedelta(days=7)


def test_it_stores_the_terms_of_the_score_and_updates_the_key_result(
    onboarding: KeyResult, bob: Membership
) -> None:
    check_in = post(onboarding, bob, actual="5.2", evidence_url="https://example.test/report")
    check_in.refresh_from_db()
    onboarding.refresh_from_db()

    assert (check_in.method, check_in.direction) == ("linear", "lower")
    assert (check_in.baseline, check_in.target) == (Decimal(9), Decimal(4))
    assert (onboarding.latest_value, onboarding.score) == (Decimal("5.2"), Decimal("0.76"))
    assert (onboarding.rag, onboarding.confidence) == ("green", 4)
    assert onboarding.measured_on == dt.date(2026, 3, 10)
    assert onboarding.checked_in_at == TUESDAY
    assert onboarding.last_period == dt.date(2026, 3, 9)
    assert onboarding.insight == "The shorter form did it."
    assert onboarding.evidence_url == "https://example.test/report"
    assert onboarding.trail == [["2026-03-09", "5.2", "0.76"]]


@pytest.mark.parametrize(
    ("actual", "confidence", "stage"),
    [("5.2", 3, Stage.ON_TRACK), ("8", 4, Stage.AT_RISK), ("4", 2, Stage.AT_RISK)],
)
def test_the_stage_follows_the_forecast(
    onboarding: KeyResult, bob: Membership, actual: str, confidence: int, stage: Stage
) -> None:
    post(onboarding, bob, actual=actual, confidence=confidence)
    onboarding.refresh_from_db()

    assert onboarding.stage == stage


LADDER: dict[str, Any] = {
    "method": "ladder",
    "ladder": [["4", "1.0"], ["6", "0.7"], ["8", "0.3"]],
}
YES_NO: dict[str, Any] = {
    "method": "ladder",
    "direction": "higher",
    "ladder": [["1", "1.00"]],
    "baseline": None,
    "target": None,
}


@pytest.mark.parametrize(
    ("terms", "bands", "actual", "score", "rag"),
    [
        pytest.param({}, "playbook", "6.8", "0.44", "amber", id="M5-linear"),
        pytest.param({}, "strict", "7.2", "0.36", "red", id="M5-strict-bands"),
        pytest.param(LADDER, "playbook", "6", "0.70", "green", id="M5-on-a-rung"),
        pytest.param(LADDER, "playbook", "4.5", "0.70", "green", id="M5-between-rungs"),
        pytest.param(LADDER, "playbook", "9", "0.00", "red", id="M5-below-the-ladder"),
        pytest.param(LADDER, "playbook", "4", "1.00", "stretch", id="M5-highest-rung"),
        pytest.param(YES_NO, "playbook", "1", "1.00", "stretch", id="M5-yes"),
        pytest.param(YES_NO, "playbook", "0", "0.00", "red", id="M5-no"),
    ],
)
def test_it_scores_by_the_terms_of_the_key_result_and_the_bands_of_the_client(
    onboarding: KeyResult,
    bob: Membership,
    terms: dict[str, Any],
    bands: str,
    actual: str,
    score: str,
    rag: str,
) -> None:
    build.change(bob.engagement, bands=bands)
    row = build.live_key_result(onboarding.objective, **terms)

    check_in = post(row, bob, actual=actual)

    assert (check_in.score, check_in.rag) == (Decimal(score), rag)
    assert check_in.ladder == terms.get("ladder", [])


def test_it_fills_the_oldest_open_period_first(onboarding: KeyResult, bob: Membership) -> None:
    saturday = at("2026-03-14T12:00")

    first, second, third = (post(onboarding, bob, now=saturday) for _ in range(3))

    assert first.period == dt.date(2026, 3, 9)
    assert second.period == third.period == dt.date(2026, 3, 16)
    assert (second.supersedes, third.supersedes) == (None, second)


def test_a_further_post_supersedes_and_both_stay_readable(
    onboarding: KeyResult, bob: Membership
) -> None:
    first = post(onboarding, bob, actual=7)
    second = post(onboarding, bob, actual=6)
    onboarding.refresh_from_db()

    assert list(CheckIn.objects.current().filter(key_result=onboarding)) == [second]
    assert CheckIn.objects.get(pk=first.pk).actual == 7
    assert onboarding.trail == [["2026-03-09", "6", "0.60"]]


def test_the_next_action_is_due_with_the_following_check_in(
    onboarding: KeyResult, bob: Membership
) -> None:
    """M6.1."""
    assert post(onboarding, bob).next_action_due == dt.date(2026, 3, 16)


def test_red_since_is_the_start_of_the_run_of_reds(onboarding: KeyResult, bob: Membership) -> None:
    values = [("2026-01-06", 9), ("2026-01-13", 6), ("2026-01-20", 9), ("2026-02-03", 8)]
    for day, value in values:
        post(onboarding, bob, actual=value, now=at(f"{day}T09:00"))
    onboarding.refresh_from_db()

    assert onboarding.red_since == dt.date(2026, 1, 19)


def test_leaving_red_ends_the_run(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, actual=9)
    post(onboarding, bob, actual=6, now=NEXT_TUESDAY)
    onboarding.refresh_from_db()

    assert onboarding.red_since is None


def test_help_and_blocker_become_items_of_their_own(onboarding: KeyResult, bob: Membership) -> None:
    """M6.6."""
    check_in = post(onboarding, bob, help_needed="Two days of a data person", blocker="No access")

    asked, blocked = HelpRequest.objects.get(), Blocker.objects.get()
    assert (asked.text, asked.check_in, asked.asked_by) == (
        "Two days of a data person",
        check_in,
        bob,
    )
    assert (blocked.text, blocked.check_in, blocked.opened_at) == ("No access", check_in, TUESDAY)


def test_blank_asks_make_no_items(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, help_needed="  ", blocker="")

    assert not HelpRequest.objects.exists()
    assert not Blocker.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SPONSOR])
def test_it_refuses_roles_that_do_not_check_in(onboarding: KeyResult, role: Role) -> None:
    reader = build.member(onboarding.engagement, "Charlie", role)

    with pytest.raises(ValidationError) as refused:
        post(onboarding, reader)

    assert code(refused.value) == "no_right"


@pytest.mark.parametrize(
    ("stage", "expected"),
    [(Stage.DRAFT, "draft"), (Stage.CLOSED, "closed"), (Stage.WITHDRAWN, "closed")],
)
def test_it_refuses_key_results_that_are_not_live(
    onboarding: KeyResult, bob: Membership, stage: Stage, expected: str
) -> None:
    onboarding.stage = stage
    onboarding.save(update_fields=["stage"])

    with pytest.raises(ValidationError) as refused:
        post(onboarding, bob)

    assert code(refused.value) == expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("insight", " ", "required"),
        ("next_action", "", "required"),
        ("confidence", 0, "confidence"),
        ("confidence", 6, "confidence"),
        ("measured_on", dt.date(2026, 3, 11), "in_future"),
        ("measured_on", dt.date(2025, 11, 30), "before_cycle"),
        ("next_action_due", dt.date(2026, 3, 9), "in_past"),
        ("evidence_url", "javascript:alert(1)", "invalid"),
        ("actual", "0.1234567", "max_decimal_places"),
        ("actual", "123456789012345", "max_whole_digits"),
        ("actual", "366", "out_of_range"),
        ("actual", "-1", "out_of_range"),
    ],
)
def test_it_refuses_what_is_wrong_and_names_the_field(
    onboarding: KeyResult, bob: Membership, field: str, value: Any, expected: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        post(onboarding, bob, **{field: value})

    assert code(refused.value, field=field) == expected
    assert not CheckIn.objects.exists()


def test_it_says_all_that_is_wrong_at_once(onboarding: KeyResult, bob: Membership) -> None:
    with pytest.raises(ValidationError) as refused:
        post(onboarding, bob, actual=400, next_action="")

    assert refused.value.message_dict == {
        "actual": ["400 is outside the expected range (0–365). Fix it or confirm it."],
        "next_action": ["Add a next action."],
    }


@pytest.mark.parametrize(
    ("low", "high", "actual", "said"),
    [
        (0, None, -1, "−1 is below the expected minimum"),
        (None, 30, 31, "31 is above the expected maximum"),
    ],
)
def test_a_range_may_be_open_at_one_end(
    onboarding: KeyResult,
    bob: Membership,
    low: int | None,
    high: int | None,
    actual: int,
    said: str,
) -> None:
    onboarding.metric = build.metric(bob.engagement, "Wait", valid_low=low, valid_high=high)
    onboarding.save(update_fields=["metric"])

    with pytest.raises(ValidationError, match=said):
        post(onboarding, bob, actual=actual)


def test_a_value_out_of_range_that_is_confirmed_is_kept_and_marked(
    onboarding: KeyResult, bob: Membership
) -> None:
    """M4.5."""
    assert post(onboarding, bob, actual=400, confirm_range=True).out_of_range_confirmed


def test_a_confirmation_that_nothing_asked_for_marks_nothing(
    onboarding: KeyResult, bob: Membership
) -> None:
    assert not post(onboarding, bob, actual=6, confirm_range=True).out_of_range_confirmed


def test_today_is_the_day_in_the_engagements_zone(onboarding: KeyResult, bob: Membership) -> None:
    just_wednesday = at("2026-03-11T00:30")

    check_in = post(onboarding, bob, now=just_wednesday, measured_on=dt.date(2026, 3, 11))

    assert check_in.measured_on == dt.date(2026, 3, 11)


def test_the_same_key_again_returns_the_first_post(onboarding: KeyResult, bob: Membership) -> None:
    key = uuid4()
    first = post(onboarding, bob, idempotency_key=key)

    again = post(onboarding, bob, idempotency_key=key, seen="")

    assert again == first
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actual", 5),
        ("measured_on", dt.date(2026, 3, 9)),
        ("confidence", 3),
        ("insight", "It was the paper forms."),
        ("next_action", "Count the stores"),
        ("next_action_due", dt.date(2026, 3, 20)),
        ("evidence_url", "https://example.test/report"),
        ("help_needed", "A data person"),
        ("help_needed", ""),
        ("blocker", "No export"),
        ("blocker", ""),
    ],
)
def test_the_same_key_with_other_words_meets_the_first_post(
    onboarding: KeyResult, bob: Membership, field: str, value: object
) -> None:
    said: dict[str, Any] = {
        "idempotency_key": uuid4(),
        "help_needed": "Two days of billing",
        "blocker": "No access",
    }
    first = post(onboarding, bob, **said)

    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, **{**said, field: value})

    assert conflict.value.theirs == first
    assert CheckIn.objects.get() == first


def test_the_same_key_with_other_words_meets_what_stands_by_now(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    key = uuid4()
    post(onboarding, bob, idempotency_key=key)
    correction = post(onboarding, alice, actual=7)

    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, actual=5, idempotency_key=key)

    assert conflict.value.theirs == correction


def test_what_is_open_already_is_not_asked_twice(onboarding: KeyResult, bob: Membership) -> None:
    asks: dict[str, Any] = {"help_needed": "A data person", "blocker": "No access"}
    first, key = post(onboarding, bob, **asks), uuid4()

    second = post(onboarding, bob, idempotency_key=key, **asks)

    assert (HelpRequest.objects.get().check_in, Blocker.objects.get().check_in) == (first, first)
    assert post(onboarding, bob, idempotency_key=key, **asks) == second


def test_a_key_serves_one_card(onboarding: KeyResult, bob: Membership) -> None:
    key = uuid4()
    post(onboarding, bob, idempotency_key=key)

    with pytest.raises(ValidationError) as refused:
        post(build.live_key_result(onboarding.objective), bob, idempotency_key=key)

    assert code(refused.value) == "reused"


def test_a_post_on_a_stale_form_meets_theirs_and_writes_nothing(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    theirs = post(onboarding, alice)

    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, actual=5, seen="")

    assert conflict.value.theirs == theirs
    assert CheckIn.objects.get() == theirs


def test_a_post_on_top_of_theirs_supersedes_it(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    theirs = post(onboarding, alice)

    assert post(onboarding, bob, seen=theirs.public_id).supersedes == theirs
