"""The pages that list, plan, edit and close reviews, and the summary of one."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Engagement, Membership, Role
from reviews.commands.agendas import add_item
from reviews.commands.reviews import close_review, update_review
from reviews.models import Attendance, Review
from status.commands import save_draft
from status.models import Report, ReportDraft
from tests import build
from tests.checkins.posting import TUESDAY, at
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import act, decide, supersede
from tests.reviews.running import YES, closed, key_results, plan, run, url

pytestmark = pytest.mark.usefixtures("clock")
HTMX = {"HX-Request": "true"}
LIST, NEW = "/e/northwind/reviews/", "/e/northwind/reviews/new/"


def typed(by: Membership, *people: Membership, **fields: object) -> dict[str, object]:
    return {
        "kind": "weekly",
        "title": "",
        "scheduled_at": "2026-03-12T14:00",
        "minutes": "",
        "lead": by.public_id,
        "attendees": [person.public_id for person in people],
        **fields,
    }


def test_the_list_shows_running_planned_and_closed_reviews(lead: Client, alice: Membership) -> None:
    running, ahead = run(alice, title="Now"), plan(alice, title="Soon")
    past = closed(alice, title="Past")

    page = lead.get(LIST).text

    order = [page.index(text) for text in ("Now is running.", "Soon</strong>", "Past</a>")]
    assert order == sorted(order)
    assert url(running, "review-detail") in page
    assert url(ahead, "review-detail") in page
    assert url(past, "summary-update") in page
    assert "/e/northwind/actions/" in page


def test_the_lead_plans_the_first_review_from_an_empty_list(
    client: Client, lead: Client, alice: Membership
) -> None:
    assert "No reviews yet." in lead.get(LIST).text
    assert NEW in lead.get(LIST).text

    build.sign_in(client, alice.engagement, Role.SPONSOR)
    assert NEW not in client.get(LIST).text


def test_a_longer_list_costs_no_more_queries(lead: Client, alice: Membership) -> None:
    def more() -> None:
        for number in range(10):
            review = closed(alice, title=f"Past {number}")
            act(alice, what=f"{number}")
            plan(alice, title=f"Soon {review.pk}")

    more()
    assert_constant_queries(lambda: lead.get(LIST), grow=more, most=6)


def test_a_review_is_planned_in_the_zone_of_the_reader(
    lead: Client, alice: Membership, bob: Membership
) -> None:
    answer = lead.post(NEW, typed(alice, bob))

    review = Review.objects.get()
    assert answer.headers["Location"] == url(review, "review-detail")
    assert (review.title, review.minutes) == ("Week of 9 March", 30)
    assert review.scheduled_at == at("2026-03-12T14:00")
    assert [row.member for row in Attendance.objects.all()] == [bob]


def test_sponsor_champions_and_owners_are_proposed(lead: Client, alice: Membership) -> None:
    build.member(alice.engagement, "Priya", Role.SPONSOR)
    owner = build.member(alice.engagement, "Olga", Role.CONTRIBUTOR)
    build.member(alice.engagement, "Vera", Role.VIEWER)
    build.objective(owner, build.cycle(alice.engagement))

    form = lead.get(NEW).context["form"]

    assert [person.name for person in form.initial["attendees"]] == ["Olga", "Priya"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"scheduled_at": ""}, "Choose day and time."),
        ({"scheduled_at": "soon"}, "Enter day and time"),
        ({"scheduled_at": "2026-03-09T14:00"}, "This day has passed."),
        ({"minutes": "3"}, "Enter whole minutes from 5 to 480."),
        ({"lead": ""}, "Choose one person."),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_an_invalid_plan_shows_its_error_and_keeps_the_rest(
    lead: Client, alice: Membership, fields: dict[str, str], error: str, headers: dict[str, str]
) -> None:
    answer = lead.post(NEW, typed(alice, title="Ours", **fields), headers=headers)

    assert answer.status_code == 422
    assert error in answer.text
    assert 'value="Ours"' in answer.text
    assert ("<html" in answer.text) == (not headers)
    assert not Review.objects.exists()


def test_a_stale_edit_shows_both_versions(lead: Client, alice: Membership) -> None:
    review = plan(alice)
    known = {"scheduled_at": TUESDAY, "lead": alice, "by": alice, "now": TUESDAY}
    update_review(review=review, version=1, title="Theirs", **known)  # type: ignore[arg-type]

    stale = lead.post(url(review, "review-update"), typed(alice, title="Mine", version="1"))
    again = lead.post(url(review, "review-update"), typed(alice, title="Mine", version="2"))

    assert stale.status_code == 409
    assert "Theirs" in stale.text
    assert "Mine" in stale.text
    assert again.headers["Location"] == url(review, "review-detail")
    review.refresh_from_db()
    assert (review.title, review.kind, review.minutes) == ("Mine", "monthly", 45)


def test_a_review_is_cancelled_from_its_edit_page(lead: Client, alice: Membership) -> None:
    review, started = plan(alice), run(alice)

    assert "Cancel review" in lead.get(url(review, "review-update")).text
    assert lead.post(url(review, "review-cancel")).headers["Location"] == LIST
    refused = lead.post(url(started, "review-cancel"), follow=True)

    assert "This review has started. Close it instead." in refused.text
    assert list(Review.objects.all()) == [started]


def test_an_item_is_added_by_a_decider(client: Client, alice: Membership) -> None:
    review = plan(alice)
    build.sign_in(client, alice.engagement, Role.SPONSOR)
    address = url(review, "item-create")

    bad = client.post(address, {"title": "", "minutes": "5"})
    good = client.post(address, {"title": "The off-site", "minutes": "5"})

    assert (bad.status_code, "Enter a title or choose a key result or objective." in bad.text) == (
        422,
        True,
    )
    assert good.headers["Location"] == url(review, "review-detail")
    assert "The off-site" in client.get(url(review, "review-detail")).text


def test_closing_has_three_questions_and_lists_open_items(lead: Client, alice: Membership) -> None:
    key_results(alice, "Never checked in")
    review = run(alice, now=at("2026-03-10T09:40"))
    add_item(review=review, title="The paper stores", minutes=5, by=alice, now=TUESDAY)
    address = url(review, "review-close")

    page = lead.get(address)
    bad = lead.post(address, {"on_outcomes": "yes", "closing_note": "Kept"})
    answers = {"on_outcomes": "yes", "evidence_weekly": "no", "moved_resources": "yes"}
    good = lead.post(address, answers)

    assert "The paper stores" in page.text
    assert "1 check-in missing" not in page.text  # the review is at it
    assert "Are we on outcomes?" in page.text
    assert (bad.status_code, "Kept" in bad.text) == (422, True)
    assert good.headers["Location"] == url(review, "summary-update")
    review.refresh_from_db()
    assert (review.on_outcomes, review.evidence_weekly) == (True, False)


def test_closing_a_weekly_review_has_a_note_only(lead: Client, alice: Membership) -> None:
    review = run(alice, kind="weekly")

    page = lead.get(url(review, "review-close"))
    lead.post(url(review, "review-close"), {"closing_note": "All named."})

    assert "Are we on outcomes?" not in page.text
    review.refresh_from_db()
    assert (review.is_closed, review.closing_note) == (True, "All named.")


def test_a_planned_review_has_no_close_and_no_summary(lead: Client, alice: Membership) -> None:
    review = plan(alice)

    for name in ("review-close", "summary-update"):
        assert lead.get(url(review, name)).headers["Location"] == url(review, "review-detail")


WORDS = {"headline": "We hold.", "moved": "a", "red": "b", "decided": "c", "next_steps": "d"}


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("live", "The status page is <strong>live</strong>. Clients always see current figures"),
        ("published", "<strong>published reports only</strong>. Clients see nothing newer"),
    ],
)
def test_a_summary_shows_which_page_clients_see(
    lead: Client, alice: Membership, mode: str, sentence: str
) -> None:
    review = run(alice)
    close_review(review=review, by=alice, now=TUESDAY, **YES)
    Engagement.objects.update(status_page=mode)

    page = lead.get(url(review, "summary-update")).text

    assert sentence in page
    assert '<a href="/e/northwind/settings/#id_status_page">Change what clients see</a>' in page


def test_a_summary_is_edited_and_published_as_a_report(lead: Client, alice: Membership) -> None:
    review = run(alice)
    decide(review, alice, "Shown", client_visible=True)
    close_review(review=review, by=alice, now=TUESDAY, **YES)
    address = url(review, "summary-update")

    page = lead.get(address).text
    assert "not shown to the client" not in page
    assert not ReportDraft.objects.exists()
    saved = lead.post(address, {**WORDS, "version": "1", "then": "save"})
    published = lead.post(address, {**WORDS, "version": "2", "then": "publish"})

    assert "Clients read everything you write here," in page
    assert "due by 24\u00a0Mar: Shown." in page
    assert saved.headers["Location"] == address
    report = Report.objects.get()
    assert published.headers["Location"] == reverse(
        "status:report-detail", args=["northwind", report.release.number]
    )
    assert (report.headline, report.review, report.next_steps) == ("We hold.", review, "d")
    assert "report 1" in lead.get(address).text


def test_a_summary_counts_decisions_not_shown_to_the_client(
    lead: Client, alice: Membership
) -> None:
    review = run(alice)
    replaced = decide(review, alice, "Kept inside at first")
    supersede(replaced, alice, client_visible=True)
    decide(review, alice, "Kept inside")
    close_review(review=review, by=alice, now=TUESDAY, **YES)

    page = lead.get(url(review, "summary-update")).text

    there = url(review, "review-detail")
    counted = (
        f'<a href="{there}#recorded">1 decision from this review</a> is not shown to the client.'
    )
    assert counted in page
    assert "Kept inside" not in page


def test_a_summary_without_a_headline_is_not_published(lead: Client, alice: Membership) -> None:
    review = closed(alice)

    answer = lead.post(
        url(review, "summary-update"),
        {**WORDS, "headline": "", "moved": "Kept", "version": "1", "then": "publish"},
        headers=HTMX,
    )

    assert answer.status_code == 422
    assert "Kept" in answer.text
    assert answer.text.strip().startswith("<form")
    assert not Report.objects.exists()


def test_a_stale_summary_shows_both_versions(lead: Client, alice: Membership) -> None:
    review = closed(alice)
    save_draft(review=review, version=1, headline="Theirs", by=alice)

    answer = lead.post(url(review, "summary-update"), {**WORDS, "version": "1", "then": "publish"})

    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert "We hold." in answer.text
    assert not Report.objects.exists()


def test_members_read_the_summary_and_change_nothing(client: Client, alice: Membership) -> None:
    review = closed(alice)
    build.sign_in(client, alice.engagement, Role.CHAMPION)

    page = client.get(url(review, "summary-update"))

    assert "No objective is committed right now." in page.text
    assert "Publish" not in page.text
    assert client.post(url(review, "summary-update"), WORDS).status_code == 403
