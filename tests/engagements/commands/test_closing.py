from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from engagements.commands import close_engagement, reopen_engagement
from engagements.models import Engagement, Membership, Role
from engagements.permissions import Permission, may_here
from tenancy.scoping import scope
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> Membership:
    return build.member(build.engagement())


def saved(engagement: Engagement) -> Engagement:
    with scope(engagement.id):
        return Engagement.objects.get(pk=engagement.pk)


def close(lead: Membership) -> Engagement:
    with scope(lead.engagement_id):
        return close_engagement(engagement=lead.engagement, by=lead)


def test_closing_says_who_and_when(lead: Membership) -> None:
    close(lead)

    now = saved(lead.engagement)
    assert (now.is_closed, now.closed_by_id, now.version) == (True, lead.pk, 2)


def test_closing_twice_changes_nothing(lead: Membership) -> None:
    first = close(lead).closed_at
    other = build.member(lead.engagement, "Olga")

    with scope(lead.engagement_id):
        again = close_engagement(engagement=lead.engagement, by=other)

    assert (again.closed_at, again.closed_by_id, again.version) == (first, lead.pk, 2)


def test_opened_again_it_asks_for_nothing_that_was_due_meanwhile(lead: Membership) -> None:
    close(lead)
    before = timezone.now()

    with scope(lead.engagement_id):
        reopen_engagement(engagement=lead.engagement, by=lead)

    now = saved(lead.engagement)
    assert (now.is_closed, now.closed_by_id) == (False, None)
    assert now.rhythm_since is not None
    assert now.rhythm_since >= before


def test_reopening_what_is_open_keeps_its_rhythm(lead: Membership) -> None:
    with scope(lead.engagement_id):
        reopen_engagement(engagement=lead.engagement, by=lead)

    assert (saved(lead.engagement).rhythm_since, saved(lead.engagement).version) == (None, 1)


@pytest.mark.parametrize("role", Role.values)
def test_nobody_works_in_it_and_whoever_read_it_reads_it(lead: Membership, role: str) -> None:
    member = build.member(lead.engagement, role.capitalize(), role)
    before = {one for one in Permission if may_here(member, one)}
    member.engagement = close(lead)

    kept = {one for one in Permission if may_here(member, one)}

    assert kept == before & {"read_status", "read", "manage_members", "manage_settings"}


def test_the_database_keeps_its_owners_inside_the_client(lead: Membership) -> None:
    stranger = build.member(build.engagement("Harbor"), "Hannah")
    with scope(lead.engagement_id), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        refused = pytest.raises(IntegrityError, match="engagement_workflow_owner_key")
        with refused, transaction.atomic():
            Engagement.objects.filter(pk=lead.engagement_id).update(workflow_owner=stranger)
