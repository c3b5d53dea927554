"""The page of a key result: its state, its thread, and the requests that are answered there."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from checkins.commands import answer_help_request, resolve_blocker, undo_check_in
from checkins.models import Blocker, HelpRequest
from engagements.models import Membership, Role
from escalations.models import EscalationState
from metrics.models import Metric
from notifications.models import Notice
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import TUESDAY, at, post, url
from tests.escalations.escalating import HOUR, WEEK, compact, escalated, put_in
from tests.query_counts import assert_constant_queries
from tests.workspace.views.conftest import squeezed


def shown(client: Client, key_result: KeyResult) -> str:
    return compact(client.get(url("key-result-detail", key_result)).text)


def weekly(key_result: KeyResult, by: Membership, *, count: int) -> None:
    """Post one check-in a week, the last one this Tuesday."""
    for back in reversed(range(count)):
        now = TUESDAY - back * WEEK
        post(key_result, by, actual=f"{6 + back / 10:.1f}", now=now)


def test_it_shows_the_state_of_the_key_result(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    before = shown(signed_in, onboarding)
    weekly(onboarding, bob, count=3)

    page = shown(signed_in, onboarding)

    assert "No value yet." in before
    assert ">Check in<" in before
    for words in (
        "(6 − 9) ÷ (4 − 9) = 0.60, amber from 0.31",
        "pace 0.76",
        "At risk",
        "Correct the check-in",
        "Show as a table",
        "3 check-ins",
        "from baseline to target",
        "Berlin time",
    ):
        assert words in page


def test_a_data_gap_goes_once_the_questions_are_answered(
    signed_in: Client, onboarding: KeyResult
) -> None:
    build.change(onboarding, data_gap_until=dt.date(2026, 1, 19))
    for access in ("", "Everybody"):
        Metric.objects.update(access=access)
        assert ("Data gap" in shown(signed_in, onboarding)) == (access == "")


def test_a_red_one_that_is_behind_asks_for_a_response(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="8.8", confidence=2)

    due = "Response to red due Thu\u00a012\u00a0Mar\u00a009:40."
    assert due in shown(signed_in, onboarding)


def test_the_rung_that_holds_is_marked(
    signed_in: Client, alice: Membership, bob: Membership
) -> None:
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

    assert (">unverified<" in shown(signed_in, onboarding)) == unverified


def test_it_says_whether_its_check_in_is_late_due_or_saved(
    client: Client, onboarding: KeyResult, bob: Membership, clock: time_machine.Traveller
) -> None:
    build.sign_in(client, onboarding.engagement, Role.SPONSOR)

    assert "Late since Mon\u00a09\u00a0Mar\u00a010:00" in shown(client, onboarding)
    clock.move_to(TUESDAY - dt.timedelta(days=2))
    post(onboarding, bob, now=TUESDAY - WEEK)
    assert "Saved for the week of 2\u00a0Mar" in shown(client, onboarding)
    clock.move_to(TUESDAY - dt.timedelta(hours=30))
    assert "Due today\u00a010:00" in shown(client, onboarding)
    clock.move_to(TUESDAY)
    post(onboarding, bob)
    assert "Saved for the week of 9\u00a0Mar" in shown(client, onboarding)


def test_yes_or_no_is_said_in_words_and_not_drawn(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    Metric.objects.update(unit="yes/no", valid_low=0, valid_high=1)
    terms = {"baseline": 0, "target": 1, "direction": "higher"}
    KeyResult.objects.filter(pk=onboarding.pk).update(**terms)
    post(KeyResult.objects.for_card().get(pk=onboarding.pk), bob, actual=1)

    page = squeezed(shown(signed_in, onboarding))

    for words in ('<span class="side">No</span>', '<span class="side">Yes</span>', "Yes = 1.00"):
        assert words in page
    assert page.count('<span class="side">') == 2
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


def test_its_queries_do_not_grow_with_its_check_ins(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    weekly(onboarding, bob, count=10)

    def ten_more() -> None:
        for _ in range(10):
            post(onboarding, bob)

    page = url("key-result-detail", onboarding)
    assert_constant_queries(lambda: signed_in.get(page), grow=ten_more, name="key-result-detail")


def test_a_superseded_check_in_stays_readable(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="7.8", insight="First thought.")
    post(onboarding, bob, actual="7.4", insight="Second thought.")

    page = shown(signed_in, onboarding)

    assert "1 earlier" in page
    assert page.index("Second thought.") < page.index("First thought.")


def test_a_restored_check_in_names_its_author_and_who_restored_it(
    signed_in: Client, onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    post(onboarding, bob, insight="Paper forms take nine days.")
    undo_check_in(check_in=post(onboarding, alice), by=alice, now=TUESDAY)

    page = shown(signed_in, onboarding)

    newest = page[page.index('class="log"') : page.index(" earlier</summary>")]
    assert '<span class="meta quiet">Bob</span>' in newest
    assert re.search(r"restored by Alice,\s+Tue\u00a010\u00a0Mar\u00a009:40", newest)


def test_a_week_that_was_emptied_says_whose_check_in_was_undone_and_by_whom(
    signed_in: Client, onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    undo_check_in(check_in=post(onboarding, bob), by=alice, now=TUESDAY)

    page = shown(signed_in, onboarding)

    assert re.search(r"Undone</span>\s*<span class=.meta.>by Alice\. Both versions are", page)
    assert re.search(r"Bob,\s+undone by Alice,\s+Tue", page)


@pytest.mark.parametrize(("actual", "counts"), [("5", False), ("8.8", True)])
def test_a_missed_week_is_named_and_counts_only_after_a_red_one(
    signed_in: Client, onboarding: KeyResult, bob: Membership, actual: str, counts: bool
) -> None:
    post(onboarding, bob, actual=actual, now=TUESDAY - 2 * WEEK)
    post(onboarding, bob, actual=actual)

    page = shown(signed_in, onboarding)

    assert "No check-in</span>" in page
    assert ("counts as red for the two-week rule only" in page) == counts


@pytest.fixture
def asked(onboarding: KeyResult, bob: Membership) -> HelpRequest:
    post(onboarding, bob, help_needed="Two days of billing.", blocker="No nightly export.")
    return HelpRequest.objects.get()


def answer_url(asked: HelpRequest) -> str:
    return reverse("workspace:help-request-answer", args=[asked.engagement.slug, asked.public_id])


def resolve_url(blocker: Blocker) -> str:
    return reverse("workspace:blocker-resolve", args=[blocker.engagement.slug, blocker.public_id])


def test_requests_stay_on_the_page_with_their_answers(
    signed_in: Client, onboarding: KeyResult, asked: HelpRequest, alice: Membership
) -> None:
    open_ones = shown(signed_in, onboarding)
    answer_help_request(help_request=asked, answer="Jonas comes.", by=alice, now=TUESDAY)
    resolve_blocker(blocker=Blocker.objects.get(), by=alice, now=TUESDAY)
    dealt_with = shown(signed_in, onboarding)

    for page in (open_ones, dealt_with):
        assert "Two days of billing." in page
        assert "No nightly export." in page
    by = "by Alice, Tue\u00a010\u00a0Mar\u00a009:40"
    assert f"<strong>Answered</strong>{by}:<bdi>Jonas comes.</bdi>" in dealt_with
    assert f"<strong>Resolved</strong>{by}" in dealt_with


def test_help_is_answered_once_and_a_second_answer_is_kept_in_its_field(
    signed_in: Client, asked: HelpRequest, onboarding: KeyResult
) -> None:
    empty, first, second = (
        signed_in.post(answer_url(asked), {"answer": answer})
        for answer in (" ", "Jonas comes on Thursday.", "Tom comes.")
    )

    asked.refresh_from_db()
    assert asked.answer == "Jonas comes on Thursday."
    assert first.headers["Location"] == url("key-result-detail", onboarding)
    assert (empty.status_code, second.status_code) == (422, 422)
    assert "Write an answer." in empty.text
    assert "This request has already been answered." in second.text
    assert "Tom comes." in second.text


def test_a_blocker_is_resolved(signed_in: Client, asked: HelpRequest) -> None:
    blocker = Blocker.objects.get()

    answer = signed_in.post(resolve_url(blocker), {"next": "/"})

    blocker.refresh_from_db()
    assert answer.headers["Location"] == "/"
    assert blocker.resolved_at is not None


@pytest.mark.parametrize(("role", "code"), [(Role.SPONSOR, 302), (Role.VIEWER, 403)])
def test_members_answer_and_resolve(
    client: Client, asked: HelpRequest, role: str, code: int
) -> None:
    build.sign_in(client, asked.engagement, role)

    assert client.post(answer_url(asked), {"answer": "Yes."}).status_code == code
    assert client.post(resolve_url(Blocker.objects.get())).status_code == code


WATCHING, ANSWERED = EscalationState.WATCHING, EscalationState.ANSWERED


DECIDED, RECOVERED = EscalationState.DECIDED, EscalationState.RECOVERED


def test_without_one_there_is_no_section(signed_in: Client, onboarding: KeyResult) -> None:
    page = shown(signed_in, onboarding)

    for words in ('id="escalation"', "Past escalations", 'id="told"'):
        assert words not in page


def test_an_active_one_shows_its_clocks_its_why_and_its_path(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, opened_at=TUESDAY - 30 * HOUR)

    page = shown(signed_in, onboarding)

    for words in (
        '<div id="escalation" class="stack">',
        'data-state="active"',
        "Active since today\u00a009:40",
        "before it goes to the sponsor, Mon\u00a023\u00a0Mar\u00a000:00",
        "It was watched until pace passed 0.30.",
        "<li data-done><span>Watched from Mon\u00a09\u00a0Mar\u00a003:40: red, but early",
        '<li aria-current="step"><span>Huddle within 48 hours</span>',
        "Ask for a nightly export, attempt 2",
    ):
        assert words in page
    assert ">Schedule huddle<" not in page  # Bob only contributes


def test_a_watched_one_says_when_it_would_turn_active(
    signed_in: Client, alice: Membership, bob: Membership
) -> None:
    ladder = build.live_key_result(
        build.objective(alice, build.cycle(alice.engagement)),
        build.metric(alice.engagement),
        method="ladder",
        baseline=Decimal(9),
        ladder=[["4", "1.00"], ["6", "0.70"], ["8", "0.30"]],
        early_until=dt.date(2026, 3, 14),
    )
    escalated(ladder, bob, state=WATCHING)

    page = shown(signed_in, ladder)

    assert 'data-state="watching"' in page
    assert "becomes active when pace passes 0.67 (15\u00a0Mar), confidence falls below 3" in page
    assert 'class="path"' not in page


def test_a_silent_week_counts_and_is_said_to_be_silent(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="8.8", confidence=3, now=TUESDAY - 2 * WEEK)
    escalated(onboarding, bob, weeks=1)

    assert "Red for three weeks, 2 of them reported." in shown(signed_in, onboarding)


def test_a_closed_one_stays_under_its_link_until_a_new_one_opens(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, state=ANSWERED, now=TUESDAY - 6 * WEEK)
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
    known = {"engagement": row.engagement, "subject": row.pk, "period": row.streak}
    Notice.objects.update(subject=0)
    for rule, person, sent_at in (
        ("escalation_active", alice, at("2026-03-10T09:36")),
        ("escalation_active", bob, at("2026-03-10T09:36")),
        ("escalation_answered", bob, None),
    ):
        moments = {"created_at": TUESDAY, "due_at": TUESDAY, "sent_at": sent_at}
        Notice.objects.create(**known, rule=rule, person=person, **moments)

    page = shown(signed_in, onboarding)

    told = page[page.index('id="told"') :]
    assert 'Escalation active<span class="meta">09:36</span>' in told
    assert "Alice, Bob" in told
    assert "Bob (waits)" in told


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.SPONSOR])
def test_a_closed_one_has_no_buttons(
    client: Client, onboarding: KeyResult, bob: Membership, role: str
) -> None:
    escalated(onboarding, bob, state=RECOVERED)
    build.sign_in(client, onboarding.engagement, role)

    page = shown(client, onboarding)

    assert "/escalations/" not in page.replace('/e/northwind/escalations/"', "")


def test_its_queries_do_not_grow_with_its_escalations(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    streaks = iter(dt.date(2025, 1, 6) - number * WEEK for number in range(20))

    def ten_more() -> None:
        for _ in range(10):
            then, streak = at("2025-02-04T09:00"), next(streaks)
            put_in(onboarding, bob, state=DECIDED, now=then, streak=streak)

    escalated(onboarding, bob)
    ten_more()

    page = url("key-result-detail", onboarding)
    assert_constant_queries(
        lambda: signed_in.get(page), grow=ten_more, name="key-result-detail-escalations"
    )
