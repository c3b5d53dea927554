from __future__ import annotations

import pytest
from django.test import Client

from engagements.models import Membership, Role
from reviews.commands.agendas import add_item
from reviews.commands.reviews import close_review
from reviews.forms import CloseForm, ItemForm, ReviewForm
from reviews.models import CLOSING_QUESTIONS, Attendance, Review
from status.commands import save_draft
from status.models import Report, ReportDraft
from tests import build
from tests.checkins.posting import HTMX, TUESDAY, at
from tests.query_counts import assert_constant_queries
from tests.reviews.meeting import close, decide, planned, supersede
from tests.reviews.running import YES, run, url

pytestmark = pytest.mark.usefixtures("clock")
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
    assert "No review is planned." in lead.get(LIST).text
    running, ahead, past = planned(alice, started_at=TUESDAY), planned(alice), planned(alice)
    close(past)

    page = lead.get(LIST)

    shown = [list(page.context[name]) for name in ("running", "ahead", "closed")]
    assert shown == [[running], [ahead], [past]]
    assert url(past, "summary-update") in page.text


def test_a_longer_list_costs_no_more_queries(lead: Client, alice: Membership) -> None:
    def add(number: int) -> None:
        close(planned(alice))
        planned(alice)

    assert_constant_queries(lambda: lead.get(LIST), add=add, name="review-list")


def test_a_review_is_planned_in_ones_zone(lead: Client, alice: Membership, bob: Membership) -> None:
    bad = lead.post(NEW, typed(alice, title="Ours", minutes="3"), headers=HTMX)
    good = lead.post(NEW, typed(alice, bob))

    assert (bad.status_code, 'value="Ours"' in bad.text, "<html" in bad.text) == (422, True, False)
    review = Review.objects.get()
    assert good.headers["Location"] == url(review, "review-detail")
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
    ("form", "field", "value", "code"),
    [
        (ReviewForm, "scheduled_at", "", "required"),
        (ReviewForm, "scheduled_at", "soon", "invalid"),
        (ReviewForm, "scheduled_at", "2026-03-09T14:00", "past"),
        (ReviewForm, "minutes", "3", "min_value"),
        (ReviewForm, "lead", "", "required"),
        (ItemForm, "title", "x" * 241, "max_length"),
        (ItemForm, "minutes", "0", "min_value"),
        (ItemForm, "minutes", "241", "max_value"),
    ],
)
def test_each_value_has_its_shape(
    alice: Membership, form: type[ReviewForm | ItemForm], field: str, value: str, code: str
) -> None:
    form_data = typed(alice, **{"minutes": "5", field: value})
    errors = form(form_data, engagement=alice.engagement).errors.get_json_data()

    assert {name: error[0]["code"] for name, error in errors.items()} == {field: code}


def test_a_stale_edit_shows_both_versions(lead: Client, alice: Membership) -> None:
    review = planned(alice)
    build.change(review, title="Theirs", version=2)

    stale = lead.post(url(review, "review-update"), typed(alice, title="Mine", version="1"))
    again = lead.post(url(review, "review-update"), typed(alice, title="Mine", version="2"))

    assert stale.status_code == 409
    assert ("Theirs" in stale.text, "Mine" in stale.text) == (True, True)
    assert again.headers["Location"] == url(review, "review-detail")
    review.refresh_from_db()
    assert (review.title, review.kind, review.minutes) == ("Mine", "monthly", 45)


def test_a_review_is_cancelled_from_its_edit_page(lead: Client, alice: Membership) -> None:
    review, started = planned(alice), planned(alice, started_at=TUESDAY)

    assert lead.post(url(review, "review-cancel")).headers["Location"] == LIST
    assert lead.post(url(started, "review-cancel")).headers["Location"] == url(started)
    assert list(Review.objects.all()) == [started]


def test_an_item_is_added_by_a_decider(client: Client, alice: Membership) -> None:
    review = planned(alice)
    build.sign_in(client, alice.engagement, Role.SPONSOR)
    address = url(review, "item-create")

    bad = client.post(address, {"title": "", "minutes": "5"})
    good = client.post(address, {"title": "The off-site", "minutes": "5"})

    assert (bad.status_code, set(bad.context["form"].errors)) == (422, {"title"})
    assert good.headers["Location"] == url(review, "review-detail")
    assert "The off-site" in client.get(url(review, "review-detail")).text


def test_closing_has_three_questions_and_lists_open_items(lead: Client, alice: Membership) -> None:
    review = run(alice)
    add_item(review=review, title="The paper stores", minutes=5, by=alice, now=TUESDAY)
    address = url(review, "review-close")

    page = lead.get(address)
    bad = lead.post(address, {"on_outcomes": "yes", "closing_note": "Kept"})
    answers = {"on_outcomes": "yes", "evidence_weekly": "no", "moved_resources": "yes"}
    good = lead.post(address, answers)

    texts = (page.text, lead.get(f"{url(review, 'review-detail')}?view=all").text)
    assert all(question in text for text in texts for question in CLOSING_QUESTIONS.values())
    assert "The paper stores" in page.text
    assert (bad.status_code, "Kept" in bad.text) == (422, True)
    assert good.headers["Location"] == url(review, "summary-update")
    review.refresh_from_db()
    assert (review.on_outcomes, review.evidence_weekly) == (True, False)
    assert set(CloseForm(review=Review(kind="weekly"), away=[]).fields) == {"closing_note"}


@pytest.mark.parametrize("name", ["review-close", "summary-update"])
def test_a_planned_review_has_no_end_or_summary(lead: Client, alice: Membership, name: str) -> None:
    review = planned(alice)

    assert lead.get(url(review, name)).headers["Location"] == url(review, "review-detail")


WORDS = {"headline": "We hold.", "moved": "a", "red": "b", "decided": "c", "next_steps": "d"}


def test_a_summary_is_edited_and_published_as_a_report(lead: Client, alice: Membership) -> None:
    review = run(alice)
    decide(review, alice, "Shown", client_visible=True)
    supersede(decide(review, alice, "Kept inside at first"), alice, client_visible=True)
    decide(review, alice, "Kept inside")
    close_review(review=review, by=alice, now=TUESDAY, **YES)
    address = url(review, "summary-update")

    page = lead.get(address).text
    assert not ReportDraft.objects.exists()
    saved = lead.post(address, {**WORDS, "version": "1", "then": "save"})
    published = lead.post(address, {**WORDS, "version": "2", "then": "publish"})

    assert "1 decision from this review</a> is not shown to the client." in page
    assert "Kept inside" not in page
    report = Report.objects.get()
    assert (report.headline, report.review, report.next_steps) == ("We hold.", review, "d")
    assert saved.headers["Location"] == address
    assert published.headers["Location"] == f"/e/northwind/status/reports/{report.release.number}/"


def test_a_stale_summary_shows_both_versions(lead: Client, alice: Membership) -> None:
    review = close(planned(alice))
    save_draft(review=review, version=1, headline="Theirs", by=alice)

    answer = lead.post(url(review, "summary-update"), {**WORDS, "version": "1", "then": "publish"})

    assert answer.status_code == 409
    assert ("Theirs" in answer.text, "We hold." in answer.text) == (True, True)
    assert "Someone saved this" in " ".join(answer.text.split())
    assert answer.text.index("data-keep") < answer.text.index(">Use mine<")
    assert "Publish report" not in answer.text
    assert not Report.objects.exists()
