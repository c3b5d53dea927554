"""Several people act at the same moment: one thing happens once, and nobody waits for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from decisions.commands.actions import complete_action, reopen_action
from decisions.models import ActionItem, Decision
from engagements.commands import change_role, update_profile
from engagements.models import Membership, Role
from okrs.commands import commit_objective, draft_objective, update_cycle
from okrs.models import Objective
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
from tests.reviews.running import YES, checked, item, items, key_results, run

pytestmark = pytest.mark.usefixtures("committed")
TURNS = 20
Doing = Callable[[], Any]


@pytest.fixture
def lead(committed: str) -> Membership:
    return build.member(build.engagement())


@pytest.fixture
def review(lead: Membership) -> Review:
    """Running, with two red key results."""
    with scope(lead.engagement_id):
        for row in key_results(lead, "One", "Two"):
            checked(row, lead, "8.9", confidence=2)
        return run(lead)


def at_once(lead: Membership, *doings: Doing, turns: int = 1) -> list[Any]:
    """What each came to in its last turn, a refusal too; every one on a connection of its own."""
    ready = Barrier(len(doings))

    def do(doing: Doing) -> Any:
        found: Any = None
        try:
            ready.wait()
            for _ in range(turns):
                with scope(lead.engagement_id):  # a transaction, as a request is one
                    found = doing()
        except ValidationError as refusal:
            return refusal
        finally:
            connections.close_all()
        return found

    with ThreadPoolExecutor(len(doings)) as pool:
        return list(pool.map(do, doings))


def in_turns(lead: Membership, *doings: Doing) -> None:
    """All of them at once, again and again: a deadlock would raise."""
    refusals = [
        one for one in at_once(lead, *doings, turns=TURNS) if isinstance(one, ValidationError)
    ]
    assert not refusals


def test_next_pressed_twice_discusses_one_item(lead: Membership, review: Review) -> None:
    with scope(lead.engagement_id):
        at = item(review, "One").public_id

    at_once(lead, *[lambda: next_item(review=review, at=at, by=lead, now=TUESDAY)] * 2)

    with scope(lead.engagement_id):
        review.refresh_from_db()
        assert review.current_item == item(review, "Two")
        assert [one.title for one in items(review) if one.discussed_at] == ["One"]


def test_a_decision_posted_twice_is_one(lead: Membership, review: Review) -> None:
    key = uuid4()

    first, second = at_once(lead, *[lambda: decide(review, lead, idempotency_key=key)] * 2)

    assert first == second
    with scope(lead.engagement_id):
        assert Decision.objects.count() == 1


def test_an_action_posted_twice_is_one_with_a_review_or_without(
    lead: Membership, review: Review
) -> None:
    places: list[dict[str, Any]] = [{"review": review}, {}]
    for where in places:
        key = uuid4()
        post = lambda: act(lead, idempotency_key=key, **where)  # noqa: B023, E731 - run at once

        first, second = at_once(lead, post, post)

        assert first == second
    with scope(lead.engagement_id):
        assert ActionItem.objects.count() == 2


def test_a_close_pressed_twice_closes_once(lead: Membership, review: Review) -> None:
    outcomes = at_once(
        lead, *[lambda: close_review(review=review, by=lead, now=TUESDAY, **YES)] * 2
    )

    (refusal,) = [one for one in outcomes if isinstance(one, ValidationError)]
    assert code(refusal) == "closed"


def test_a_first_draft_saved_by_two_is_saved_once(lead: Membership, review: Review) -> None:
    with scope(lead.engagement_id):
        close_review(review=review, by=lead, now=TUESDAY, **YES)

    def save(headline: str) -> str:
        with suppress(StaleEdit):
            return save_draft(review=review, version=1, headline=headline, by=lead).headline
        return "stale"

    outcomes = at_once(lead, lambda: save("Mine"), lambda: save("Theirs"))

    assert "stale" in outcomes
    with scope(lead.engagement_id):
        assert ReportDraft.objects.get().headline in outcomes


def test_an_action_and_the_answer_that_drops_it_do_not_wait_for_each_other(
    lead: Membership, review: Review
) -> None:
    with scope(lead.engagement_id):
        one = AgendaItem.objects.select_related("review").get(review=review, title="One")
        answer_item(item=one, still_right=False, by=lead, now=TUESDAY)
        action = ActionItem.objects.get()

    def tick() -> None:
        reopen_action(action=action, by=lead, now=TUESDAY)
        complete_action(action=action, by=lead, now=TUESDAY)

    def answer() -> None:
        for still_right in (True, False):
            answer_item(item=one, still_right=still_right, by=lead, now=TUESDAY)

    in_turns(lead, quietly(tick), answer)


def test_two_rooms_that_tick_off_each_others_actions_do_not_wait_for_each_other(
    lead: Membership, review: Review
) -> None:
    with scope(lead.engagement_id):
        other = run(lead, title="Other")
        pairs = [
            (item(here, "One"), act(lead, review=there))
            for here, there in ((review, other), (other, review))
        ]

    in_turns(
        lead,
        *(
            lambda at=at, action=action: tick_off(item=at, action=action, by=lead, now=TUESDAY)
            for at, action in pairs
        ),
    )


def test_a_cycle_and_the_objectives_in_it_do_not_wait_for_each_other(lead: Membership) -> None:
    with scope(lead.engagement_id):
        cycle = build.cycle(lead.engagement)
        ready = [build.objective(lead, cycle, title=f"Win {turn}") for turn in range(TURNS)]
        for one in ready:
            build.audited(build.key_result(one), by=lead)
    waiting = iter(ready)
    titles = iter(f"Draft {turn}" for turn in range(TURNS))

    def update() -> None:
        cycle.refresh_from_db()
        terms = {name: getattr(cycle, name) for name in ("name", "kind", "starts_on", "version")}
        ends_on = cycle.ends_on + dt.timedelta(days=1)
        update_cycle(cycle=cycle, ends_on=ends_on, by=lead, **terms)

    in_turns(
        lead,
        update,
        lambda: draft_objective(cycle=cycle, title=next(titles), owner=lead, by=lead),
        quietly(lambda: commit(next(waiting), lead)),
    )

    with scope(lead.engagement_id):
        cycle.refresh_from_db()
        assert cycle.version == TURNS + 1
        assert Objective.objects.filter(title__startswith="Draft").count() == TURNS


def commit(objective: Objective, by: Membership) -> None:
    commit_objective(objective=objective, on=dt.date(2026, 1, 5), by=by)


def test_a_role_and_a_name_do_not_wait_for_each_other(lead: Membership) -> None:
    with scope(lead.engagement_id):
        other = build.member(lead.engagement, "Bob", Role.CONTRIBUTOR)
    roles = iter([Role.CHAMPION, Role.CONTRIBUTOR] * TURNS)
    names = iter(f"Bob {turn}" for turn in range(TURNS))

    def rename() -> None:
        assert other.user is not None
        update_profile(
            user=other.user,
            name=next(names),
            time_zone="Europe/Berlin",
            theme=other.user.theme,
            shortcuts=True,
        )

    in_turns(lead, lambda: change_role(membership=other, role=next(roles), by=lead), rename)

    with scope(lead.engagement_id):
        other.refresh_from_db()
        assert (other.name, other.role) == (f"Bob {TURNS - 1}", Role.CONTRIBUTOR)


def quietly(doing: Doing) -> Doing:
    """What a rule refuses is no matter here."""

    def tried() -> None:
        with suppress(ValidationError):
            doing()

    return tried


def test_a_role_and_a_decision_that_names_its_holder_do_not_wait_for_each_other(
    lead: Membership, review: Review
) -> None:
    with scope(lead.engagement_id):
        other = build.member(lead.engagement, "Bob", Role.CONTRIBUTOR)
    roles = iter([Role.CHAMPION, Role.CONTRIBUTOR] * TURNS)

    in_turns(
        lead,
        lambda: change_role(membership=other, role=next(roles), by=lead),
        lambda: decide(review, lead, owner=other),
    )
