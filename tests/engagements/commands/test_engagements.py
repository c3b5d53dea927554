from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from engagements.commands import (
    create_engagement,
    freeze_bands,
    prepare_engagement,
    update_engagement,
)
from engagements.models import Engagement, Membership, Role
from tenancy.locks import StaleEdit
from tenancy.scoping import scope
from tests import build

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 25, 12, tzinfo=dt.UTC)


def test_its_creator_becomes_the_lead() -> None:
    alice = build.user("Alice")

    lead = create_engagement(client_name="Harbor Freight", by_user=alice, time_zone="Asia/Tokyo")

    assert (lead.user, lead.role, lead.email) == (alice, Role.LEAD, alice.email)
    assert (lead.engagement.slug, lead.engagement.time_zone) == ("harbor-freight", "Asia/Tokyo")


def test_a_taken_address_is_stepped_aside_from_without_a_word() -> None:
    build.engagement("Harbor", slug="harbor")

    lead = create_engagement(client_name="Harbor", by_user=build.user())

    assert lead.engagement.slug.startswith("harbor-")


def test_it_refuses_a_taken_address_that_was_asked_for() -> None:
    build.engagement("Harbor", slug="harbor")

    with pytest.raises(ValidationError) as refusal:
        create_engagement(client_name="Another", by_user=build.user(), slug="harbor")

    assert refusal.value.code == "slug_taken"


def test_a_name_without_letters_still_gets_an_address() -> None:
    lead = create_engagement(client_name="株式会社", by_user=build.user())

    assert lead.engagement.slug == "client"


def test_a_workspace_can_wait_for_a_lead_without_an_account() -> None:
    invitation = prepare_engagement(client_name="Harbor", email="Lea@Example.test", name="Lea")

    with scope(invitation.engagement_id):
        lead = Membership.objects.get()
    assert (lead.email, lead.role, lead.is_placeholder) == ("lea@example.test", Role.LEAD, True)


def test_it_changes_settings_and_counts_the_version() -> None:
    alice = build.member(build.engagement())

    with scope(alice.engagement_id):
        update_engagement(
            engagement=alice.engagement, version=1, by=alice, vision="Be there", due_weekday=4
        )
        saved = Engagement.objects.get()

    assert (saved.vision, saved.due_weekday, saved.version) == ("Be there", 4, 2)


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
    settings: dict[str, Any], *, is_another: bool
) -> None:
    alice = build.member(build.engagement())

    with scope(alice.engagement_id), time_machine.travel(NOON, tick=False):
        update_engagement(engagement=alice.engagement, version=1, by=alice, **settings)
        saved = Engagement.objects.get()

    assert saved.rhythm_since == (NOON if is_another else None)


def test_it_refuses_an_edit_of_an_old_version() -> None:
    alice = build.member(build.engagement())

    with scope(alice.engagement_id):
        update_engagement(engagement=alice.engagement, version=1, by=alice, vision="First")
        with pytest.raises(StaleEdit):
            update_engagement(engagement=alice.engagement, version=1, by=alice, vision="Second")
        assert Engagement.objects.get().vision == "First"


def test_the_bands_stay_once_the_first_cycle_has_started() -> None:
    alice = build.member(build.engagement())

    with scope(alice.engagement_id):
        freeze_bands(engagement=alice.engagement, on=timezone.now().date() - dt.timedelta(days=1))
        with pytest.raises(ValidationError) as refusal:
            update_engagement(engagement=alice.engagement, version=1, by=alice, bands="strict")

    assert refusal.value.code == "bands_frozen"


def test_the_bands_can_change_until_the_first_cycle_starts() -> None:
    alice = build.member(build.engagement())

    with scope(alice.engagement_id):
        freeze_bands(engagement=alice.engagement, on=timezone.now().date() + dt.timedelta(days=2))
        saved = update_engagement(engagement=alice.engagement, version=1, by=alice, bands="strict")

    assert saved.bands == "strict"


def test_the_bands_start_to_hold_on_the_clients_own_date() -> None:
    tokyo = Engagement(time_zone="Asia/Tokyo", bands_frozen_on=dt.date(2026, 1, 5))
    late_on_the_fourth_in_utc = dt.datetime(2026, 1, 4, 20, tzinfo=dt.UTC)

    assert tokyo.bands_are_frozen(today=tokyo.today(late_on_the_fourth_in_utc))
