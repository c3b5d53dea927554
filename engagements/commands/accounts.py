"""The changes that operators make to a person's account and memberships, from the command line."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.commands import disable_user, end_other_sessions
from accounts.models import User
from engagements.commands.invitations import issue_invitation
from engagements.commands.members import end_membership, lock_invitations, revoke_invitations
from engagements.commands.profiles import engagements_of
from engagements.holdings import end_participation
from engagements.models import Engagement, Invitation, Membership, Role
from engagements.queries import is_only_lead
from tenancy.locks import lock_names, locking
from tenancy.scoping import scope


@transaction.atomic
def close_account(*, user: User, now: dt.datetime) -> list[Membership]:
    """Close an account: it signs in nowhere, and its memberships end as if a lead removed them.

    Return these. Raises ValidationError: a `last_lead` for each engagement that would be left
    without a program lead.
    """
    end_other_sessions(user=user, now=now)
    disable_user(user=user)
    ended, refusals = [], []
    for ids in engagements_of(user):
        with scope(*ids):
            mine = Membership.objects.active().filter(engagement_id__in=ids, user=user)
            lock_invitations(mine)
            for membership in mine:
                end_participation(membership)
            for engagement_id in ids:
                lock_names(engagement_id)
            memberships = list(locking(mine.select_related("engagement")))
            list(locking(Engagement.objects.filter(pk__in=ids)).values_list("pk"))
            refusals += [_last_lead(each) for each in memberships if is_only_lead(each)]
            for membership in memberships if not refusals else []:
                end_membership(membership, by=None, now=now)
            ended += memberships
    if refusals:
        raise ValidationError(refusals)
    return ended


@transaction.atomic
def reopen_account(*, user: User) -> list[Membership]:
    """Open an account again; return the memberships that ended as it was closed and now go on."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    # An operator ended those: leads are named in `removed_by`.
    ended = Q(removed_at__isnull=False, removed_by=None, email=user.email)
    restored = []
    for ids in engagements_of(user, ended):
        with scope(*ids):
            mine = Membership.objects.filter(ended, engagement_id__in=ids, user=user)
            for membership in locking(mine.select_related("engagement")):
                membership.removed_at = None
                membership.save(update_fields=["removed_at"])
                restored.append(membership)
    return restored


@transaction.atomic
def make_lead(*, engagement: Engagement, email: str, now: dt.datetime) -> Invitation | None:
    """Make this person a program lead, a member or not; return the link for who has yet to join.

    Raises ValidationError: `already_lead`, or `closed` for an account that is closed.
    """
    user = locking(User.objects.filter(email=email)).first()
    if user is not None and not user.is_active:
        raise ValidationError("This account is closed. Run enable_user first.", code="closed")
    here = Membership.objects.filter(engagement=engagement, email=email)
    lock_invitations(here)
    lock_names(engagement.pk)
    member = locking(here).first()
    list(locking(Engagement.objects.filter(pk=engagement.pk)).values_list("pk"))
    if member is None:
        member = Membership.objects.create(
            engagement=engagement, email=email, name=str(user or email), role=Role.LEAD, user=user
        )
    elif member.removed_at is None and member.role == Role.LEAD and member.user_id is not None:
        raise ValidationError(f"{member.name} is a program lead already.", code="already_lead")
    else:
        member.user = (member.user if member.removed_at is None else None) or user
        member.role, member.removed_at, member.removed_by = Role.LEAD, None, None
        member.save(update_fields=["user", "role", "removed_at", "removed_by"])
    if member.user is None:
        return issue_invitation(membership=member, by=None, now=now)
    revoke_invitations(membership=member, at=now)
    return None


def _last_lead(membership: Membership) -> ValidationError:
    engagement = membership.engagement
    return ValidationError(
        f"{membership.name} is the only program lead of {engagement}. Make someone else program"
        f" lead first: manage.py make_lead EMAIL {engagement.slug}",
        code="last_lead",
    )
