from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet

from engagements.holdings import end_participation
from engagements.models import Engagement, Invitation, Membership, Role
from engagements.permissions import Permission, require_right
from engagements.queries import is_only_lead
from tenancy.locks import lock, lock_names, locking


@transaction.atomic
def add_placeholder(
    *, engagement: Engagement, email: str, name: str, role: str, by: Membership
) -> Membership:
    """Add a person who can own things before they sign in, without an email.

    A removed person returns as the same row and joins by a new invitation. Raises
    ValidationError if the address belongs to a member.
    """
    here = Membership.objects.filter(engagement=engagement, email=email)
    lock_to_name(here, by=by)
    found = here.first()
    if found is None:
        return Membership.objects.create(engagement=engagement, email=email, name=name, role=role)
    if found.removed_at is None:
        raise ValidationError(
            f"{found.name} is already a member with this address.", code="already_member"
        )
    found.removed_at = found.removed_by = found.user = None
    found.name, found.role = name, role
    found.save(update_fields=["removed_at", "removed_by", "user", "name", "role"])
    return found


def add_placeholders(people: Iterable[Membership], *, batch_size: int) -> None:
    """Insert people whom an import names, as contributors who have not signed in.

    The addresses are new to the engagement. Nothing is mailed until someone sends
    the invitations, even where an address signs in elsewhere.
    """
    Membership.objects.bulk_create(people, batch_size=batch_size)


def lock_to_name(rows: QuerySet[Membership], *, by: Membership) -> None:
    """Lock these people and the engagement: of two who name or invite people, one waits."""
    mine = rows.filter(engagement_id=by.engagement_id)
    lock_invitations(mine)
    lock_names(by.engagement_id)
    list(locking(mine | Membership.objects.filter(pk=by.pk)).values_list("pk"))
    require_right(by, Permission.MANAGE_MEMBERS)
    lock(by.engagement)


def lock_invitations(members: QuerySet[Membership]) -> None:
    """Lock the unanswered invitations of these people, before the people themselves."""
    invitations = Invitation.objects.filter(membership__in=members.values("pk")).unanswered()
    list(locking(invitations).values_list("pk"))


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: Membership) -> Membership:
    """Give a member another set of permissions (M9.6).

    Someone who becomes a viewer can't own things any more (M9.3): theirs wait to be handed over.
    Raises ValidationError `last_lead`.
    """
    current = _locked(membership, by=by, ends=role == Role.VIEWER)
    if role != Role.LEAD:
        _require_a_lead(current)
    if role == Role.VIEWER:
        _return_ownership(current)
    current.role = role
    current.save(update_fields=["role"])
    return current


@transaction.atomic
def remove_member(*, membership: Membership, by: Membership, now: dt.datetime) -> None:
    """End a member's access at their next request; their items wait to be handed over."""
    current = _locked(membership, by=by, ends=True)
    _require_a_lead(current)
    end_membership(current, by=by, now=now)


def end_membership(leaving: Membership, *, by: Membership | None, now: dt.datetime) -> None:
    """Remove a member whom the caller has locked; `by` is None for an operator."""
    leaving.removed_at, leaving.removed_by = now, by
    leaving.save(update_fields=["removed_at", "removed_by"])
    _return_ownership(leaving)
    revoke_invitations(membership=leaving, at=now)


def revoke_invitations(*, membership: Membership, at: dt.datetime) -> None:
    """End the links that were not accepted."""
    Invitation.objects.filter(
        engagement_id=membership.engagement_id, membership=membership
    ).unanswered().update(revoked_at=at)


def _locked(membership: Membership, *, by: Membership, ends: bool) -> Membership:
    lock_invitations(Membership.objects.filter(pk=membership.pk))
    if ends:
        end_participation(membership)
    lock_names(by.engagement_id)  # an import may be giving this member something to own
    # All of an engagement's leads queue at its row, so that two of them cannot remove each other.
    current, _ = lock(membership, by)
    require_right(by, Permission.MANAGE_MEMBERS)
    lock(by.engagement)
    if current.removed_at is not None:
        raise ValidationError(f"{current.name} has been removed in the meantime.", code="removed")
    return current


def _return_ownership(leaving: Membership) -> None:
    """Return workflow and context ownership (M9.3) from this member to the leads."""
    for key in ("workflow_owner", "context_owner"):
        owned = Engagement.objects.filter(pk=leaving.engagement_id, **{key: leaving})
        owned.update(**{key: None, "version": F("version") + 1})


def _require_a_lead(leaving: Membership) -> None:
    if is_only_lead(leaving):
        raise ValidationError(
            f"{leaving.name} is the only program lead. Make someone else program lead first.",
            code="last_lead",
        )
