from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from checkins.commands import Conflict, answer_help_request, resolve_blocker
from checkins.models import Blocker, CheckIn, HelpRequest
from engagements.models import Membership, Role
from okrs.models import KeyResult, Stage
from tests import build
from tests.checkins.playing import TERMS
from tests.checkins.posting import TUESDAY, at, code, post, refused

MONDAY = dt.date(2026, 3, 9)
ASKS: dict[str, Any] = {"help_needed": "A data person", "blocker": "No access"}


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
    assert onboarding.last_period == MONDAY
    assert onboarding.insight == "The shorter form did it."
    assert onboarding.evidence_url == "https://example.test/report"
    assert onboarding.trail == [["2026-03-09", "5.2", "0.76"]]
    assert onboarding.stage == Stage.ON_TRACK

    post(onboarding, bob, actual=4, confidence=2)
    onboarding.refresh_from_db()
    assert onboarding.stage == Stage.AT_RISK  # M9.2


@pytest.mark.parametrize(
    ("terms", "bands", "actual", "score", "rag"),
    [
        pytest.param("linear", "playbook", "6.8", "0.44", "amber", id="M5-linear"),
        pytest.param("linear", "strict", "7.2", "0.36", "red", id="M5-strict-bands"),
        pytest.param("ladder", "playbook", "4.5", "0.70", "green", id="M5-between-rungs"),
        pytest.param("yes or no", "playbook", "1", "1.00", "stretch", id="M5-yes"),
        pytest.param("yes or no", "playbook", "0", "0.00", "red", id="M5-no"),
    ],
)
def test_it_scores_by_the_terms_of_the_key_result_and_the_bands_of_the_client(
    onboarding: KeyResult,
    bob: Membership,
    terms: str,
    bands: str,
    actual: str,
    score: str,
    rag: str,
) -> None:
    build.change(bob.engagement, bands=bands)
    row = build.live_key_result(onboarding.objective, **TERMS[terms])

    check_in = post(row, bob, actual=actual)

    assert (check_in.score, check_in.rag) == (Decimal(score), rag)
    assert check_in.ladder == TERMS[terms].get("ladder", [])


def test_it_fills_the_oldest_open_period_first_then_supersedes_and_both_stay_readable(
    onboarding: KeyResult, bob: Membership
) -> None:
    saturday = at("2026-03-14T12:00")

    first, second, third = (post(onboarding, bob, actual=n, now=saturday) for n in (8, 7, 6))
    onboarding.refresh_from_db()

    assert first.period == MONDAY
    assert second.period == third.period == dt.date(2026, 3, 16)
    assert (second.supersedes, third.supersedes) == (None, second)
    assert set(CheckIn.objects.current()) == {first, third}
    assert CheckIn.objects.get(pk=second.pk).actual == 7
    assert [point[:2] for point in onboarding.trail] == [["2026-03-09", "8"], ["2026-03-16", "6"]]
    assert third.next_action_due == dt.date(2026, 3, 23)  # with the following check-in (M6.1)


@pytest.mark.parametrize(
    ("role", "stage", "expected"),
    [
        (Role.VIEWER, Stage.COMMITTED, "no_right"),
        (Role.SPONSOR, Stage.COMMITTED, "no_right"),
        (Role.CONTRIBUTOR, Stage.DRAFT, "draft"),
        (Role.CONTRIBUTOR, Stage.CLOSED, "closed"),
        (Role.CONTRIBUTOR, Stage.WITHDRAWN, "closed"),
    ],
)
def test_it_refuses_roles_that_do_not_check_in_and_key_results_that_are_not_live(
    onboarding: KeyResult, role: Role, stage: Stage, expected: str
) -> None:
    build.change(onboarding, stage=stage)
    member = build.member(onboarding.engagement, "Charlie", role)

    assert refused(lambda: post(onboarding, member)) == expected


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
        pytest.param("actual", "366", "out_of_range", id="M4.5-above"),
        pytest.param("actual", "-1", "out_of_range", id="M4.5-below"),
    ],
)
def test_it_refuses_errors_by_field(
    onboarding: KeyResult, bob: Membership, field: str, value: Any, expected: str
) -> None:
    with pytest.raises(ValidationError) as error:
        post(onboarding, bob, **{"actual": 400, field: value})

    assert code(error.value, field=field) == expected
    assert set(error.value.message_dict) == {"actual", field}  # all errors at once
    assert not CheckIn.objects.exists()


def test_a_value_out_of_range_is_confirmed_and_today_is_the_day_in_the_engagements_zone(
    onboarding: KeyResult, bob: Membership
) -> None:
    wednesday, night = dt.date(2026, 3, 11), at("2026-03-11T00:30")

    marked = post(onboarding, bob, actual=400, confirm_range=True)
    check_in = post(onboarding, bob, now=night, measured_on=wednesday, confirm_range=True)

    assert (marked.out_of_range_confirmed, check_in.out_of_range_confirmed) == (True, False)
    assert check_in.measured_on == wednesday


# The same form twice, and forms that do not know the newest check-in.


def test_the_same_key_again_returns_the_first_post_and_serves_one_card(
    onboarding: KeyResult, bob: Membership
) -> None:
    key, other = uuid4(), build.live_key_result(onboarding.objective)
    first = post(onboarding, bob, idempotency_key=key)

    assert post(onboarding, bob, idempotency_key=key, seen="") == first
    assert refused(lambda: post(other, bob, idempotency_key=key)) == "reused"
    assert CheckIn.objects.get() == first


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actual", 5),
        ("measured_on", MONDAY),
        ("confidence", 3),
        ("insight", "It was the paper forms."),
        ("next_action", "Count the stores"),
        ("next_action_due", dt.date(2026, 3, 20)),
        ("evidence_url", "https://example.test/report"),
        ("help_needed", "Two days of billing"),
        ("help_needed", ""),
        ("blocker", "No export"),
        ("blocker", ""),
    ],
)
def test_the_same_key_with_other_content_is_a_conflict(
    onboarding: KeyResult, bob: Membership, field: str, value: object
) -> None:
    content: dict[str, Any] = {"idempotency_key": uuid4(), **ASKS}
    first = post(onboarding, bob, **content)

    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, **{**content, field: value})

    assert conflict.value.theirs == first
    assert CheckIn.objects.get() == first

    correction = post(onboarding, bob, actual=7)
    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, **{**content, field: value})

    assert conflict.value.theirs == correction


def test_a_post_on_a_stale_form_meets_theirs_and_writes_nothing(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    theirs = post(onboarding, alice)

    with pytest.raises(Conflict) as conflict:
        post(onboarding, bob, actual=5, seen="")

    assert conflict.value.theirs == theirs
    assert CheckIn.objects.get() == theirs
    assert post(onboarding, bob, seen=theirs.public_id).supersedes == theirs


# Help requests and blockers (M6.6).


def test_help_and_blocker_are_raised_once_while_they_are_open(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, help_needed="  ", blocker="", now=TUESDAY - dt.timedelta(hours=1))
    key = uuid4()

    check_in = post(onboarding, bob, **ASKS)
    again = [post(onboarding, bob, idempotency_key=key, **ASKS) for _ in range(2)]

    assert again[0] == again[1] != check_in
    asked, blocked = HelpRequest.objects.get(), Blocker.objects.get()
    assert (asked.text, asked.check_in, asked.asked_by) == ("A data person", check_in, bob)
    assert (blocked.text, blocked.check_in, blocked.opened_at) == ("No access", check_in, TUESDAY)


def test_a_help_request_is_answered_and_a_blocker_resolved_once_by_members_who_read(
    onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    post(onboarding, bob, **ASKS)
    asked, blocked = HelpRequest.objects.get(), Blocker.objects.get()
    viewer = build.member(alice.engagement, "Charlie", Role.VIEWER)

    def answer(text: str, by: Membership) -> HelpRequest:
        return answer_help_request(help_request=asked, answer=text, by=by, now=TUESDAY)

    def resolve(by: Membership) -> Blocker:
        return resolve_blocker(blocker=blocked, by=by, now=TUESDAY)

    assert refused(lambda: answer(" ", alice), field="answer") == "required"
    assert refused(lambda: answer("Lena", viewer)) == refused(lambda: resolve(viewer)) == "no_right"
    row = answer(" Lena from Monday ", alice)
    assert (row.answer, row.answered_by, row.answered_at) == ("Lena from Monday", alice, TUESDAY)
    assert (resolve(alice).resolved_by, Blocker.objects.get().resolved_at) == (alice, TUESDAY)
    assert refused(lambda: answer("Tom", bob)) == "answered"
    assert refused(lambda: resolve(alice)) == "resolved"
