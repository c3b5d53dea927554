"""What a check-in does to the escalation of its key result, and who is told (M7, M7.3, M7.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checkins.commands import undo_check_in
from engagements.models import Membership, Role
from escalations.jobs import update_escalations
from escalations.models import Escalation, EscalationState
from notifications.commands import wake_worker
from notifications.models import Notice
from okrs.models import KeyResult
from tests import build
from tests.checkins.posting import at, post

FIRST, SECOND, THIRD = at("2026-02-24T09:40"), at("2026-03-03T09:40"), at("2026-03-10T09:40")
HOUR, WEEK = dt.timedelta(hours=1), dt.timedelta(days=7)
RED, AMBER = 9, 7
Callbacks = Callable[..., object]


@pytest.fixture
def carla(alice: Membership, onboarding: KeyResult) -> Membership:
    """The champion of the team whose objective it is."""
    champion = build.member(alice.engagement, "Carla", Role.CHAMPION)
    onboarding.objective.team = build.team(alice.engagement, champion=champion)
    onboarding.objective.save(update_fields=["team"])
    return champion


@pytest.fixture
def sam(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Sam", Role.SPONSOR)


def told(rule: str) -> set[str]:
    return {notice.person.name for notice in Notice.objects.filter(rule=rule)}


def statements(act: Callable[[], object]) -> list[str]:
    """What it sends about escalations."""
    with CaptureQueriesContext(connection) as captured:
        act()
    sent = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in sent if "escalations_escalation" in sql]


# What it costs.


def test_a_key_result_that_is_not_red_costs_one_statement(
    onboarding: KeyResult, bob: Membership
) -> None:
    post(onboarding, bob, actual=AMBER, now=FIRST)

    assert len(statements(lambda: post(onboarding, bob, actual=AMBER, now=SECOND))) == 1


def test_the_first_red_week_costs_no_more(onboarding: KeyResult, bob: Membership) -> None:
    assert len(statements(lambda: post(onboarding, bob, actual=RED, now=FIRST))) == 1


def test_the_second_red_week_costs_one_more(onboarding: KeyResult, bob: Membership) -> None:
    post(onboarding, bob, actual=RED, now=FIRST)

    assert len(statements(lambda: post(onboarding, bob, actual=RED, now=SECOND))) == 2


def test_leaving_red_costs_one_more(onboarding: KeyResult, bob: Membership) -> None:
    for now in (FIRST, SECOND):
        post(onboarding, bob, actual=RED, now=now)

    assert len(statements(lambda: post(onboarding, bob, actual=AMBER, now=THIRD))) == 2


# Only this key result.


def test_a_check_in_settles_its_own_key_result_only(onboarding: KeyResult, bob: Membership) -> None:
    other = build.live_key_result(onboarding.objective, owner_id=bob.pk)
    for row in (onboarding, other):
        post(row, bob, actual=RED, now=FIRST)

    post(onboarding, bob, actual=RED, now=SECOND + 2 * WEEK)

    assert Escalation.objects.get().key_result == onboarding


# Who is told.


def test_whoever_answers_for_it_champion_and_leads_are_told(
    onboarding: KeyResult, bob: Membership, carla: Membership, sam: Membership
) -> None:
    for now in (FIRST, SECOND):
        post(onboarding, bob, actual=RED, now=now)

    (escalation,) = Escalation.objects.all()
    assert told("escalation_active") == {"Alice", "Bob", "Carla"}
    for notice in Notice.objects.all():
        assert (notice.subject, notice.period) == (escalation.pk, escalation.streak)
        assert notice.due_at == notice.created_at == SECOND


def test_nobody_is_told_while_it_is_only_watched(onboarding: KeyResult, bob: Membership) -> None:
    onboarding.early_until = SECOND.date()
    onboarding.save(update_fields=["early_until"])
    for now in (FIRST, SECOND):
        post(onboarding, bob, actual=RED, now=now)

    assert Escalation.objects.get().state is EscalationState.WATCHING
    assert not Notice.objects.exists()

    post(onboarding, bob, actual=AMBER, now=THIRD)

    assert Escalation.objects.get().state is EscalationState.RECOVERED
    assert not Notice.objects.exists()


def test_only_members_who_sign_in_and_may_read_are_told(
    onboarding: KeyResult, bob: Membership, alice: Membership, carla: Membership
) -> None:
    build.member(alice.engagement, "Placeholder", Role.LEAD, user=None)
    gone = build.member(alice.engagement, "Gone", Role.LEAD, removed_at=FIRST)
    disabled = build.member(alice.engagement, "Disabled", Role.LEAD)
    assert gone.user is not None
    assert disabled.user is not None
    disabled.user.is_active = False
    disabled.user.save(update_fields=["is_active"])
    carla.role = Role.VIEWER
    carla.save(update_fields=["role"])

    for now in (FIRST, SECOND):
        post(onboarding, bob, actual=RED, now=now)

    assert told("escalation_active") == {"Alice", "Bob"}


def test_sponsors_leads_and_the_objectives_owner_are_told_that_it_was_raised(
    onboarding: KeyResult, bob: Membership, carla: Membership, sam: Membership
) -> None:
    for now in (FIRST, SECOND, THIRD):
        post(onboarding, bob, actual=RED, now=now)

    assert Escalation.objects.get().raised_for == "no_plan"
    assert told("escalation_raised") == {"Alice", "Sam"}


def test_whoever_was_told_hears_that_it_left_red_bar_who_posted_it(
    onboarding: KeyResult, bob: Membership, carla: Membership, sam: Membership
) -> None:
    assert carla.user is not None
    carla.user.wants_digests = False
    carla.user.save(update_fields=["wants_digests"])
    for now in (FIRST, SECOND, THIRD):
        post(onboarding, bob, actual=RED, now=now)

    post(onboarding, bob, actual=AMBER, now=THIRD + HOUR)

    assert told("escalation_recovered") == {"Alice", "Sam"}


def test_a_sweep_tells_all_of_them(onboarding: KeyResult, bob: Membership) -> None:
    for now in (FIRST, SECOND):
        post(onboarding, bob, actual=RED, now=now)
    KeyResult.objects.filter(pk=onboarding.pk).update(rag="amber", red_since=None)

    assert update_escalations(now=THIRD, using="default") == 1

    assert told("escalation_recovered") == {"Alice", "Bob"}


def test_one_that_goes_on_after_all_tells_nobody_again(
    onboarding: KeyResult, bob: Membership
) -> None:
    for now in (FIRST, SECOND):
        post(onboarding, bob, actual=RED, now=now)
    better = post(onboarding, bob, actual=AMBER, now=SECOND + HOUR)
    before = Notice.objects.count()

    undo_check_in(check_in=better, by=bob, now=SECOND + 2 * HOUR)

    (escalation,) = Escalation.objects.all()
    assert escalation.is_open
    assert Notice.objects.count() == before


def test_one_that_is_raised_again_and_again_is_raised_once(
    onboarding: KeyResult, bob: Membership, sam: Membership
) -> None:
    for now in (FIRST, SECOND, THIRD):
        post(onboarding, bob, actual=RED, now=now)

    assert update_escalations(now=THIRD + WEEK, using="default") == 0
    assert Notice.objects.filter(rule="escalation_raised", person=sam).count() == 1


# The doorbell.


def test_the_doorbell_rings_once_somebody_is_to_be_told(
    onboarding: KeyResult, bob: Membership, django_capture_on_commit_callbacks: Callbacks
) -> None:
    post(onboarding, bob, actual=RED, now=FIRST)

    with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[attr-defined]
        post(onboarding, bob, actual=RED, now=SECOND)

    assert callbacks == [wake_worker]


def test_the_doorbell_stays_still_where_nothing_is_to_be_told(
    onboarding: KeyResult, bob: Membership, django_capture_on_commit_callbacks: Callbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[attr-defined]
        post(onboarding, bob, actual=RED, now=FIRST)

    assert callbacks == []
