from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from decisions.commands import complete_action, reopen_action
from decisions.models import ActionItem, Decision
from engagements.commands.members import change_role
from engagements.models import Membership, Role
from reviews.commands.agendas import answer_item, next_item, tick_off
from reviews.commands.reviews import close_review
from reviews.models import AgendaItem, Review
from status.commands import save_draft
from status.models import ReportDraft
from tenancy.locks import StaleEdit
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, code
from tests.reviews.meeting import act, decide
from tests.reviews.running import YES, item, items, key_results, reported, run
from tests.walls.racing import at_once

pytestmark = pytest.mark.usefixtures("committed")
TURNS = 20
Work = Callable[[], Any]


@pytest.fixture
def lead(committed: str) -> Membership:
    return build.member(build.engagement())


@pytest.fixture
def review(lead: Membership) -> Review:
    """Running, with two red key results."""
    with scope(lead.engagement_id):
        for row in key_results(lead, "One", "Two"):
            reported(row, lead, "8.9", confidence=2)
        return run(lead)


def test_two_clicks_on_next_discuss_one_item(lead: Membership, review: Review) -> None:
    with scope(lead.engagement_id):
        at = item(review, "One").public_id

    at_once(
        lead.engagement_id, *[lambda: next_item(review=review, at=at, by=lead, now=TUESDAY)] * 2
    )

    with scope(lead.engagement_id):
        review.refresh_from_db()
        assert review.current_item == item(review, "Two")
        assert [one.title for one in items(review) if one.discussed_at] == ["One"]


@pytest.mark.parametrize(
    ("record", "rows"),
    [
        (lambda review, lead, **key: decide(review, lead, **key), Decision),
        (lambda review, lead, **key: act(lead, review=review, **key), ActionItem),
        (lambda review, lead, **key: act(lead, **key), ActionItem),
    ],
    ids=["decision", "action of a review", "action"],
)
def test_a_form_sent_twice_counts_once(
    lead: Membership, review: Review, record: Callable[..., Any], rows: Any
) -> None:
    key = uuid4()

    first, second = at_once(
        lead.engagement_id, *[lambda: record(review, lead, idempotency_key=key)] * 2
    )

    assert first == second
    with scope(lead.engagement_id):
        assert rows.objects.count() == 1


def test_two_clicks_on_close_close_once(lead: Membership, review: Review) -> None:
    close = partial(close_review, review=review, by=lead, now=TUESDAY, **YES)
    outcomes = at_once(lead.engagement_id, close, close)

    (refusal,) = [one for one in outcomes if isinstance(one, ValidationError)]
    assert code(refusal) == "closed"


def test_two_first_drafts_are_saved_once(lead: Membership, review: Review) -> None:
    with scope(lead.engagement_id):
        close_review(review=review, by=lead, now=TUESDAY, **YES)

    def save(headline: str) -> str:
        return save_draft(review=review, version=1, headline=headline, by=lead).headline

    outcomes = at_once(lead.engagement_id, partial(save, "Mine"), partial(save, "Theirs"))

    assert [type(one) for one in outcomes].count(StaleEdit) == 1
    with scope(lead.engagement_id):
        assert ReportDraft.objects.get().headline in outcomes


def answer_and_tick(lead: Membership, review: Review) -> list[Work]:
    """An action, and the answer that drops it."""
    one = AgendaItem.objects.select_related("review").get(review=review, title="One")
    answer_item(item=one, still_right=False, by=lead, now=TUESDAY)
    action = ActionItem.objects.get()

    def tick() -> None:
        with suppress(ValidationError):  # refusals of rules don't matter here
            reopen_action(action=action, by=lead, now=TUESDAY)
            complete_action(action=action, by=lead, now=TUESDAY)

    def answer() -> None:
        for still_right in (True, False):
            answer_item(item=one, still_right=still_right, by=lead, now=TUESDAY)

    return [tick, answer]


def actions_of_each_other(lead: Membership, review: Review) -> list[Work]:
    """Two reviews that complete each other's actions."""
    other = run(lead, title="Other")
    call = partial(tick_off, by=lead, now=TUESDAY)
    return [
        partial(call, item=item(here, "One"), action=act(lead, review=there))
        for here, there in ((review, other), (other, review))
    ]


def role_and_decision(lead: Membership, review: Review) -> list[Work]:
    """A role, and a decision of its owner."""
    other = build.member(lead.engagement, "Bob", Role.CONTRIBUTOR)
    roles = iter([Role.CHAMPION, Role.CONTRIBUTOR] * TURNS)
    return [
        lambda: change_role(membership=other, role=next(roles), by=lead),
        lambda: decide(review, lead, owner=other),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("scene", [answer_and_tick, actions_of_each_other, role_and_decision])
def test_two_commands_of_a_review_do_not_deadlock(
    lead: Membership, review: Review, scene: Callable[[Membership, Review], list[Work]]
) -> None:
    with scope(lead.engagement_id):
        works = scene(lead, review)

    results = at_once(lead.engagement_id, *works, turns=TURNS)  # a deadlock would raise

    assert not [result for result in results if isinstance(result, ValidationError)]
