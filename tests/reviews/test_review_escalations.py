"""Escalations on the review screen: answered there, followed by open screens, frozen (M8.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from engagements.models import Membership, Role
from escalations.commands import record_outcome, set_huddle
from escalations.models import Escalation
from okrs.models import KeyResult
from reviews.commands.agendas import draw_agenda
from reviews.commands.reviews import close_review
from reviews.models import AgendaItem, Review
from reviews.queries.recorded import outcomes
from tests import build
from tests.checkins.posting import HTMX, TUESDAY, at, post
from tests.escalations.escalating import compact
from tests.query_counts import assert_constant_queries
from tests.reviews.running import (
    YES,
    escalate,
    item,
    key_results,
    plan,
    recovery_plan,
    reported,
    run,
    seen,
    url,
)

PLAN = "Borrow an engineer from <b>Reporting</b>"
ESCAPED = "Borrow an engineer from &lt;b&gt;Reporting"


@pytest.fixture
def row(alice: Membership, lead: Client) -> KeyResult:
    """Red for two weeks."""
    (row,) = key_results(alice, "API latency")
    return reported(row, alice, "8.9", "8.8", confidence=2)


@pytest.fixture
def escalation(row: KeyResult) -> Escalation:
    return escalate(row)


@pytest.fixture
def review(alice: Membership, escalation: Escalation) -> Review:
    return run(alice)


def answer(escalation: Escalation, by: Membership) -> Escalation:
    return record_outcome(
        escalation=escalation,
        version=escalation.version,
        outcome="ask_help",
        plan=PLAN,
        plan_owner=by,
        checkpoint_on=dt.date(2026, 3, 24),
        by=by,
        now=TUESDAY,
    )


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_an_outcome_updates_its_part_of_the_screen_or_leads_back_to_it(
    lead: Client, alice: Membership, review: Review, escalation: Escalation, headers: dict[str, str]
) -> None:
    form_data = {
        "outcome": "ask_help",
        "plan": PLAN,
        "plan_owner": alice.public_id,
        "checkpoint_on": "2026-03-24",
        "version": str(escalation.version),
        "place": "review",
        "next": url(review),
    }

    address = f"/e/northwind/escalations/{escalation.public_id}/outcome/"
    sent = lead.post(address, form_data, headers=headers)

    if headers:
        section = f'<section class="escalation" id="escalation-{escalation.public_id}"'
        assert compact(sent.text).startswith(section)
        assert ESCAPED in sent.text
    else:
        assert sent.headers["Location"] == url(review)
    assert ESCAPED in lead.get(url(review)).text


def test_open_screens_show_an_outcome(
    client: Client, alice: Membership, review: Review, escalation: Escalation
) -> None:
    build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)
    live = url(review, "live-review")
    old = f"{live}?seen={seen(client, review)}"

    before = client.get(old, headers=HTMX)
    answer(escalation, alice)
    after = client.get(old, headers=HTMX)

    assert (before.status_code, after.status_code) == (204, 200)
    assert "Borrow an engineer" in after.text
    assert client.get(f"{live}?seen={seen(client, review)}", headers=HTMX).content == b""


def test_open_screens_show_that_an_escalated_item_has_left_the_agenda(
    client: Client, alice: Membership, escalation: Escalation, row: KeyResult
) -> None:
    """The agenda's own number grows by as much as the number of its escalations falls."""
    assert escalation.version == 1
    review = plan(alice)
    build.sign_in(client, alice.engagement, Role.CONTRIBUTOR)
    old = f"{url(review, 'live-review')}?seen={seen(client, review)}"

    post(row, alice, actual="5")
    draw_agenda(review=review, by=alice, now=TUESDAY)

    assert not AgendaItem.objects.filter(key_result=row).exists()
    assert client.get(old, headers=HTMX).status_code == 200


def test_each_review_shows_the_huddle_as_set_in_it(
    alice: Membership, review: Review, escalation: Escalation
) -> None:
    lara = build.member(alice.engagement, "Lara", Role.LEAD)
    wednesday, thursday = at("2026-03-11T10:00"), at("2026-03-12T10:00")

    def huddles() -> list[tuple[Membership | None, dt.datetime | None]]:
        review.refresh_from_db()
        ends = outcomes(
            review,
            list(AgendaItem.objects.filter(review=review)),
            engagement=alice.engagement,
            now=at("2999-01-01T00:00"),  # later than the clock of the database
        )
        return [(record.who, record.huddle_at) for record in ends.records]

    first = set_huddle(escalation=escalation, version=1, at=wednesday, by=alice, now=TUESDAY)
    moved = set_huddle(escalation=first, version=2, at=thursday, by=lara, now=TUESDAY)
    answer(moved, alice)
    while_running = huddles()
    Review.objects.update(closed_at=TUESDAY, closed_by=alice)

    assert while_running == [(lara, thursday), (alice, None), (alice, wednesday)]
    assert huddles() == [(alice, None), (alice, wednesday)]


def test_only_red_items_in_view_show_their_escalation(lead: Client, alice: Membership) -> None:
    rows = key_results(alice, "One", "Two")
    for row in rows:
        escalate(reported(row, alice, "8.9", "8.8", confidence=2))
    review = run(alice)

    def shown(look: str = "") -> int:
        return lead.get(url(review) + look).text.count("data-escalation")

    assert (shown(), shown("?view=all")) == (1, 2)
    post(rows[0], alice, actual="5")
    assert (shown(), shown("?view=all")) == (0, 1)


def test_a_closed_review_freezes_it(lead: Client, alice: Membership, row: KeyResult) -> None:
    huddle: Any = {"huddle_at": at("2026-03-09T15:00"), "huddle_set_by": alice}
    verdict: Any = {
        "raised_at": at("2026-03-10T00:01"),
        "raised_for": "checkpoint",
        "verdict": "strategy",
        "verdict_note": "We leave this market",
        "word_of": "Priya Raman",
        "decided_at": at("2026-03-10T09:30"),
        "decided_by": alice,
    }
    answered = recovery_plan(row, plan=PLAN, checkpoint_on=dt.date(2026, 3, 9))
    escalate(row, **answered, **huddle, **verdict)
    review = run(alice)
    close_review(review=review, by=alice, now=TUESDAY, **YES)
    Escalation.objects.update(plan="Written later", verdict_note="Written later")

    page = lead.get(f"{url(review)}?view=all").text.replace("\u00a0", " ")

    huddles = ("Decided, Tue 10 Mar 09:30", "Huddle Mon 9 Mar 15:00", "set by Alice")
    plans = (ESCAPED, "Alice, checkpoint 9 Mar")
    verdicts = ("Change the strategy", "We leave this market", "Priya Raman, recorded by Alice")
    for expected in (*huddles, *plans, *verdicts):
        assert expected in page
    assert "Written later" not in page
    assert "data-escalation" not in page


def test_an_escalation_answered_in_the_review_is_discussed_and_recorded(
    lead: Client, alice: Membership, review: Review, escalation: Escalation
) -> None:
    answer(escalation, alice)

    page = lead.get(url(review)).context["page"]
    close_review(review=review, by=alice, now=TUESDAY, **YES)

    (record,) = page.recorded
    assert (record.kind, record.who, record.about) == ("plan", alice, "API latency")
    assert "recovery plan, checkpoint 24\u00a0Mar" in page.shown.why
    assert "escalation active, huddle by" not in page.shown.why
    assert page.undiscussed == []
    assert "recovery plan, checkpoint" in item(review, "API latency").why
    assert item(review, "API latency").discussed_at == TUESDAY


@pytest.mark.parametrize("stored", [True, False], ids=["unanswered", "stored before escalations"])
def test_a_closed_review_without_records_of_an_escalation_opens(
    lead: Client, alice: Membership, review: Review, stored: bool
) -> None:
    if not stored:
        for row in AgendaItem.objects.exclude(key_result=None):
            del row.facts["escalation"]
            row.save(update_fields=["facts"])
        assert lead.get(url(review)).status_code == 200
        AgendaItem.objects.filter(review=review).update(key_result=None)
    close_review(review=review, by=alice, now=TUESDAY, **YES)

    page = lead.get(f"{url(review)}?view=all")

    assert page.status_code == 200
    assert ("Escalation:" in page.text) is stored


def test_more_escalations_cost_no_more_queries(lead: Client, alice: Membership) -> None:
    rows = key_results(alice, *[f"Row {number}" for number in range(20)])
    review = run(alice)

    def add(number: int) -> None:
        row = reported(rows[number], alice, "8.9", "8.8", confidence=2)
        escalate(row, **recovery_plan(row))
        lead.post(url(review, "review-draw"))

    address = f"{url(review)}?view=all"
    assert_constant_queries(lambda: lead.get(address), add=add, name="review-detail-escalations")
    assert item(review, "Row 19").facts["escalation"]["state"] == "answered"
