from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from engagements.commands.engagements import (
    close_engagement,
    create_engagement,
    freeze_bands,
    prepare_engagement,
    reopen_engagement,
    update_engagement,
)
from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, may_here
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import refused
from tests.engagements.conftest import saved
from tests.northwind import alice

__all__ = ["alice"]
pytestmark = pytest.mark.django_db
NOON, DAY = dt.datetime(2026, 3, 25, 12, tzinfo=dt.UTC), dt.timedelta(days=1)


def test_an_address_is_made_from_the_name_and_a_taken_one_is_refused_only_if_asked_for() -> None:
    build.engagement("Harbor", slug="harbor")
    alice = build.user()

    taken = create_engagement(client_name="Harbor", by_user=alice, time_zone="Asia/Tokyo")
    without_letters = create_engagement(client_name="株式会社", by_user=alice)
    again = {"client_name": "Another", "slug": "harbor"}

    assert (taken.user, taken.role, taken.email) == (alice, Role.LEAD, alice.email)
    assert taken.engagement.slug.startswith("harbor-")
    assert without_letters.engagement.slug == "client"
    assert refused(create_engagement, by_user=alice, **again) == "slug_taken"


def test_a_workspace_can_wait_for_a_lead_without_an_account() -> None:
    names = {"client_name": "Harbor", "email": "Lea@Example.test", "name": "Lea"}
    invitation = prepare_engagement(now=NOON, **names)

    with scope(invitation.engagement_id):
        lead = Membership.objects.get()
    assert (lead.email, lead.role, lead.is_placeholder) == ("lea@example.test", Role.LEAD, True)


@pytest.mark.parametrize(
    ("settings", "is_another"),
    [
        ({"cadence": "monthly"}, True),
        ({"due_weekday": 4}, True),
        ({"due_time": dt.time(9)}, True),
        ({"opens_days_before": 0}, False),
        ({"time_zone": "Asia/Tokyo"}, True),
        ({"cadence": "weekly", "due_time": dt.time(10), "vision": "Be there"}, False),
    ],
)
def test_it_notes_since_when_another_rhythm_holds(
    alice: Membership, settings: dict[str, Any], *, is_another: bool
) -> None:
    changed = update_engagement(
        engagement=alice.engagement, version=1, by=alice, now=NOON, **settings
    )

    assert saved(changed).rhythm_since == (NOON if is_another else None)


def test_todays_name_of_the_zone_is_no_other_rhythm(alice: Membership) -> None:
    build.change(alice.engagement, time_zone="Asia/Calcutta")

    changed = update_engagement(
        engagement=alice.engagement, version=1, by=alice, now=NOON, time_zone="Asia/Kolkata"
    )

    assert (saved(changed).time_zone, saved(changed).rhythm_since) == ("Asia/Kolkata", None)


@pytest.mark.parametrize(
    ("starts_in", "changes"),
    [pytest.param(-1, False, id="M5.4-started"), pytest.param(2, True, id="M5.4-not-started")],
)
def test_the_bands_can_change_until_the_first_cycle_starts(
    alice: Membership, starts_in: int, changes: bool
) -> None:
    start = NOON.date() + dt.timedelta(days=starts_in)
    refused = nullcontext() if changes else pytest.raises(ValidationError, match="can’t change")

    freeze_bands(engagement=alice.engagement, on=start)
    with refused:
        update_engagement(
            engagement=alice.engagement, version=1, by=alice, bands="strict", now=NOON
        )

    assert (saved(alice.engagement).bands == "strict") is changes


def test_the_bands_start_to_hold_on_the_clients_own_date() -> None:
    tokyo = Engagement(time_zone="Asia/Tokyo", bands_frozen_on=dt.date(2026, 1, 5))
    late_on_the_fourth_in_utc = dt.datetime(2026, 1, 4, 20, tzinfo=dt.UTC)

    assert tokyo.bands_are_frozen(today=tokyo.today(late_on_the_fourth_in_utc))


def close(by: Membership, now: dt.datetime = NOON) -> Engagement:
    return close_engagement(engagement=by.engagement, by=by, now=now)


def test_closing_says_who_and_when_and_again_changes_nothing(alice: Membership) -> None:
    close(alice)

    close(build.member(alice.engagement, "Olga"), NOON + DAY)

    closed = saved(alice.engagement)
    assert (closed.closed_at, closed.closed_by_id, closed.version) == (NOON, alice.pk, 2)


def test_opened_again_it_asks_for_nothing_that_was_due_meanwhile(alice: Membership) -> None:
    reopen_engagement(engagement=alice.engagement, by=alice, now=NOON)
    assert (saved(alice.engagement).rhythm_since, saved(alice.engagement).version) == (None, 1)
    close(alice)

    reopen_engagement(engagement=alice.engagement, by=alice, now=NOON + DAY)

    again = saved(alice.engagement)
    assert (again.is_closed, again.closed_by_id, again.rhythm_since) == (False, None, NOON + DAY)


@pytest.mark.parametrize("role", Role.values)
def test_nobody_works_in_it_and_whoever_read_it_reads_it(alice: Membership, role: str) -> None:
    member = build.member(alice.engagement, role.capitalize(), role)
    before = {one for one in Permission if may_here(member, one)}
    member.engagement = close(alice)

    kept = {one for one in Permission if may_here(member, one)}

    assert kept == before & {"read_status", "read", "manage_members", "manage_settings"}


def test_the_database_keeps_its_owners_inside_the_client(alice: Membership) -> None:
    stranger = build.member(build.engagement("Harbor"), "Hannah")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        refused = pytest.raises(IntegrityError, match="engagement_workflow_owner_key")
        with refused, transaction.atomic():
            Engagement.objects.filter(pk=alice.engagement_id).update(workflow_owner=stranger)
