from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from accounts.commands import disable_user
from engagements.commands.invitations import issue_invitation
from engagements.commands.members import add_placeholder, change_role, remove_member
from engagements.commands.profiles import update_profile
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build


def test_a_placeholder_is_named_and_told_nothing(engagement: Engagement, alice: Membership) -> None:
    with scope(engagement.id):
        bob = add_placeholder(
            engagement=engagement, email=" Bob@Example.test ", name="Bob", role="viewer", by=alice
        )
        assert (bob.email, bob.is_placeholder) == ("bob@example.test", True)
        assert not Invitation.objects.exists()


def test_it_refuses_the_address_of_a_member_in_any_case(
    engagement: Engagement, alice: Membership
) -> None:
    with scope(engagement.id), pytest.raises(ValidationError) as refusal:
        add_placeholder(
            engagement=engagement, email="ALICE@example.test", name="A", role="viewer", by=alice
        )

    assert refusal.value.code == "already_member"


def test_somebody_removed_comes_back_as_the_same_row_and_joins_anew(
    engagement: Engagement, alice: Membership
) -> None:
    bob = build.member(engagement, "Bob", Role.CONTRIBUTOR)
    with scope(engagement.id):
        remove_member(membership=bob, by=alice)
        again = add_placeholder(
            engagement=engagement, email=bob.email, name="Bob", role=Role.VIEWER, by=alice
        )

    assert again.pk == bob.pk
    assert (again.removed_at, again.user, again.role) == (None, None, Role.VIEWER)


def test_a_role_is_changed(engagement: Engagement, alice: Membership) -> None:
    bob = build.member(engagement, "Bob", Role.VIEWER)

    with scope(engagement.id):
        assert change_role(membership=bob, role=Role.CHAMPION, by=alice).role == Role.CHAMPION


def test_somebody_who_answers_for_cards_does_not_become_a_viewer(
    engagement: Engagement, alice: Membership
) -> None:
    bob = build.member(engagement, "Bob", Role.CONTRIBUTOR)
    objective = build.objective(alice, build.cycle(engagement))
    build.live_key_result(objective, owner_id=bob.pk)

    with scope(engagement.id), pytest.raises(ValidationError) as refusal:
        change_role(membership=bob, role=Role.VIEWER, by=alice)

    assert refusal.value.code == "owner"
    assert refusal.value.messages[0].startswith("Bob owns 1 key result.")


@pytest.mark.parametrize("others", [[], [Role.SPONSOR], ["invited lead"]])
def test_the_last_lead_is_neither_demoted_nor_removed(
    engagement: Engagement, alice: Membership, others: list[str]
) -> None:
    for role in others:
        invited = role == "invited lead"
        build.member(
            engagement,
            "Other",
            Role.LEAD if invited else role,
            **({"user": None} if invited else {}),
        )

    with scope(engagement.id):
        for refused in (
            lambda: change_role(membership=alice, role=Role.CHAMPION, by=alice),
            lambda: remove_member(membership=alice, by=alice),
        ):
            with pytest.raises(ValidationError) as refusal:
                refused()
            assert refusal.value.code == "last_lead"


def test_a_lead_goes_when_another_one_stays(engagement: Engagement, alice: Membership) -> None:
    build.member(engagement, "Other", Role.LEAD)

    with scope(engagement.id):
        remove_member(membership=alice, by=alice)
        assert Membership.objects.get(pk=alice.pk).removed_at


def test_a_closed_account_is_no_lead_who_stays(engagement: Engagement, alice: Membership) -> None:
    gone = build.user("Gone", is_active=False)
    build.member(engagement, "Gone", Role.LEAD, user=gone)

    with scope(engagement.id), pytest.raises(ValidationError):
        remove_member(membership=alice, by=alice)


def test_removal_notes_who_and_when_and_ends_the_invitation(
    engagement: Engagement, alice: Membership
) -> None:
    bob = build.member(engagement, "Bob", Role.VIEWER, user=None)
    with scope(engagement.id):
        invitation = issue_invitation(membership=bob, by=alice)
        remove_member(membership=bob, by=alice)

        bob.refresh_from_db()
        invitation.refresh_from_db()
        assert (bob.removed_by, invitation.revoked_at) == (alice, bob.removed_at)


def test_nobody_is_removed_twice(engagement: Engagement, alice: Membership) -> None:
    bob = build.member(engagement, "Bob", Role.VIEWER)
    with scope(engagement.id):
        remove_member(membership=bob, by=alice)

        with pytest.raises(ValidationError) as refusal:
            remove_member(membership=bob, by=alice)
    assert refusal.value.code == "removed"


def test_two_leads_who_remove_each_other_at_once_leave_one(committed: str) -> None:
    engagement = build.engagement()
    leads = [build.member(engagement, name) for name in ("Alice", "Bob")]

    def removed(pair: tuple[Membership, Membership]) -> bool:
        try:
            with scope(engagement.id):
                remove_member(membership=pair[0], by=pair[1])
        except ValidationError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(removed, [(leads[0], leads[1]), (leads[1], leads[0])]))

    assert sorted(outcomes) == [False, True]


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


def test_what_is_not_given_stays(db: None) -> None:
    alice = build.user("Alice")

    update_profile(user=alice, wants_digests=False)

    alice.refresh_from_db()
    assert (alice.name, alice.wants_reminders, alice.wants_digests) == ("Alice", True, False)


def test_a_disabled_person_is_no_longer_active(db: None) -> None:
    alice = build.user("Alice")

    disable_user(user=alice)

    alice.refresh_from_db()
    assert not alice.is_active
