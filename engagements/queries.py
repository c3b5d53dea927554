from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from engagements.links import share_link_url
from engagements.models import Engagement, Invitation, Membership, Role, ShareLink
from tenancy.scoping import scope

SharedLink = tuple[ShareLink, str]  # with its address


@dataclass(frozen=True)
class Member:
    """One row of the members' page."""

    membership: Membership
    invitation: Invitation | None  # the unanswered one
    now: dt.datetime
    is_only_lead: bool

    @property
    def is_invited(self) -> bool:
        return self.invitation is not None and self.invitation.is_open(now=self.now)


def members(engagement: Engagement, *, now: dt.datetime) -> list[Member]:
    """Return all members by name, with their open invitations.

    Takes two queries for any number of members.
    """
    people = Membership.objects.active().filter(engagement=engagement).select_related("user")
    invitations = Invitation.objects.filter(engagement=engagement).unanswered()
    waiting = {invitation.membership_id: invitation for invitation in invitations}
    rows = list(people.order_by("name", "id"))
    leads = [one.pk for one in rows if one.role == Role.LEAD and one.user and one.user.is_active]
    return [Member(one, waiting.get(one.pk), now, leads == [one.pk]) for one in rows]


def member(membership: Membership, *, now: dt.datetime) -> Member:
    here = {"engagement_id": membership.engagement_id}
    found = Membership.objects.select_related("user").get(**here, pk=membership.pk)
    invitations = Invitation.objects.filter(**here, membership=membership)
    return Member(found, invitations.unanswered().first(), now, is_only_lead(found))


def is_only_lead(membership: Membership) -> bool:
    """Return whether no other lead would remain. Takes one query for a lead."""
    if membership.role != Role.LEAD or membership.is_placeholder:
        return False
    others = Membership.objects.active().filter(
        engagement_id=membership.engagement_id, role=Role.LEAD, user__is_active=True
    )
    return not others.exclude(pk=membership.pk).exists()


def share_links(engagement: Engagement, *, now: dt.datetime) -> dict[str, list[SharedLink]]:
    """Return the open and the ended links of the engagement, newest first, in one query."""
    links = ShareLink.objects.filter(engagement=engagement)
    groups: dict[str, list[SharedLink]] = {"open": [], "ended": []}
    for link in links.select_related("created_by", "revoked_by"):
        link.engagement = engagement
        groups["open" if link.is_open(now=now) else "ended"].append((link, share_link_url(link)))
    return groups


def may_create_engagement(user: User, memberships: Iterable[Membership]) -> bool:
    """Return whether this person may create another engagement.

    Program leads may; others may not, or every invited client could. The very first person of
    an installation may, because there is no lead yet.
    """
    roles = {membership.role for membership in memberships}
    if roles:  # a member was invited by someone, so is not the first
        return Role.LEAD in roles
    return not User.objects.exclude(pk=user.pk).exists()


def invited(invitation: Invitation) -> Invitation:
    """Return the invitation with its rows; opens the scope that its token grants."""
    with scope(invitation.engagement_id):
        return Invitation.objects.select_related("membership", "sent_by", "engagement").get(
            engagement_id=invitation.engagement_id, pk=invitation.pk
        )


@dataclass(frozen=True)
class LastSave:
    """Who saved a row last, None if no member did, and when."""

    by: Membership | None
    at: dt.datetime


def last_save(row: Any) -> LastSave | None:
    """Return the last save of the engagement's settings, or of a row by its history."""
    if isinstance(row, Engagement):
        return LastSave(row.saved_by, row.saved_at) if row.saved_at else None
    last = row.events.order_by("-pgh_id").first()
    if last is None:
        return None
    user: int = (last.pgh_context or {}).get("user") or 0
    people = Membership.objects.filter(engagement_id=row.engagement_id, user_id=user)
    return LastSave(people.first(), last.pgh_created_at)
