"""What each role may do (M9.6): the one table. A role is a set of permissions, not a rank.

An engagement that is closed is read, and its people and links looked after; nothing else.
"""

from __future__ import annotations

from enum import StrEnum

from engagements.models import Membership, Role


class Permission(StrEnum):
    READ_STATUS = "read_status"
    READ = "read"
    DRAFT = "draft"  # cycles' content: objectives, key results, metrics
    CHECK_IN = "check_in"
    COMMIT = "commit"  # pass the quality gate
    PLAN = "plan"  # cycles and teams
    DECIDE = "decide"  # record a decision in a review
    HUDDLE = "huddle"  # convene the huddle of any escalation, and record its outcome (M7.3)
    RUN_REVIEWS = "run_reviews"  # plan, lead, close; publish to the client
    MANAGE_MEMBERS = "manage_members"
    MANAGE_SETTINGS = "manage_settings"


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


def may(role: str, permission: Permission) -> bool:
    return permission in PERMISSIONS[role]


READERS = [role.value for role in Role if may(role, Permission.READ)]


def permissions_of(membership: Membership) -> frozenset[Permission]:
    """What this member may do in the engagement as it stands. Needs it joined in."""
    granted = PERMISSIONS[membership.role]
    return granted & WHEN_CLOSED if membership.engagement.is_closed else granted


def may_here(membership: Membership, permission: Permission) -> bool:
    """Whether this member may do it in the engagement as it stands. Needs it joined in."""
    return permission in permissions_of(membership)
