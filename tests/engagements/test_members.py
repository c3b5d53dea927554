from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.commands.invitations import (
    correct_placeholder,
    issue_invitation,
)
from engagements.commands.members import add_placeholder, change_role, remove_member
from engagements.commands.profiles import update_profile
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.engagements.conftest import at_once, saved


def add(by: Membership, email: str, role: str = "viewer") -> Membership:
    with scope(by.engagement_id):
        return add_placeholder(engagement=by.engagement, email=email, name="Bob", role=role, by=by)


def test_a_placeholder_is_named_and_sent_nothing(alice: Membership) -> None:
    bob = add(alice, " Bob@Example.test ")

    assert (bob.email, bob.is_placeholder) == ("bob@example.test", True)
    with scope(alice.engagement_id):
        assert not Invitation.objects.exists()


def test_a_removed_member_comes_back_as_the_same_row_and_joins_again(alice: Membership) -> None:
    bob = build.member(alice.engagement, "Bob", Role.CONTRIBUTOR)
    with scope(alice.engagement_id):
        remove_member(membership=bob, by=alice)

    again = add(alice, bob.email)

    assert again.pk == bob.pk
    assert (again.removed_at, again.user, again.role) == (None, None, Role.VIEWER)


@pytest.fixture
def named(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Bob", Role.VIEWER, user=None, email="bob@example.test")


def correct(member: Membership, *, by: Membership, email: str) -> Membership:
    with scope(by.engagement_id):
        return correct_placeholder(membership=member, version=1, name="Robert", email=email, by=by)


def open_links(member: Membership) -> list[bool]:
    """Whether each invitation still works, the oldest first."""
    with scope(member.engagement_id):
        found = Invitation.objects.filter(membership=member).order_by("pk")
        return [one.revoked_at is None for one in found]


@pytest.mark.parametrize(
    ("is_invited", "email", "links"),
    [
        pytest.param(True, "robert@example.test", [False, True], id="another address"),
        pytest.param(True, "BOB@example.test", [True], id="another name"),
        pytest.param(False, "robert@example.test", [], id="not invited yet"),
    ],
)
def test_another_address_ends_the_link_that_was_sent_and_is_sent_one(
    alice: Membership, named: Membership, is_invited: bool, email: str, links: list[bool]
) -> None:
    if is_invited:
        with scope(alice.engagement_id):
            issue_invitation(membership=named, by=alice)

    now = correct(named, by=alice, email=email)

    assert (now.name, now.email, now.version) == ("Robert", email.lower(), 2)
    assert open_links(named) == links


@pytest.mark.parametrize("code", ["already_member", "was_member", "joined"])
def test_a_correction_is_refused(alice: Membership, named: Membership, code: str) -> None:
    eve = build.member(alice.engagement, "Eve")
    with scope(alice.engagement_id):
        if code == "was_member":
            remove_member(membership=eve, by=alice)

    with pytest.raises(ValidationError) as refusal:
        correct(eve if code == "joined" else named, by=alice, email=eve.email.upper())

    assert refusal.value.code == code


def test_an_owner_does_not_become_a_viewer(engagement: Engagement, alice: Membership) -> None:
    bob = build.member(engagement, "Bob", Role.CONTRIBUTOR)
    objective = build.objective(alice, build.cycle(engagement))
    build.live_key_result(objective, owner_id=bob.pk)

    with scope(engagement.id):
        assert change_role(membership=bob, role=Role.CHAMPION, by=alice).role == Role.CHAMPION
        with pytest.raises(ValidationError) as refusal:
            change_role(membership=bob, role=Role.VIEWER, by=alice)

    assert refusal.value.code == "owner"
    assert refusal.value.messages[0].startswith("Bob owns 1 key result.")


def test_owners_of_workflow_and_context_who_leave_give_them_back(
    engagement: Engagement, alice: Membership
) -> None:
    eve, olga = build.member(engagement, "Eve"), build.member(engagement, "Olga")
    with scope(engagement.id):
        Engagement.objects.update(workflow_owner=eve, context_owner=olga)

        remove_member(membership=eve, by=alice)
        change_role(membership=olga, role=Role.VIEWER, by=alice)

        now = Engagement.objects.get()
    assert (now.workflow_owner_id, now.context_owner_id, now.version) == (None, None, 3)


@pytest.mark.parametrize(
    ("other", "goes"),
    [
        pytest.param({}, True, id="another lead"),
        pytest.param({"role": Role.SPONSOR}, False, id="a sponsor"),
        pytest.param({"user": None}, False, id="a lead who has not joined"),
        pytest.param({"user": "closed"}, False, id="a lead whose account is closed"),
        pytest.param(None, False, id="nobody else"),
    ],
)
def test_the_last_lead_is_neither_demoted_nor_removed(
    engagement: Engagement, alice: Membership, other: dict[str, Any] | None, goes: bool
) -> None:
    if other is not None:
        if other.get("user") == "closed":
            other = {"user": build.user("Other", is_active=False)}
        build.member(engagement, "Other", **other)
    codes = []

    with scope(engagement.id):
        for command, change in ((change_role, {"role": Role.CHAMPION}), (remove_member, {})):
            try:
                with transaction.atomic():
                    command(membership=alice, by=alice, **change)
                    transaction.set_rollback(True)
            except ValidationError as refusal:
                codes.append(refusal.code)

    assert codes == ([] if goes else ["last_lead"] * 2)


def test_removal_notes_who_and_when_and_ends_the_invitation(
    alice: Membership, named: Membership
) -> None:
    with scope(alice.engagement_id):
        invitation = issue_invitation(membership=named, by=alice)
        remove_member(membership=named, by=alice)
        with pytest.raises(ValidationError) as again:
            remove_member(membership=named, by=alice)

    gone = saved(named)
    assert (gone.removed_by_id, saved(invitation).revoked_at) == (alice.pk, gone.removed_at)
    assert again.value.code == "removed"


def test_two_leads_who_remove_each_other_at_once_leave_one(committed: str) -> None:
    engagement = build.engagement()
    leads = [build.member(engagement, name) for name in ("Alice", "Bob")]

    def remove_the_other(lead: Membership) -> bool:
        try:
            remove_member(membership=leads[lead == leads[0]], by=lead)
        except ValidationError:
            return False
        return True

    assert sorted(at_once(leads, remove_the_other)) == [False, True]


def test_a_new_name_reaches_every_engagement(db: None) -> None:
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
    assert alice.wants_reminders
