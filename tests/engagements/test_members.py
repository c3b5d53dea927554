from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from engagements.commands.invitations import correct_placeholder, issue_invitation
from engagements.commands.members import add_placeholder, change_role, remove_member
from engagements.commands.profiles import update_profile
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, refused
from tests.engagements.conftest import saved
from tests.northwind import alice, bob
from tests.walls.racing import at_once

__all__ = ["alice", "bob"]


def add(by: Membership, email: str, role: str = "viewer") -> Membership:
    return add_placeholder(engagement=by.engagement, email=email, name="Bob", role=role, by=by)


def correct(row: Membership, *, by: Membership, email: str) -> Membership:
    return correct_placeholder(
        membership=row, version=1, name="Robert", email=email, by=by, now=TUESDAY
    )


def test_a_placeholder_is_named_and_sent_nothing(alice: Membership) -> None:
    bob = add(alice, " Bob@Example.test ")

    assert (bob.email, bob.is_placeholder) == ("bob@example.test", True)
    assert not Invitation.objects.exists()


def test_a_removed_member_comes_back_and_joins_again(alice: Membership, bob: Membership) -> None:
    remove_member(membership=bob, by=alice, now=TUESDAY)

    again = add(alice, bob.email)

    assert again.pk == bob.pk
    assert (again.removed_at, again.user, again.role) == (None, None, Role.VIEWER)


@pytest.fixture
def named(alice: Membership) -> Membership:
    return build.member(alice.engagement, "Bob", Role.VIEWER, user=None, email="bob@example.test")


@pytest.mark.parametrize(
    ("is_invited", "email", "open_links"),
    [
        pytest.param(True, "robert@example.test", [False, True], id="another address"),
        pytest.param(True, "BOB@example.test", [True], id="another name"),
        pytest.param(False, "robert@example.test", [], id="not invited yet"),
    ],
)
def test_another_address_ends_the_sent_link_and_is_sent_another(
    alice: Membership, named: Membership, is_invited: bool, email: str, open_links: list[bool]
) -> None:
    if is_invited:
        issue_invitation(membership=named, by=alice, now=TUESDAY)

    now = correct(named, by=alice, email=email)

    assert (now.name, now.email, now.version) == ("Robert", email.lower(), 2)
    links = list(named.invitations.order_by("pk"))
    assert [link.revoked_at is None for link in links] == open_links


@pytest.mark.parametrize("code", ["already_member", "was_member", "joined"])
def test_a_correction_is_refused(alice: Membership, named: Membership, code: str) -> None:
    eve = build.member(alice.engagement, "Eve")
    if code == "was_member":
        remove_member(membership=eve, by=alice, now=TUESDAY)

    person = eve if code == "joined" else named
    assert refused(correct, person, by=alice, email=eve.email.upper()) == code


def test_who_leaves_gives_back_workflow_and_context(alice: Membership) -> None:
    eve, olga = build.member(alice.engagement, "Eve"), build.member(alice.engagement, "Olga")
    Engagement.objects.update(workflow_owner=eve, context_owner=olga)

    remove_member(membership=eve, by=alice, now=TUESDAY)
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
    alice: Membership, other: dict[str, Any] | None, goes: bool
) -> None:
    if other is not None:
        if other.get("user") == "closed":
            other = {"user": build.user("Other", is_active=False)}
        build.member(alice.engagement, "Other", **other)
    codes = []

    champion, removal = {"role": Role.CHAMPION}, {"now": TUESDAY}
    for command, change in ((change_role, champion), (remove_member, removal)):
        try:
            with transaction.atomic():
                command(membership=alice, by=alice, **change)
                transaction.set_rollback(True)
        except ValidationError as refusal:
            codes.append(refusal.code)

    assert codes == ([] if goes else ["last_lead"] * 2)


def test_removal_notes_who_and_ends_the_invitation(alice: Membership, named: Membership) -> None:
    invitation = issue_invitation(membership=named, by=alice, now=TUESDAY)
    remove_member(membership=named, by=alice, now=TUESDAY)

    gone = saved(named)
    assert (gone.removed_by_id, saved(invitation).revoked_at) == (alice.pk, gone.removed_at)
    assert refused(remove_member, membership=named, by=alice, now=TUESDAY) == "removed"


def test_two_leads_who_remove_each_other_at_once_leave_one(committed: str) -> None:
    engagement = build.engagement()
    one, other = (build.member(engagement, name) for name in ("Alice", "Bob"))

    outcomes = at_once(
        engagement.pk,
        partial(remove_member, membership=other, by=one, now=TUESDAY),
        partial(remove_member, membership=one, by=other, now=TUESDAY),
    )

    (refusal,) = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(refusal, ValidationError)


def test_a_new_name_reaches_every_engagement(alice: Membership, bob: Membership) -> None:
    user, harbor = alice.user, build.engagement("Harbor")
    assert user
    build.member(harbor, user=user)

    update_profile(
        user=user, name="Alice Stone", time_zone="Asia/Tokyo", theme="dark", shortcuts=False
    )

    with scope(alice.engagement_id, harbor.id):
        names = sorted(Membership.objects.values_list("name", flat=True))
    assert names == ["Alice Stone", "Alice Stone", "Bob"]
    user.refresh_from_db()
    assert (user.time_zone, user.theme, user.shortcuts) == ("Asia/Tokyo", "dark", False)
    assert user.wants_reminders
