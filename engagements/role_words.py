"""The table of permissions in words (M9.6)."""

from __future__ import annotations

from dataclasses import dataclass

from engagements.models import Role
from engagements.permissions import Permission, may

HEADINGS = {
    Role.VIEWER: "Viewer",
    Role.CONTRIBUTOR: "Contributor",
    Role.CHAMPION: "Champion",
    Role.LEAD: "Lead",
    Role.SPONSOR: "Sponsor",
}
WORDS = {
    Permission.READ_STATUS: "Read the status page",
    Permission.READ: "Read everything else, act on your own items",
    Permission.DRAFT: "Write objectives, key results, metrics",
    Permission.CHECK_IN: "Check in",
    Permission.COMMIT: "Pass the quality gate",
    Permission.HUDDLE: "Call huddles, record their outcome",
    Permission.DECIDE: "Record decisions in a review",
    Permission.RUN_REVIEWS: "Run reviews, publish to the client",
    Permission.PLAN: "Plan cycles and teams",
    Permission.MANAGE_MEMBERS: "Manage members, roles and share links",
    Permission.MANAGE_SETTINGS: "Change settings, close the engagement",
}


@dataclass(frozen=True)
class RoleRow:
    """One permission, and which roles have it, in the order of the headings."""

    words: str
    held: list[bool]


def role_headings() -> list[str]:
    return list(HEADINGS.values())


def role_rows() -> list[RoleRow]:
    return [
        RoleRow(words, [may(role, permission) for role in HEADINGS])
        for permission, words in WORDS.items()
    ]
