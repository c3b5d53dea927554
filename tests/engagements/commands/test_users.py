from __future__ import annotations

import pytest

from accounts.commands import disable_user
from engagements.commands import update_profile
from engagements.models import Membership
from tenancy.scoping import scope
from tests import build

pytestmark = pytest.mark.django_db


def test_a_new_name_reaches_every_engagement() -> None:
    alice = build.user("Alice")
    north, harbor = build.engagement(), build.engagement("Harbor")
    for engagement in (north, harbor):
        build.member(engagement, user=alice)
    build.member(north, "Bob")

    update_profile(
        user=alice, name="Alice Stone", time_zone="Asia/Tokyo", theme="dark", shortcuts=False
    )

    with scope(north.id, harbor.id):
        names = sorted(Membership.objects.values_list("name", flat=True))
    assert names == ["Alice Stone", "Alice Stone", "Bob"]
    alice.refresh_from_db()
    assert (alice.time_zone, alice.theme, alice.shortcuts) == ("Asia/Tokyo", "dark", False)


def test_what_is_not_given_stays() -> None:
    alice = build.user("Alice")

    update_profile(user=alice, wants_digests=False)

    alice.refresh_from_db()
    assert (alice.name, alice.wants_reminders, alice.wants_digests) == ("Alice", True, False)


def test_a_disabled_person_is_no_longer_active() -> None:
    alice = build.user("Alice")

    disable_user(user=alice)

    alice.refresh_from_db()
    assert not alice.is_active
