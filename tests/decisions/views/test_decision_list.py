from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from decisions.commands.releases import record_release
from decisions.models import DecisionHead
from engagements.models import Membership, Role
from okrs.models import KeyResult
from reviews.models import Review
from tests import build
from tests.checkins.posting import TUESDAY, post
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import decide, planned, supersede

LOG = "/e/northwind/decisions/"
HTMX = {"HX-Request": "true"}
NEXT_WEEK = TUESDAY + dt.timedelta(days=7)


def test_says_that_there_is_none_yet(lead: Client) -> None:
    page = lead.get(LOG)

    assert "No decisions yet." in page.text
    assert "No decisions yet." in page.text
    assert "Record the first one in a review." in page.text
    assert "Clear the filter" not in page.text


def test_shows_the_newest_first_with_all_that_belongs_to_it(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    post(onboarding, alice, actual=6)
    decide(review, alice, "Move the offer to day ten.")
    url = "https://example.com/usage"
    decide(review, alice, "Call on day two.", key_result=onboarding, evidence_url=url)

    page = lead.get(LOG)

    assert page.text.index("Call on day two.") < page.text.index("Move the offer to day ten.")
    assert "2 decisions are recorded, the last one on 10\u00a0Mar." in page.text
    assert 'id="decision-2"' in page.text
    assert "Decision 2 · Bet change" in page.text
    assert "Alice, due Tue\u00a024\u00a0Mar" in page.text
    assert f'href="/e/northwind/key-results/{onboarding.public_id}/"' in page.text
    assert "then 6\u00a0days" in page.text
    assert f'href="{url}"' in page.text
    assert "Check-in of 10\u00a0Mar\u00a02026, 0.60" in page.text


def test_names_the_head_and_how_it_is_proved(
    lead: Client, alice: Membership, review: Review
) -> None:
    decide(review, alice)

    page = lead.get(LOG)

    head = DecisionHead.objects.get(engagement=alice.engagement)
    assert f'<code title="{head.hash}">1:{head.hash[:16]}</code>' in page.text
    assert "manage.py verify_log --engagement northwind" in page.text


@pytest.mark.parametrize("actual", ["5", "7", "6"])
def test_says_how_the_metric_moved_since_and_claims_no_cause(
    lead: Client,
    alice: Membership,
    review: Review,
    onboarding: KeyResult,
    actual: str,
) -> None:
    post(onboarding, alice, actual=6)
    decide(review, alice, key_result=onboarding)
    assert "No value since<" in lead.get(LOG).text

    post(onboarding, alice, actual=actual, now=NEXT_WEEK)

    text = lead.get(LOG).text
    assert f"Since then 6\u00a0→ {actual}\u00a0days<" in text
    assert "move it" not in text
    assert "oved it" not in text


def test_keeps_what_was_superseded_and_says_by_what(
    lead: Client, alice: Membership, review: Review
) -> None:
    supersede(decide(review, alice, "Day ten."), alice, text="Day twenty.")

    in_force, all_of_it = lead.get(LOG), lead.get(LOG, {"superseded": "on"})

    assert "Day ten." not in in_force.text
    assert "<s>Day ten.</s>" in all_of_it.text
    assert "decision 2</a>" in all_of_it.text
    assert '<a href="/e/northwind/decisions/?q=%231&amp;superseded=on#decision-1">' in (
        in_force.text
    )


def test_says_what_the_client_sees(lead: Client, alice: Membership, review: Review) -> None:
    decide(review, alice, client_visible=True)
    assert "shown to the client once published" in lead.get(LOG).text

    record_release(report_hash="", occasion=review.occasion, by=alice, now=TUESDAY)

    assert "shown to the client" in lead.get(LOG).text


def test_finds_words_and_numbers(lead: Client, alice: Membership, review: Review) -> None:
    decide(review, alice, "Move the offer.")
    decide(review, alice, "Call on day two.")

    by_words, by_number = lead.get(LOG, {"q": "OFFER"}), lead.get(LOG, {"q": "#2"})

    assert "Move the offer." in by_words.text
    assert "Call on day two." not in by_words.text
    assert "Call on day two." in by_number.text
    assert "Move the offer." not in by_number.text


def test_sifts_by_who_what_and_where(
    lead: Client, alice: Membership, bob: Membership, review: Review, onboarding: KeyResult
) -> None:
    april = planned(alice, title="April")
    decide(review, alice, "Move the offer.", key_result=onboarding)
    decide(april, alice, "Hire an analyst.", owner=bob, change="resources")

    for asked in (f"owner={bob.public_id}", "change=resources", f"review={april.public_id}"):
        page = lead.get(f"{LOG}?{asked}")
        assert "Hire an analyst." in page.text
        assert "Move the offer." not in page.text
    page = lead.get(LOG, {"objective": onboarding.objective.public_id})
    assert "Move the offer." in page.text
    assert "Hire an analyst." not in page.text


def test_says_that_the_filter_finds_nothing(
    lead: Client, alice: Membership, review: Review
) -> None:
    decide(review, alice)

    page = lead.get(LOG, {"q": "harbr"})

    assert "No decision matches “harbr”." in page.text
    assert "Clear the filter" in page.text
    assert "No decisions yet." not in page.text


def test_passes_over_what_the_filter_does_not_offer(
    lead: Client, alice: Membership, review: Review
) -> None:
    decide(review, alice, "Move the offer.")

    page = lead.get(f"{LOG}?owner=nobody&change=mood&page=x")
    none = lead.get(LOG, {"q": "9" * 30})

    assert "Move the offer." in page.text
    assert "No decision matches" in none.text


def test_answers_htmx_with_the_log_alone(lead: Client, alice: Membership, review: Review) -> None:
    decide(review, alice, "Move the offer.")

    part = lead.get(LOG, headers=HTMX)

    assert "Move the offer." in part.text
    assert "<html" not in part.text


def test_turns_its_pages_and_keeps_the_filter(
    lead: Client, alice: Membership, review: Review
) -> None:
    for number in range(51):
        decide(review, alice, f"Decided {number}.")

    page = lead.get(LOG, {"q": "Decided"})
    older = lead.get(LOG, {"q": "Decided", "page": "2"})

    assert "1 to 50 of 51" in page.text
    assert f'href="{LOG}?q=Decided&amp;page=2"' in page.text
    assert "Decided 0." in older.text
    assert "Decided 50." not in older.text


def test_offers_to_supersede_to_who_decides(
    client: Client, lead: Client, alice: Membership, review: Review
) -> None:
    decide(review, alice)
    assert "/supersede/" in lead.get(LOG).text

    build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)

    assert "/supersede/" not in client.get(LOG).text


def test_writes_what_people_typed_as_text(lead: Client, alice: Membership, review: Review) -> None:
    decide(review, alice, "<script>alert(1)</script>")

    assert "<script>alert(1)" not in lead.get(LOG).text


def test_costs_the_same_however_long_it_is(
    lead: Client, alice: Membership, review: Review, onboarding: KeyResult
) -> None:
    def ten_more() -> None:
        for number in range(10):
            decide(review, alice, f"Decided {number}.", key_result=onboarding)

    post(onboarding, alice)
    ten_more()

    # Session, user, membership; head; count, rows, key results, check-ins; what the filter offers.
    assert_constant_queries(lambda: lead.get(LOG), grow=ten_more, most=11)
