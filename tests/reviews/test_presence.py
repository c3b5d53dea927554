"""Who counts as present: people with the review open, those marked, and those ticked at the close."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from engagements.models import Membership, Role
from reviews.models import Attendance, Review
from reviews.presence import note_presence
from reviews.queries.reviews import review_page
from tests import build
from tests.checkins.posting import TUESDAY
from tests.reviews.running import run, url

ANSWERS = {"on_outcomes": "yes", "evidence_weekly": "no", "moved_resources": "yes"}


def opens(member: Membership, review: Review, name: str = "live-review") -> Client:
    client = Client()
    build.log_in(client, member)
    client.get(url(review, name))
    return client


def present(review: Review) -> set[str]:
    return {one.member.name for one in Attendance.objects.filter(review=review, is_here=True)}


@pytest.mark.parametrize("name", ["live-review", "review-detail"])
def test_who_has_the_running_review_open_counts_as_present(
    alice: Membership, bob: Membership, name: str
) -> None:
    review = run(alice, attendees=[bob])
    assert present(review) == {"Alice"}

    opens(bob, review, name)

    page = review_page(review, membership=alice, now=TUESDAY)
    assert {member.name for member in page.here} == {"Alice", "Bob"}
    assert present(review) == {"Alice"}  # reading a page writes nothing


def test_one_who_opened_the_review_may_be_marked_absent(
    lead: Client, alice: Membership, bob: Membership
) -> None:
    review = run(alice, attendees=[bob])
    screen = opens(bob, review)
    mark = reverse(
        "reviews:attendance-mark",
        args=[review.engagement.slug, review.public_id, bob.public_id],
    )
    shown = lead.get(url(review, "review-detail")).text
    assert "present, opened the review" in shown
    assert f'id="here-{bob.public_id}"' in shown

    lead.post(mark, {"is_here": "no"})
    screen.get(url(review, "live-review"))

    page = review_page(review, membership=alice, now=TUESDAY)
    assert [member.name for member in page.here] == ["Alice"]
    lead.post(url(review, "review-close"), ANSWERS)
    assert present(review) == {"Alice"}


def test_closing_asks_about_the_others_who_are_absent_unless_ticked(
    lead: Client, alice: Membership, bob: Membership
) -> None:
    eve, max_ = (build.member(alice.engagement, name, Role.CHAMPION) for name in ("Eve", "Max"))
    uninvited = build.member(alice.engagement, "Una", Role.CONTRIBUTOR)
    review = run(alice, attendees=[bob, eve, max_])
    for member in (bob, uninvited):
        opens(member, review)

    form = lead.get(url(review, "review-close")).context["form"]
    ticked: dict[str, Any] = {**ANSWERS, "present": [eve.public_id]}
    answer = lead.post(url(review, "review-close"), ticked)

    assert [label for _, label in form.fields["present"].choices] == ["Eve", "Max"]
    assert not form["present"].value()
    assert answer.status_code == 302
    assert present(review) == {"Alice", "Bob", "Eve", "Una"}


def test_one_who_was_ticked_may_open_the_review_before_it_is_closed(
    lead: Client, alice: Membership, bob: Membership
) -> None:
    eve = build.member(alice.engagement, "Eve", Role.CHAMPION)
    review = run(alice, attendees=[bob, eve])
    opens(bob, review)

    answer = lead.post(url(review, "review-close"), {**ANSWERS, "present": [bob.public_id]})

    assert answer.status_code == 302
    assert present(review) == {"Alice", "Bob"}


def test_a_viewer_counts_only_if_invited(alice: Membership, lead: Client) -> None:
    guest, other = (build.member(alice.engagement, name, Role.VIEWER) for name in ("Gil", "Ora"))
    review = run(alice)
    Attendance.objects.create(engagement=review.engagement, review=review, member=guest)
    for member in (guest, other):
        note_presence(review, member)

    lead.post(url(review, "review-close"), ANSWERS)

    assert present(review) == {"Alice", "Gil"}
