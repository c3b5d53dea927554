from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from engagements.models import Membership
from okrs.models import KeyResult
from reviews.commands import add_item, close_review, show_item
from reviews.models import Review
from reviews.queries.agenda import previous_review
from reviews.queries.reviews import review_page
from status.commands import save_draft
from status.models import ReportDraft
from status.queries import draft_of
from tenancy.locks import StaleEdit
from tests.checkins.posting import TUESDAY, at, code, post
from tests.reviews.meeting import act, decide
from tests.reviews.running import YES, checked, closed, item, key_results, plan, run

APRIL = at("2026-04-14T14:00")


@pytest.fixture
def rows(alice: Membership) -> list[KeyResult]:
    """One red for two weeks, one that moved up."""
    found = key_results(alice, "Red", "Won")
    checked(found[0], alice, "8.9", "8.8", confidence=2, blocker="SECRET", help_needed="SECRET")
    checked(found[1], alice, "6", "5")
    return found


def test_it_freezes_how_every_key_result_stands(alice: Membership, rows: list[KeyResult]) -> None:
    review = closed(alice, now=TUESDAY)

    assert review.standings == {
        rows[0].public_id: {"value": "8.8", "score": "0.04", "rag": "red", "title": "Red"},
        rows[1].public_id: {"value": "5", "score": "0.80", "rag": "green", "title": "Won"},
    }
    assert (review.closed_at, review.closed_by) == (TUESDAY, alice)
    assert (review.on_outcomes, review.moved_resources) == (True, False)


def test_its_items_keep_the_words_of_the_close(alice: Membership, rows: list[KeyResult]) -> None:
    review = run(alice)
    post(rows[0], alice, actual="8.7", now=TUESDAY)
    close_review(review=review, by=alice, now=TUESDAY, **YES)

    post(rows[0], alice, actual="5", now=TUESDAY)

    assert item(review, "Red").facts["latest"] == "8.7"


def test_where_the_room_is_and_what_was_captured_on_are_discussed(alice: Membership) -> None:
    key_results(alice, "Room", "Decided", "Acted", "Left")
    review = run(alice)
    for title in ("Room", "Decided", "Acted", "Left"):
        add_item(review=review, title=f"On {title}", minutes=5, by=alice, now=TUESDAY)
    show_item(review=review, item=item(review, "On Room"), by=alice, now=TUESDAY)
    decide(review, alice, agenda_item=item(review, "On Decided"))
    act(alice, review=review, agenda_item=item(review, "On Acted"))

    page = review_page(Review.objects.get(), membership=alice, now=TUESDAY)
    close_review(review=review, by=alice, now=TUESDAY, **YES)

    left = {one.item.title for one in page.undiscussed}
    assert left & {"On Room", "On Decided", "On Acted", "On Left"} == {"On Left"}
    assert item(review, "On Left").discussed_at is None
    for title in ("On Room", "On Decided", "On Acted"):
        assert item(review, title).discussed_at == TUESDAY


def test_its_own_decisions_are_not_looked_back_on(alice: Membership, rows: list[KeyResult]) -> None:
    review = run(alice)
    decide(review, alice, key_result=rows[0], agenda_item=item(review, "Red"))

    close_review(review=review, by=alice, now=TUESDAY, **YES)

    assert item(review, "Red").facts["decision"] is None


def test_the_monthly_review_answers_three_questions_and_the_weekly_none(
    alice: Membership,
) -> None:
    with pytest.raises(ValidationError) as refused:
        close_review(review=run(alice), by=alice, now=TUESDAY, on_outcomes=True)

    assert set(refused.value.error_dict) == {"evidence_weekly", "moved_resources"}
    weekly = closed(alice, kind="weekly")
    assert (weekly.is_closed, weekly.on_outcomes) == (True, None)


def test_only_a_running_review_is_closed_and_only_by_the_lead(
    alice: Membership, bob: Membership
) -> None:
    for review, by, expected in (
        (plan(alice), alice, "not_started"),
        (closed(alice), alice, "closed"),
        (run(alice), bob, "no_right"),
    ):
        with pytest.raises(ValidationError) as refused:
            close_review(review=review, by=by, now=TUESDAY, **YES)
        assert code(refused.value) == expected


def test_the_summary_is_drafted_from_what_a_client_may_read(
    alice: Membership, rows: list[KeyResult]
) -> None:
    plan(alice, title="April review", scheduled_at=APRIL)
    review = run(alice)
    decide(review, alice, "Move the offer", client_visible=True)
    decide(review, alice, "SECRET")
    act(alice, "SECRET", review=review)

    review = close_review(review=review, by=alice, now=TUESDAY, closing_note="SECRET", **YES)

    summary = draft_of(review, engagement=alice.engagement, now=TUESDAY)
    assert not ReportDraft.objects.exists()
    text = summary.headline + summary.moved + summary.red + summary.decided + summary.next_steps
    assert "SECRET" not in text
    assert summary.headline == "1 of 2 key results is on pace. 1 is behind. 1 is red: Red."
    assert summary.moved.endswith("Most notable: Won (Green).")
    assert summary.red == "1 key result is red: Red. It has been red for 2 weeks."
    assert summary.decided == "We made 1 decision. It is due by 24\u00a0Mar: Move the offer."
    assert "for Red: Roll the form out" in summary.next_steps
    assert summary.next_steps.endswith("The next review is on Tue\u00a014\u00a0Apr.")


def test_a_meeting_that_was_never_held_is_not_what_comes_next(
    alice: Membership, rows: list[KeyResult]
) -> None:
    review = run(alice, scheduled_at=at("2026-02-10T14:00"))
    plan(alice, scheduled_at=at("2026-03-03T14:00"))

    review = close_review(review=review, by=alice, now=TUESDAY, **YES)

    draft = draft_of(review, engagement=alice.engagement, now=TUESDAY)
    assert "Next review" not in draft.next_steps


def test_a_summary_is_edited_by_the_lead_and_not_over_somebody_elses_words(
    alice: Membership, bob: Membership
) -> None:
    review = closed(alice)

    saved = save_draft(review=review, version=1, headline=" We  hold. ", moved=" a\nb ", by=alice)

    assert (saved.headline, saved.moved, saved.version) == ("We hold.", "a\nb", 2)
    with pytest.raises(StaleEdit):  # as of a page that was opened before the first save
        save_draft(review=review, version=1, headline="Mine", by=alice)
    with pytest.raises(ValidationError) as refused:
        save_draft(review=review, version=2, headline="Mine", by=bob)
    assert code(refused.value) == "no_right"
    with pytest.raises(ValidationError) as empty:
        save_draft(review=review, version=2, headline=" ", by=alice)
    assert code(empty.value, field="headline") == "required"


def test_the_next_review_looks_back_on_the_last_of_its_kind(alice: Membership) -> None:
    first = closed(alice)
    closed(alice, kind="weekly", now=at("2026-02-20T10:00"))

    assert previous_review(plan(alice)) == first
    assert Review.objects.closed().count() == 2
