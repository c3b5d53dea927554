"""Closing a review: its answers, what it freezes, its clock and the draft of its summary (M8.4)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.utils import Error

from engagements.models import Membership
from okrs.models import KeyResult
from reviews.commands.agendas import add_item, draw_agenda, show_item
from reviews.commands.reviews import close_review
from reviews.models import AgendaItem, Review
from reviews.queries.agenda import previous_review
from reviews.queries.reviews import clock_of, review_page
from status.commands import save_draft
from status.models import ReportDraft
from status.queries import draft_of
from tenancy.locks import StaleEdit
from tests.checkins.posting import TUESDAY, at, post, refused
from tests.reviews.meeting import act, close, decide, planned
from tests.reviews.running import YES, checked, closed, item, key_results, plan, run

APRIL = at("2026-04-14T14:00")


@pytest.fixture
def rows(alice: Membership) -> list[KeyResult]:
    """One red for two weeks, one that moved up."""
    red, won = key_results(alice, "Red", "Won")
    checked(red, alice, "8.9", "8.8", confidence=2, blocker="SECRET", help_needed="SECRET")
    checked(won, alice, "6", "5")
    return [red, won]


def test_a_close_stores_states_and_words_of_items(alice: Membership, rows: list[KeyResult]) -> None:
    review = run(alice)
    post(rows[0], alice, actual="8.7", now=TUESDAY)
    decide(review, alice, key_result=rows[0], agenda_item=item(review, "Red"))
    review = close_review(review=review, by=alice, now=TUESDAY, **YES)

    post(rows[0], alice, actual="5", now=TUESDAY)

    assert review.standings == {
        rows[0].public_id: {"value": "8.7", "score": "0.06", "rag": "red", "title": "Red"},
        rows[1].public_id: {"value": "5", "score": "0.80", "rag": "green", "title": "Won"},
    }
    assert (review.closed_at, review.closed_by) == (TUESDAY, alice)
    assert (review.on_outcomes, review.moved_resources) == (True, False)
    facts = item(review, "Red").facts
    assert (facts["latest"], facts["decision"]) == ("8.7", None)  # its own can't have an outcome


def test_the_current_item_and_items_with_records_count_as_discussed(alice: Membership) -> None:
    review = run(alice)
    names = ("On Current", "On Decided", "On Acted", "On Left")
    for title in names:
        add_item(review=review, title=title, minutes=5, by=alice, now=TUESDAY)
    show_item(item=item(review, "On Current"), by=alice, now=TUESDAY)
    decide(review, alice, agenda_item=item(review, "On Decided"))
    act(alice, review=review, agenda_item=item(review, "On Acted"))

    page = review_page(Review.objects.get(), membership=alice, now=TUESDAY)
    close_review(review=review, by=alice, now=TUESDAY, **YES)

    assert {view.item.title for view in page.undiscussed} & set(names) == {"On Left"}
    assert [item(review, title).discussed_at for title in names] == [TUESDAY] * 3 + [None]


def test_only_a_running_review_is_closed_a_monthly_one_with_answers(alice: Membership) -> None:
    """M8.4."""
    weekly = closed(alice, kind="weekly")

    assert (weekly.is_closed, weekly.on_outcomes) == (True, None)
    with pytest.raises(ValidationError) as error:
        close_review(review=run(alice), by=alice, now=TUESDAY, on_outcomes=True)
    assert set(error.value.error_dict) == {"evidence_weekly", "moved_resources"}
    for review, expected in ((plan(alice), "not_started"), (weekly, "closed")):
        assert refused(close_review, review=review, by=alice, now=TUESDAY, **YES) == expected


def test_the_database_refuses_every_change_of_a_closed_review(alice: Membership) -> None:
    review = closed(alice)

    assert refused(draw_agenda, review=review, by=alice, now=TUESDAY) == "closed"
    reviews, items = Review.objects.all(), AgendaItem.objects.all()
    for change in (
        lambda: reviews.update(title="Other"),
        lambda: reviews.update(standings={}),
        lambda: items.update(title="Other"),
        lambda: items.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize("out", [True, False])
def test_a_closed_review_keeps_its_items(review: Review, alice: Membership, *, out: bool) -> None:
    other = planned(alice, title="April")
    held, target = (review, other) if out else (other, review)
    moved = AgendaItem.objects.create(
        engagement=alice.engagement, review=held, section="red", position=1, title="Red"
    )
    rows = AgendaItem.objects.filter(pk=moved.pk)
    for place in (target, held):
        rows.update(review=place)  # while both are open
    close(review)

    with pytest.raises(Error, match="stays as it is"), transaction.atomic():
        rows.update(review=target)

    assert rows.get().review == held


@pytest.mark.parametrize(
    ("started", "ended", "now", "expected"),
    [
        ("", "", "14:00", (45, "idle")),
        ("14:00", "", "14:00", (45, "")),
        ("14:00", "", "14:13", (32, "")),
        ("14:00", "", "14:45", (0, "")),
        ("14:00", "", "14:50", (5, "over")),
        ("14:00", "14:38", "20:00", (38, "idle")),
    ],
)
def test_whole_minutes_count(started: str, ended: str, now: str, expected: tuple[int, str]) -> None:
    moments = [at(f"2026-03-10T{text}") if text else None for text in (started, ended)]
    review = Review(minutes=45, started_at=moments[0], closed_at=moments[1])

    assert clock_of(review, now=at(f"2026-03-10T{now}")) == expected


def test_the_summary_holds_what_a_client_may_read(alice: Membership, rows: list[KeyResult]) -> None:
    plan(alice, scheduled_at=at("2026-03-03T14:00"))  # never held
    april = plan(alice, title="April review", scheduled_at=APRIL)
    review = run(alice)
    decide(review, alice, "Move the offer", client_visible=True)
    decide(review, alice, "SECRET")
    act(alice, "SECRET", review=review)

    review = close_review(review=review, by=alice, now=TUESDAY, closing_note="SECRET", **YES)

    summary = draft_of(review, engagement=alice.engagement, now=TUESDAY)
    assert not ReportDraft.objects.exists()
    assert "SECRET" not in str(vars(summary))
    assert summary.headline == "1 of 2 key results is on pace. 1 is behind and red: Red."
    assert summary.decided == "We made 1 decision.\nMove the offer. It is due by 24\u00a0Mar."
    assert summary.next_steps.endswith("The next review is on Tue\u00a014\u00a0Apr.")
    april.delete()
    summary = draft_of(review, engagement=alice.engagement, now=TUESDAY)
    assert "The next review" not in summary.next_steps


def test_only_leads_edit_a_summary_and_none_a_stale_one(alice: Membership, bob: Membership) -> None:
    review = close(planned(alice))

    saved = save_draft(review=review, version=1, headline=" We  hold. ", moved=" a\nb ", by=alice)

    assert (saved.headline, saved.moved, saved.version) == ("We hold.", "a\nb", 2)
    with pytest.raises(StaleEdit):  # as of a page that was opened before the first save
        save_draft(review=review, version=1, headline="Mine", by=alice)
    edit: dict[str, Any] = {"review": review, "version": 2}
    assert refused(save_draft, **edit, headline="Mine", by=bob) == "no_right"
    assert refused(save_draft, **edit, headline=" ", by=alice, field="headline") == "required"


def test_the_next_review_compares_with_the_last_of_its_kind(alice: Membership) -> None:
    first = close(planned(alice))
    close(planned(alice, kind="weekly"))

    assert previous_review(planned(alice)) == first
