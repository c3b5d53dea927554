"""What the page of a key result shows of its escalations, open and closed, and who was told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client

from engagements.models import Membership, Role
from escalations.models import EscalationState
from notifications.models import Notice
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, at, post, url
from tests.escalations.escalating import HOUR, WEEK, compact, escalated, put_in
from tests.query_counts import assert_constant_queries

WATCHING, ANSWERED = EscalationState.WATCHING, EscalationState.ANSWERED
DECIDED, RECOVERED = EscalationState.DECIDED, EscalationState.RECOVERED


def shown(client: Client, key_result: KeyResult) -> str:
    return compact(client.get(url("key-result-detail", key_result)).text)


def test_without_one_there_is_no_section(signed_in: Client, onboarding: KeyResult) -> None:
    page = shown(signed_in, onboarding)

    assert 'id="escalation"' not in page
    assert "Past escalations" not in page
    assert 'id="told"' not in page


def test_an_active_one_shows_its_clocks_its_why_and_its_path(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, opened_at=TUESDAY - 30 * HOUR)

    page = shown(signed_in, onboarding)

    assert '<div id="escalation" class="stack">' in page
    assert 'data-state="active"' in page
    assert "Escalation: red for two weeks" in page
    assert "Active since today\u00a009:40" in page
    assert (
        "left to record a recovery plan before it goes to the sponsor, Mon\u00a023\u00a0Mar\u00a000:00"
        in page
    )
    assert "It became active because it is no longer early." in page
    assert "<li data-done><span>Watched from Mon\u00a09\u00a0Mar\u00a003:40: red, but early" in page
    assert '<li aria-current="step"><span>Huddle within 48 hours</span>' in page
    assert "Ask for a nightly export, attempt 2" in page
    assert ">Schedule huddle<" not in page  # Bob only contributes


def test_a_watched_one_says_when_it_would_turn_active(
    signed_in: Client, alice: Membership, bob: Membership
) -> None:
    objective = build.objective(alice, build.cycle(alice.engagement))
    ladder = build.live_key_result(
        objective,
        build.metric(alice.engagement),
        method="ladder",
        baseline=Decimal(9),
        ladder=[["4", "1.00"], ["6", "0.70"], ["8", "0.30"]],
        early_until=dt.date(2026, 3, 14),
    )
    escalated(ladder, bob, state=WATCHING)

    page = shown(signed_in, ladder)

    assert 'data-state="watching"' in page
    assert (
        "Red, but still early. It becomes active after 14\u00a0Mar, or earlier if confidence falls"
        " below 3 or a blocker is added."
    ) in page
    assert 'class="path"' not in page


def test_a_silent_week_counts_and_is_said_to_be_silent(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="8.8", confidence=3, now=TUESDAY - 2 * WEEK)
    escalated(onboarding, bob, weeks=1)

    page = shown(signed_in, onboarding)

    assert "Escalation: red for three weeks" in page
    assert "Red for three weeks, 2 of them reported." in page
    assert "A week without a check-in counts like the week before." in page


def test_what_is_closed_stays_as_memory_and_links_still_find_it(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, state=ANSWERED, now=TUESDAY - WEEK)
    with scope(onboarding.engagement_id):
        post(onboarding, bob, actual="7.4")

    page = shown(signed_in, onboarding)

    assert '<section class="section" id="escalation" aria-labelledby="memory-h">' in page
    assert "Out of red since Tue\u00a010\u00a0Mar: 0.32. The escalation is closed." in page
    assert "Red for two weeks from 23\u00a0Feb" in page
    assert "Change the bet · Bob" in page


def test_a_new_streak_stands_above_the_memory_of_the_last(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    escalated(onboarding, bob, state=DECIDED, now=TUESDAY - 6 * WEEK)
    with scope(onboarding.engagement_id):
        post(onboarding, bob, actual="5", now=TUESDAY - 5 * WEEK)
    escalated(onboarding, bob)

    page = shown(signed_in, onboarding)

    assert '<div id="escalation" class="stack">' in page
    assert '<section class="section" id="memory" aria-labelledby="memory-h">' in page
    assert "Past escalations</h2>" in page


def test_it_says_who_was_told_and_who_is_still_to_be(
    signed_in: Client, onboarding: KeyResult, bob: Membership, alice: Membership
) -> None:
    row = escalated(onboarding, bob)
    known = {"engagement": row.engagement, "subject": row.pk, "period": row.streak}
    with scope(row.engagement_id):
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
    def ten_more() -> None:
        with scope(onboarding.engagement_id):
            for _ in range(10):
                made.append(onboarding)
                streak = dt.date(2025, 1, 6) - len(made) * WEEK
                then = at("2025-02-04T09:00")
                put_in(onboarding, bob, state=DECIDED, now=then, streak=streak)

    made: list[KeyResult] = []
    escalated(onboarding, bob)
    ten_more()

    page = url("key-result-detail", onboarding)
    assert_constant_queries(
        lambda: signed_in.get(page), grow=ten_more, name="key-result-detail-escalations"
    )
