from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from engagements.models import Membership, Role
from metrics.models import Metric
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post, url
from tests.query_counts import assert_constant_queries
from tests.workspace.views.conftest import squeezed

WEEK = dt.timedelta(days=7)


def weekly(key_result: KeyResult, by: Membership, *, count: int) -> None:
    """One check-in a week, the last one this Tuesday."""
    for back in reversed(range(count)):
        now = TUESDAY - back * WEEK
        post(key_result, by, actual=f"{6 + back / 10:.1f}", now=now)


def test_it_shows_where_the_key_result_stands(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    weekly(onboarding, bob, count=3)

    page = signed_in.get(url("key-result-detail", onboarding))

    assert "(6 − 9) ÷ (4 − 9) = 0.60, amber from 0.31" in page.text
    assert "pace 0.76" in page.text
    assert "On track" in page.text or "At risk" in page.text
    assert "Correct the check-in" in page.text
    assert "Show as a table" in page.text
    assert "3 check-ins" in page.text


def test_a_data_gap_goes_once_the_questions_are_answered(
    signed_in: Client, onboarding: KeyResult
) -> None:
    with scope(onboarding.engagement_id):
        KeyResult.objects.update(data_gap_until=dt.date(2026, 1, 19))
        Metric.objects.update(access="")
    assert "Data gap" in signed_in.get(url("key-result-detail", onboarding)).text

    with scope(onboarding.engagement_id):
        Metric.objects.update(access="Everybody")
    assert "Data gap" not in signed_in.get(url("key-result-detail", onboarding)).text


def test_before_the_first_check_in_there_is_no_value(
    signed_in: Client, onboarding: KeyResult
) -> None:
    page = signed_in.get(url("key-result-detail", onboarding))

    assert "No value yet." in page.text
    assert ">Check in<" in squeezed(page.text)


def test_a_red_one_that_is_behind_asks_for_a_response(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="8.8", confidence=2)

    page = signed_in.get(url("key-result-detail", onboarding))

    assert "Response to red due Thu\u00a012\u00a0Mar\u00a009:40." in page.text
    assert "Name the root cause, revise the bet, ask for help." in page.text


def test_the_rung_that_holds_is_marked(
    signed_in: Client, alice: Membership, bob: Membership
) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    ladder = build.live_key_result(
        objective,
        build.metric(alice.engagement),
        method="ladder",
        baseline=Decimal(9),
        ladder=[["4", "1.00"], ["6", "0.70"], ["8", "0.30"]],
    )
    post(ladder, bob, actual="7.2")

    page = signed_in.get(url("key-result-detail", ladder))

    assert '<li aria-current="true"><span>at most 8 days</span>' in squeezed(page.text)


@pytest.mark.parametrize(
    ("actual", "evidence", "unverified"),
    [
        ("5", "", True),
        ("4", "", True),
        ("5", "https://example.test/report", False),
        ("6.8", "", False),
        ("9", "", False),
    ],
)
def test_green_or_stretch_without_evidence_reads_unverified(
    signed_in: Client,
    onboarding: KeyResult,
    bob: Membership,
    *,
    actual: str,
    evidence: str,
    unverified: bool,
) -> None:
    post(onboarding, bob, actual=actual, evidence_url=evidence)

    page = signed_in.get(url("key-result-detail", onboarding))

    assert (">unverified<" in page.text) == unverified


def test_it_says_whose_clock_its_times_are_by(signed_in: Client, onboarding: KeyResult) -> None:
    assert "Berlin time" in signed_in.get(url("key-result-detail", onboarding)).text


def test_it_says_whether_its_check_in_is_late_due_or_saved(
    client: Client, onboarding: KeyResult, bob: Membership, clock: time_machine.Traveller
) -> None:
    build.sign_in(client, onboarding.engagement, Role.SPONSOR)
    page = url("key-result-detail", onboarding)

    late = client.get(page).text
    clock.move_to(TUESDAY - 2 * dt.timedelta(days=1))
    with scope(onboarding.engagement_id):
        post(onboarding, bob, now=TUESDAY - WEEK)
    ahead = client.get(page).text
    clock.move_to(TUESDAY - dt.timedelta(hours=30))
    due = client.get(page).text
    clock.move_to(TUESDAY)
    with scope(onboarding.engagement_id):
        post(onboarding, bob)
    saved = client.get(page).text

    assert "Late since Mon\u00a09\u00a0Mar\u00a010:00" in late
    assert "Saved for the week of 2\u00a0Mar" in ahead
    assert "Due today\u00a010:00" in due
    assert "Saved for the week of 9\u00a0Mar" in saved


def test_yes_or_no_is_said_in_words_and_not_drawn(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    Metric.objects.update(unit="yes/no", valid_low=0, valid_high=1)
    terms = {"baseline": 0, "target": 1, "direction": "higher"}
    KeyResult.objects.filter(pk=onboarding.pk).update(**terms)
    post(KeyResult.objects.for_card().get(pk=onboarding.pk), bob, actual=1)

    page = signed_in.get(url("key-result-detail", onboarding))

    assert page.text.count('<span class="side">') == 2
    assert '<span class="side">No</span>' in squeezed(page.text)
    assert '<span class="side">Yes</span>' in squeezed(page.text)
    assert "Yes = 1.00" in page.text
    assert "÷" not in page.text
    assert "Valid range" not in page.text
    assert '<svg class="chart' not in page.text
    assert "yes/no" not in page.text


def test_a_key_result_has_a_baseline_and_a_target(signed_in: Client, onboarding: KeyResult) -> None:
    page = signed_in.get(url("key-result-detail", onboarding))

    assert '<span class="label">Baseline</span>' in page.text
    assert '<span class="label">Target</span>' in page.text
    assert "from baseline to target" in page.text


def test_open_asks_stand_on_the_page(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, help_needed="Two days of billing.", blocker="No nightly export.")

    page = signed_in.get(url("key-result-detail", onboarding))

    assert "Two days of billing." in page.text
    assert "No nightly export." in page.text


def test_a_draft_is_edited_and_audited_not_checked_in(signed_in: Client, alice: Membership) -> None:
    with scope(alice.engagement_id):
        draft = build.key_result(build.objective(alice, build.cycle(alice.engagement)))

    page = signed_in.get(url("key-result-detail", draft))

    assert "Edit draft" in page.text
    assert "Audit" in page.text
    assert "Check in <kbd>" not in page.text
    assert f"#key-result-{draft.public_id}" in page.text


def test_before_its_cycle_it_says_when_that_starts(
    signed_in: Client, onboarding: KeyResult, clock: time_machine.Traveller
) -> None:
    clock.move_to(dt.datetime(2025, 12, 28, 9, tzinfo=dt.UTC))

    page = signed_in.get(url("key-result-detail", onboarding))

    assert "2026-Q1, starts 1 Jan 2026" in squeezed(page.text)
    assert "week 1 of 13" not in page.text


def test_sponsors_read_it_without_the_buttons(client: Client, onboarding: KeyResult) -> None:
    build.sign_in(client, onboarding.engagement, Role.SPONSOR)

    page = client.get(url("key-result-detail", onboarding))

    assert page.status_code == 200
    assert "Check in <kbd>" not in page.text


def test_viewers_may_not_and_strangers_find_nothing(client: Client, onboarding: KeyResult) -> None:
    build.sign_in(client, onboarding.engagement, Role.VIEWER)
    assert client.get(url("key-result-detail", onboarding)).status_code == 403

    build.sign_in(client, build.engagement("Harbor Retail"))
    assert client.get(url("key-result-detail", onboarding)).status_code == 404


def test_its_queries_do_not_grow_with_its_check_ins(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    weekly(onboarding, bob, count=10)
    page = url("key-result-detail", onboarding)

    def ten_more() -> None:
        for _ in range(10):
            post(onboarding, bob)

    assert_constant_queries(lambda: signed_in.get(page), grow=ten_more, name="key-result-detail")
