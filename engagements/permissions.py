"""The permissions of each role (M9.6). A role is a set of permissions, not a rank.

In a closed engagement only members and share links can be changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import connection, models

from engagements.models import Membership, Role


class Permission(models.TextChoices):
    """The permissions in the order of the table on the members' page, with its labels."""

    READ_STATUS = "read_status", "Read the status page"
    READ = "read", "Read everything else, act on your own items"
    DRAFT = "draft", "Write objectives, key results, metrics"
    CHECK_IN = "check_in", "Check in"
    COMMIT = "commit", "Pass the quality gate"
    HUDDLE = "huddle", "Call huddles, record their outcome"  # of any escalation (M7.3)
    DECIDE = "decide", "Record decisions in a review"
    RUN_REVIEWS = "run_reviews", "Run reviews, publish to the client"
    PLAN = "plan", "Plan cycles and teams"
    MANAGE_MEMBERS = "manage_members", "Manage members, roles and share links"
    MANAGE_SETTINGS = "manage_settings", "Change settings, close the engagement"


_CONTRIBUTOR = frozenset(
    {Permission.READ_STATUS, Permission.READ, Permission.DRAFT, Permission.CHECK_IN}
)
_CHAMPION = _CONTRIBUTOR | {Permission.COMMIT, Permission.DECIDE, Permission.HUDDLE}
_LEAD = _CHAMPION | {
    Permission.PLAN,
    Permission.RUN_REVIEWS,
    Permission.MANAGE_MEMBERS,
    Permission.MANAGE_SETTINGS,
}

PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ_STATUS}),
    Role.CONTRIBUTOR: _CONTRIBUTOR,
    Role.CHAMPION: _CHAMPION,
    Role.LEAD: _LEAD,
    Role.SPONSOR: frozenset({Permission.READ_STATUS, Permission.READ, Permission.DECIDE}),
}

WHEN_CLOSED = frozenset(
    {
        Permission.READ_STATUS,
        Permission.READ,
        Permission.MANAGE_MEMBERS,
        Permission.MANAGE_SETTINGS,  # it can be opened again
    }
)
CHANGES_WHEN_CLOSED = frozenset({Permission.MANAGE_MEMBERS})


NO_MEMBER = "You are no longer a member of this engagement."
NO_RIGHT = "You don’t have permission to do this. Ask a program lead."
CLOSED = "This engagement is closed and read-only."

RIGHTS = """
    SELECT member.role, member.removed_at, engagement.closed_at, account.is_active
    FROM engagements_membership AS member
    JOIN engagements_engagement AS engagement ON engagement.id = member.engagement_id
    LEFT JOIN accounts_user AS account ON account.id = member.user_id
    WHERE member.engagement_id = %s AND member.id = %s
    FOR SHARE OF member
"""
UNTIL_COMMIT = " FOR KEY SHARE OF engagement"
OWNERS = """
    SELECT id, role, removed_at FROM engagements_membership
    WHERE engagement_id = %s AND id = ANY(%s) ORDER BY id FOR SHARE
"""


class RightLost(ValidationError):
    """The error when a permission was lost in the meantime: `no_right` or `closed`."""


def require_right(
    by: Membership,
    permission: Permission,
    *,
    owners: Iterable[Membership | None] = (),
    even_when_closed: bool = False,
    may_close_meanwhile: bool = False,
) -> None:
    """Read again, under the command's locks, whether this member may change this; update `by`.

    The gate asked before the command waited for its rows. Role, membership and engagement stay as
    read until the transaction ends. Every command calls it once it holds its rows, and before it
    locks the engagement. With `may_close_meanwhile` a close does not wait for the command, which
    therefore asks again before its commit. Raises RightLost: `no_right`, or `closed` where the
    engagement is.

    `owners` are all members to whom the command gives something. They are read and held too, for
    `check_owners` or a check like it.
    """
    people = [person for person in owners if person is not None]
    with connection.cursor() as cursor:
        if people:
            # A statement of its own: the other one holds the engagement, which comes after members.
            cursor.execute(OWNERS, [by.engagement_id, [by.pk, *(person.pk for person in people)]])
            current = {pk: values for pk, *values in cursor.fetchall()}
            for person in people:
                person.role, person.removed_at = current[person.pk]
        cursor.execute(
            RIGHTS + ("" if may_close_meanwhile else UNTIL_COMMIT), [by.engagement_id, by.pk]
        )
        row = cursor.fetchone()
    if row is None:
        raise RightLost(NO_MEMBER, code="no_right")
    by.role, by.removed_at, by.engagement.closed_at, is_active = row
    if by.removed_at is not None or is_active is False:
        raise RightLost(NO_MEMBER, code="no_right")
    if not may(by.role, permission):
        raise RightLost(NO_RIGHT, code="no_right")
    if by.engagement.is_closed and permission not in CHANGES_WHEN_CLOSED and not even_when_closed:
        raise RightLost(CLOSED, code="closed")


def may(role: str, permission: Permission) -> bool:
    return permission in PERMISSIONS[role]


READERS = [role.value for role in Role if may(role, Permission.READ)]


def permissions_of(membership: Membership) -> frozenset[Permission]:
    """Return this member's permissions in the engagement, open or closed. Needs it joined."""
    granted = PERMISSIONS[membership.role]
    return granted & WHEN_CLOSED if membership.engagement.is_closed else granted


def may_here(membership: Membership, permission: Permission) -> bool:
    """Return whether this member has the permission, open or closed. Needs the engagement joined."""
    return permission in permissions_of(membership)


def check_owners(*people: Membership | None) -> None:
    """Raise ValidationError (`owner`) for members who can't own things (M9.3); None is allowed.

    An owner is one current member who is not a viewer. A command gives those whom it checks to
    `require_right` first, which reads them again and holds them.
    """
    for person in people:
        if person is None:
            continue
        if person.removed_at is not None:
            raise ValidationError(f"{person.name} has left. Choose someone else.", code="owner")
        if person.role == Role.VIEWER:
            raise ValidationError(
                f"{person.name} can only read status pages. Choose another member.", code="owner"
            )
