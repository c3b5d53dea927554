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
    build.change(onboarding.objective, team=build.team(alice.engagement, champion=champion))
    return champion


@pytest.fixture
def sam(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Sam", Role.SPONSOR)


def red(key_result: KeyResult, by: Membership, *days: dt.datetime) -> None:
    for now in days:
        post(key_result, by, actual=RED, now=now)


def told(rule: str) -> set[str]:
    return {notice.person.name for notice in Notice.objects.filter(rule=rule)}


@pytest.mark.parametrize(
    ("before", "actual", "count"),
    [
        pytest.param([AMBER], AMBER, 1, id="not-red"),
        pytest.param([], RED, 1, id="first-red-week"),
        pytest.param([RED], RED, 2, id="second-red-week"),
        pytest.param([RED, RED], AMBER, 2, id="leaves-red"),
    ],
)
def test_a_check_in_costs_few_statements_about_escalations(
    onboarding: KeyResult, bob: Membership, before: list[int], actual: int, count: int
) -> None:
    days = [FIRST, SECOND, THIRD]
    for value, now in zip(before, days, strict=False):
        post(onboarding, bob, actual=value, now=now)

    with CaptureQueriesContext(connection) as captured:
        post(onboarding, bob, actual=actual, now=days[len(before)])

    sent = [query["sql"] for query in captured.captured_queries]
    assert sum("escalations_escalation" in sql for sql in sent) == count


def test_a_check_in_settles_its_own_key_result_only(onboarding: KeyResult, bob: Membership) -> None:
    other = build.live_key_result(onboarding.objective, owner_id=bob.pk)
    for row in (onboarding, other):
        post(row, bob, actual=RED, now=FIRST)

    post(onboarding, bob, actual=RED, now=SECOND + 2 * WEEK)

    assert Escalation.objects.get().key_result == onboarding


@pytest.mark.parametrize(
    ("values", "rule", "expected"),
    [
        pytest.param([RED, RED], "active", {"Alice", "Bob", "Carla"}, id="M7.3-those-responsible"),
        pytest.param([RED, RED, RED], "raised", {"Alice", "Sam"}, id="M7.4-leads-and-sponsors"),
        pytest.param(
            [RED, RED, RED, AMBER], "recovered", {"Alice", "Sam"}, id="M7.8-those-notified-before"
        ),
    ],
)
def test_each_change_notifies_its_people(
    onboarding: KeyResult,
    bob: Membership,
    carla: Membership,
    sam: Membership,
    *,
    values: list[int],
    rule: str,
    expected: set[str],
) -> None:
    """Bob posts the check-ins; Carla wants no digests."""
    build.change(carla.user, wants_digests=False)
    for value, now in zip(values, (FIRST, SECOND, THIRD, THIRD + HOUR), strict=False):
        post(onboarding, bob, actual=value, now=now)

    (escalation,) = Escalation.objects.all()
    assert told(f"escalation_{rule}") == expected
    for notice in Notice.objects.filter(rule="escalation_active"):
        assert (notice.subject, notice.period) == (escalation.pk, escalation.streak)
        assert notice.due_at == notice.created_at == SECOND


def test_nobody_is_told_while_it_is_only_watched(onboarding: KeyResult, bob: Membership) -> None:
    build.change(onboarding, early_until=SECOND.date())
    red(onboarding, bob, FIRST, SECOND)

    assert Escalation.objects.get().state is EscalationState.WATCHING
    assert not Notice.objects.exists()

    post(onboarding, bob, actual=AMBER, now=THIRD)

    assert Escalation.objects.get().state is EscalationState.RECOVERED
    assert not Notice.objects.exists()


def test_only_members_who_sign_in_and_may_read_are_told(
    onboarding: KeyResult, bob: Membership, alice: Membership, carla: Membership
) -> None:
    build.member(alice.engagement, "Placeholder", Role.LEAD, user=None)
    build.member(alice.engagement, "Gone", Role.LEAD, removed_at=FIRST)
    disabled = build.user("Disabled", is_active=False)
    build.member(alice.engagement, "Disabled", Role.LEAD, user=disabled)
    build.change(carla, role=Role.VIEWER)

    red(onboarding, bob, FIRST, SECOND)

    assert told("escalation_active") == {"Alice", "Bob"}


def test_a_sweep_tells_all_of_them(onboarding: KeyResult, bob: Membership) -> None:
    red(onboarding, bob, FIRST, SECOND)
    KeyResult.objects.filter(pk=onboarding.pk).update(rag="amber", red_since=None)

    assert update_escalations(now=THIRD, using="default") == 1

    assert told("escalation_recovered") == {"Alice", "Bob"}


def test_one_that_goes_on_after_all_tells_nobody_again(
    onboarding: KeyResult, bob: Membership
) -> None:
    red(onboarding, bob, FIRST, SECOND)
    better = post(onboarding, bob, actual=AMBER, now=SECOND + HOUR)
    before = Notice.objects.count()

    undo_check_in(check_in=better, by=bob, now=SECOND + HOUR)

    (escalation,) = Escalation.objects.all()
    assert escalation.is_open
    assert Notice.objects.count() == before


def test_one_that_is_raised_again_and_again_is_raised_once(
    onboarding: KeyResult, bob: Membership, sam: Membership
) -> None:
    red(onboarding, bob, FIRST, SECOND, THIRD)

    assert update_escalations(now=THIRD + WEEK, using="default") == 0
    assert Notice.objects.filter(rule="escalation_raised", person=sam).count() == 1


def test_the_worker_is_woken_only_if_someone_is_notified(
    onboarding: KeyResult, bob: Membership, django_capture_on_commit_callbacks: Callbacks
) -> None:
    for now, expected in ((FIRST, []), (SECOND, [wake_worker])):
        with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[attr-defined]
            post(onboarding, bob, actual=RED, now=now)

        assert callbacks == expected
