"""The page of a key result: its state, its thread, and the requests that are answered there."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from checkins.commands import undo_check_in
from checkins.models import Blocker, HelpRequest
from engagements.models import Membership, Role
from escalations.models import EscalationState
from metrics.models import Metric
from notifications.models import Notice
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import TUESDAY, at, post, url
from tests.escalations.escalating import HOUR, WEEK, compact, escalated, put_in
from tests.escalations.notices import add_notice
from tests.query_counts import assert_constant_queries
from tests.workspace.views.conftest import squeezed


def shown(client: Client, key_result: KeyResult) -> str:
    return compact(client.get(url("key-result-detail", key_result)).text)


def test_it_shows_how_it_stands(signed_in: Client, onboarding: KeyResult, bob: Membership) -> None:
    before = shown(signed_in, onboarding)
    for back, confidence in ((2, 4), (1, 4), (0, 2)):
        now = TUESDAY - back * WEEK
        post(onboarding, bob, actual=f"6.{back}", confidence=confidence, now=now)

    page = shown(signed_in, onboarding)
    build.change(onboarding.engagement, closed_at=TUESDAY, closed_by=bob)
    closed = shown(signed_in, onboarding)

    for words in ("Not measured yet", "Not scored until the first value."):
        assert words in before
    assert ">Check in<" in before
    for words in ("Edit check-in", "Amber: response due"):
        assert words in page
        assert words not in closed
    for words in (
        "(6 − 9) ÷ (4 − 9) = 0.60, amber from 0.31",
        "pace 0.76",
        "Behind pace",
        "Show as a table",
        "3 check-ins",
        "from baseline to target",
        "Berlin time",
    ):
        assert words in page


def test_the_rung_reached_is_marked(signed_in: Client, alice: Membership, bob: Membership) -> None:
    ladder = build.live_key_result(
        build.objective(alice, build.cycle(alice.engagement)),
        build.metric(alice.engagement),
        method="ladder",
        baseline=Decimal(9),
        ladder=[["4", "1.00"], ["6", "0.70"], ["8", "0.30"]],
    )
    post(ladder, bob, actual="7.2")

    page = squeezed(shown(signed_in, ladder))

    assert '<li aria-current="true"><span>at most 8 days</span>' in page


@pytest.mark.parametrize(
    ("actual", "link", "flagged"),
    [
        ("5", "", True),
        ("4", "", True),
        ("5", "https://example.test/report", False),
        ("6.8", "", False),
        ("9", "", False),
    ],
)
def test_green_or_stretch_without_evidence_reads_unverified(
    signed_in: Client, onboarding: KeyResult, bob: Membership, actual: str, link: str, flagged: bool
) -> None:
    post(onboarding, bob, actual=actual, evidence_url=link)

    assert (">unverified<" in shown(signed_in, onboarding)) == flagged


def test_yes_or_no_is_not_drawn(signed_in: Client, onboarding: KeyResult, bob: Membership) -> None:
    Metric.objects.update(unit="yes/no", valid_low=0, valid_high=1)
    terms = {"baseline": 0, "target": 1, "direction": "higher"}
    KeyResult.objects.filter(pk=onboarding.pk).update(**terms)
    post(KeyResult.objects.for_card().get(pk=onboarding.pk), bob, actual=1)

    page = squeezed(shown(signed_in, onboarding))

    assert re.findall('<span class="side">(.*?)</span>', page) == ["No", "Yes"]
    assert "Yes = 1.00" in page
    for words in ("÷", "Valid range", '<svg class="chart', "yes/no"):
        assert words not in page


def test_a_draft_is_edited_and_audited_not_checked_in(signed_in: Client, alice: Membership) -> None:
    draft = build.key_result(build.objective(alice, build.cycle(alice.engagement)))

    page = shown(signed_in, draft)

    assert "Edit draft" in page
    assert ">Check in<" not in page
    assert f"#key-result-{draft.public_id}" in page


def test_before_its_cycle_it_says_when_that_starts(
    signed_in: Client, onboarding: KeyResult, clock: time_machine.Traveller
) -> None:
    clock.move_to(dt.datetime(2025, 12, 28, 9, tzinfo=dt.UTC))

    page = squeezed(shown(signed_in, onboarding))

    assert "2026-Q1, starts 1 Jan 2026" in page
    assert "week 1 of 13" not in page


def test_sponsors_read_it_without_the_buttons(client: Client, onboarding: KeyResult) -> None:
    build.sign_in(client, onboarding.engagement, Role.SPONSOR)

    assert ">Check in<" not in shown(client, onboarding)


def test_a_restored_check_in_names_its_author_and_who_restored_it(
    signed_in: Client, onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    post(onboarding, bob, insight="Paper forms take nine days.")
    undo_check_in(check_in=post(onboarding, alice), by=alice, now=TUESDAY)

    page = shown(signed_in, onboarding)

    newest = page[page.index('class="log"') : page.index(" earlier</summary>")]
    assert '<span class="meta quiet">Bob</span>' in newest
    assert re.search(r"restored by Alice,\s+Tue\u00a010\u00a0Mar\u00a009:40", newest)


def test_help_is_answered_once_and_a_blocker_is_resolved(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, help_needed="Two days of billing.", blocker="No nightly export.")
    asked, blocker = HelpRequest.objects.get(), Blocker.objects.get()
    address = reverse("workspace:help-request-answer", args=["northwind", asked.public_id])
    resolve = reverse("workspace:blocker-resolve", args=["northwind", blocker.public_id])
    empty, first, second = (
        signed_in.post(address, {"answer": answer})
        for answer in (" ", "Jonas comes on Thursday.", "Tom comes.")
    )
    resolved = signed_in.post(resolve, {"next": "/"})

    page = shown(signed_in, onboarding)
    assert first.headers["Location"] == url("key-result-detail", onboarding)
    assert (empty.status_code, second.status_code) == (422, 422)
    assert "Write an answer." in empty.text
    assert "This request has already been answered." in second.text
    assert "Tom comes." in second.text  # the second answer is kept in its field
    assert "<bdi>Jonas comes on Thursday.</bdi>" in page
    assert resolved.headers["Location"] == "/"
    assert "<strong>Resolved</strong>" in page
    assert "No nightly export." in page


def test_an_active_one_says_why(signed_in: Client, onboarding: KeyResult, bob: Membership) -> None:
    escalated(onboarding, bob, opened_at=TUESDAY - 30 * HOUR)

    page = shown(signed_in, onboarding)

    for words in (
        '<div id="escalation" class="stack">',
        'data-state="active"',
        "Active since today\u00a009:40",
        "a recovery plan, by end of\u00a0Sun\u00a022\u00a0Mar · then it goes to the sponsor",
        "It was watched until it was no longer on pace.",
        "<li data-done><span>Watched from Mon\u00a09\u00a0Mar\u00a003:40",
        '<li aria-current="step"><span>Huddle within 48 hours</span>',
        "Ask for a nightly export, attempt 2",
    ):
        assert words in page
    assert ">Schedule huddle<" not in page  # Bob only contributes


def test_a_closed_one_stays_under_its_link_until_a_new_one_opens(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, state=EscalationState.ANSWERED, now=TUESDAY - 6 * WEEK)
    post(onboarding, bob, actual="7.4", now=TUESDAY - 5 * WEEK)
    closed = shown(signed_in, onboarding)
    escalated(onboarding, bob)
    again = shown(signed_in, onboarding)

    memory = '<section class="section" id="{}" aria-labelledby="memory-h">'
    assert memory.format("escalation") in closed
    assert "Change the bet · Bob" in closed
    assert '<div id="escalation" class="stack">' in again
    assert memory.format("memory") in again
    assert "Past escalations</h2>" in again


def test_it_says_who_was_told_and_who_is_still_to_be(
    signed_in: Client, onboarding: KeyResult, bob: Membership, alice: Membership
) -> None:
    row = escalated(onboarding, bob)
    Notice.objects.update(subject=0)
    for rule, person, sent_at in (
        ("escalation_active", alice, at("2026-03-10T09:36")),
        ("escalation_active", bob, at("2026-03-10T09:36")),
        ("escalation_answered", bob, None),
    ):
        add_notice(person, rule, row, period=row.streak, sent_at=sent_at)

    page = shown(signed_in, onboarding)

    told = page[page.index('id="told"') :]
    assert 'Escalation active<span class="meta">09:36</span>' in told
    assert "Alice, Bob" in told
    assert "Bob (waits)" in told


def test_its_queries_do_not_grow(signed_in: Client, onboarding: KeyResult, bob: Membership) -> None:
    def add(number: int) -> None:
        post(onboarding, bob)
        then, streak = at("2025-02-04T09:00"), dt.date(2025, 1, 6) - number * WEEK
        put_in(onboarding, bob, state=EscalationState.DECIDED, now=then, streak=streak)

    escalated(onboarding, bob)
    page = url("key-result-detail", onboarding)
    assert_constant_queries(lambda: signed_in.get(page), add=add, name="key-result-detail")
