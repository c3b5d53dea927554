from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from engagements.models import Engagement, Membership, Role, StatusPage
from okrs.models import KeyResult
from reviews.commands.reviews import close_review
from status.commands import publish_report
from status.models import Report
from status.schema import ReportText
from tests import build
from tests.checkins.posting import post, refused
from tests.query_counts import queries_of
from tests.reviews.meeting import decide, supersede
from tests.reviews.running import YES, closed, run
from tests.status.quarter import key_result, objective, week

WORDS: ReportText = {
    "headline": "New accounts start sooner.",
    "moved": "Days to first value fell.",
    "red": "",
    "decided": "",
    "next_steps": "The tour is tried on half of them.",
}


@pytest.fixture
def row(alice: Membership) -> KeyResult:
    found = key_result(objective(alice), "Accounts that expand")
    post(found, alice, actual=2, insight="As it was published.", now=week(9))
    return found


@pytest.fixture
def published_only(alice: Membership) -> Engagement:
    """Clients see what was published last."""
    build.change(alice.engagement, status_page=StatusPage.PUBLISHED)
    return alice.engagement


def publish(by: Membership, headline: str = WORDS["headline"], **occasion: Any) -> Report:
    said: ReportText = {**WORDS, "headline": headline}
    occasion.setdefault("now", timezone.now())
    return publish_report(engagement=by.engagement, words=said, by=by, **occasion)


def test_a_report_keeps_words_and_figures_and_the_live_page_shows_its_words(
    reader: Client, alice: Membership, row: KeyResult
) -> None:
    publish(alice)
    post(row, alice, actual=9, insight="What came after.", now=timezone.now())

    report = reader.get("/e/northwind/status/reports/1/").text
    live = reader.get("/e/northwind/status/").text

    for page in (report, live):
        assert "New accounts start sooner." in page
        assert "The tour is tried on half of them." in page
    assert ("As it was published." in report, "What came after." in report) == (True, False)
    assert "What came after." in live
    assert "Published by Alice, report 1," in report
    assert "10\u00a0Mar\u00a02026,\u00a009:40 Berlin time" in report


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR])
def test_published_only_shows_nothing_later_and_members_can_look_behind_it(
    client: Client, alice: Membership, row: KeyResult, published_only: Engagement, role: str
) -> None:
    build.sign_in(client, alice.engagement, role)
    before = client.get("/e/northwind/status/").text
    publish(alice)
    post(row, alice, actual=9, insight="What came after.", now=timezone.now())

    days = ("?as_of=2026-03-10", "?live&as_of=2026-03-09", "?as_of=2026-03-09")
    pages = {path: client.get(f"/e/northwind/status/{path}").text for path in ("", "?live", *days)}

    assert "Accounts that expand" not in before
    assert "As it was published." in pages[""]
    assert "Nothing was published by 9 March 2026." in pages["?as_of=2026-03-09"]
    later = {path for path, page in pages.items() if "What came after." in page}
    assert later == ({"?live"} if role == Role.CONTRIBUTOR else set())
    assert ("Clients see report 1 of" in pages[""]) == (role == Role.CONTRIBUTOR)


def test_published_only_costs_no_more(
    reader: Client, alice: Membership, row: KeyResult, published_only: Engagement
) -> None:
    publish(alice)

    first, again = (queries_of(lambda: reader.get("/e/northwind/status/")) for _ in range(2))

    assert len(again) == 1 + 1 + 1  # user, gate
    assert len(first) == len(again) + 1  # the page, which the cache has from then on


def test_leads_publish_without_a_review(client: Client, alice: Membership, row: KeyResult) -> None:
    build.sign_in(client, alice.engagement, Role.LEAD)

    form = client.get("/e/northwind/status/publish/")
    answer = client.post("/e/northwind/status/publish/", {**WORDS})

    # All words are drafted, not the headline alone.
    assert "is behind pace and has been red for" in form.text
    assert answer.headers["Location"] == "/e/northwind/status/reports/1/"
    assert Report.objects.get().page["report"]["headline"] == WORDS["headline"]


def test_a_second_click_publishes_nothing_again(client: Client, alice: Membership) -> None:
    build.sign_in(client, alice.engagement, Role.LEAD)
    form = {**WORDS, "after": "0"}
    client.post("/e/northwind/status/publish/", form)

    again = client.post("/e/northwind/status/publish/", form)
    anyway = client.post("/e/northwind/status/publish/", {**WORDS, "after": "1"})

    assert again.status_code == 422
    assert "Someone published report 1 in the meantime." in again.text
    assert 'name="after" value="1"' in again.text
    assert anyway.headers["Location"] == "/e/northwind/status/reports/2/"


def test_without_a_headline_the_words_stay_unpublished(client: Client, alice: Membership) -> None:
    build.sign_in(client, alice.engagement, Role.LEAD)

    answer = client.post("/e/northwind/status/publish/", {**WORDS, "headline": ""})

    assert answer.status_code == 422
    assert "Write a headline: one sentence with the finding." in answer.text
    assert "Days to first value fell." in answer.text
    assert not Report.objects.exists()


def test_reports_are_numbered_and_listed_latest_first(reader: Client, alice: Membership) -> None:
    publish(alice)
    publish(alice, headline="Fewer of them grow.")

    page = reader.get("/e/northwind/status/reports/").text

    assert page.index("Fewer of them grow.") < page.index("New accounts start sooner.")
    assert reader.get("/e/northwind/status/reports/3/").status_code == 404


def test_only_a_lead_publishes(alice: Membership) -> None:
    champion = build.member(alice.engagement, "Lena", Role.CHAMPION)

    assert refused(lambda: publish(champion)) == "no_right"


def test_a_report_is_never_rewritten(alice: Membership) -> None:
    report = publish(alice)

    with pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.update(headline="Another one")
    with pytest.raises(DatabaseError), transaction.atomic():
        report.delete()


def test_a_decision_waits_for_the_report_of_its_own_review(
    reader: Client, alice: Membership, row: KeyResult
) -> None:
    """A later report of another review does not release it (M8.2)."""
    review = run(alice, now=week(8))
    decide(review, alice, "Keep it inside.", client_visible=True, now=week(8), key_result=row)
    review = close_review(review=review, by=alice, now=week(8), **YES)

    publish(alice, now=week(10), review=closed(alice, now=week(9)))
    waiting = reader.get("/e/northwind/status/").text
    publish(alice, now=week(10), review=review)
    released = reader.get("/e/northwind/status/").text

    assert ("Keep it inside." in waiting, "Keep it inside." in released) == (False, True)


def test_superseding_waits_for_a_report(reader: Client, alice: Membership, row: KeyResult) -> None:
    review = run(alice, now=week(9))
    first = decide(review, alice, client_visible=True, now=week(9), key_result=row)
    review = close_review(review=review, by=alice, now=week(9), **YES)
    publish(alice, now=week(9), review=review)
    supersede(first, alice, text="Move it to day twenty.")

    waiting = reader.get("/e/northwind/status/").text
    publish(alice)
    released = reader.get("/e/northwind/status/").text

    assert ("Move the offer." in waiting, "Move it to day twenty." in waiting) == (True, False)
    assert ("Move the offer." in released, "Move it to day twenty." in released) == (False, True)


def test_a_report_compares_with_the_published_review_before_its_own(alice: Membership) -> None:
    first = closed(alice, now=week(5))
    unpublished = closed(alice, now=week(7), kind="weekly")
    second = closed(alice, now=week(8))
    for review in (first, second, closed(alice, now=week(9)), second):
        report = publish(alice, now=week(10), review=review)

    assert report.page["since"] == "since the review of 2\u00a0Feb"
    assert unpublished.closed_at == week(7)
