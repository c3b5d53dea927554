"""The thread on the page of a key result."""

from __future__ import annotations

import datetime as dt
import re

from django.test import Client

from checkins.commands import answer_help_request, resolve_blocker, undo_check_in
from checkins.models import Blocker, HelpRequest
from engagements.models import Membership
from okrs.models import KeyResult
from tests.checkins.posting import TUESDAY, post, url

WEEK = dt.timedelta(days=7)


def test_what_was_superseded_stays_readable(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="7.8", insight="First thought.")
    post(onboarding, bob, actual="7.4", insight="Second thought.")

    page = signed_in.get(url("key-result-detail", onboarding))

    assert "1 earlier" in page.text
    assert page.text.index("Second thought.") < page.text.index("First thought.")


def test_words_that_were_put_back_stand_under_their_authors_name(
    signed_in: Client, onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    post(onboarding, bob, insight="Paper forms take nine days.")
    undo_check_in(check_in=post(onboarding, alice), by=alice, now=TUESDAY)

    page = signed_in.get(url("key-result-detail", onboarding))

    newest = page.text[page.text.index('class="log"') : page.text.index(" earlier</summary>")]
    assert '<span class="meta quiet">Bob</span>' in newest
    assert re.search(r"restored by Alice,\s+Tue\u00a010\u00a0Mar\u00a009:40", newest)


def test_what_was_taken_back_names_its_author_and_who_took_it(
    signed_in: Client, onboarding: KeyResult, alice: Membership, bob: Membership
) -> None:
    undo_check_in(check_in=post(onboarding, bob), by=alice, now=TUESDAY)

    page = signed_in.get(url("key-result-detail", onboarding))

    assert re.search(r"Bob,\s+undone by Alice,\s+Tue", page.text)


def test_weeks_that_were_missed_are_named(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, now=TUESDAY - 2 * WEEK)
    post(onboarding, bob)

    page = signed_in.get(url("key-result-detail", onboarding))

    assert "No check-in</span>" in page.text
    assert "two-week rule" not in page.text


def test_a_missed_week_after_a_red_one_says_what_it_counts_for(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual="8.8", now=TUESDAY - 2 * WEEK)

    page = signed_in.get(url("key-result-detail", onboarding))

    assert "counts as red for the two-week rule only" in page.text


def test_a_week_that_was_taken_back_says_by_whom(
    signed_in: Client, onboarding: KeyResult, bob: Membership
) -> None:
    undo_check_in(check_in=post(onboarding, bob), by=bob, now=TUESDAY)

    page = signed_in.get(url("key-result-detail", onboarding))

    assert re.search(
        r"Undone</span>\s+<span class=.meta.>by Bob\. Both versions are below", page.text
    )


def test_what_was_asked_and_is_dealt_with_stands_in_the_thread(
    signed_in: Client, onboarding: KeyResult, bob: Membership, alice: Membership
) -> None:
    post(onboarding, bob, help_needed="Two days of billing.", blocker="No nightly export.")
    asked, named = HelpRequest.objects.get(), Blocker.objects.get()
    answer_help_request(help_request=asked, answer="Jonas comes.", by=alice, now=TUESDAY)
    resolve_blocker(blocker=named, by=alice, now=TUESDAY)

    page = signed_in.get(url("key-result-detail", onboarding))

    moment = "Tue\u00a010\u00a0Mar\u00a009:40"
    assert f"<strong>Answered</strong> by Alice, {moment}: <bdi>Jonas comes.</bdi>" in page.text
    assert f"<strong>Resolved</strong> by Alice, {moment}" in page.text
    assert "Blockers" not in page.text
