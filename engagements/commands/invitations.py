from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts import limits
from accounts.commands import forget_others
from accounts.models import User
from engagements import links
from engagements.commands.members import (
    add_placeholder,
    lock_invitations,
    lock_to_name,
    revoke_invitations,
)
from engagements.models import Engagement, Invitation, Membership
from engagements.permissions import Permission, require_right
from mail import outbox
from mail.models import Priority
from tenancy import tokens
from tenancy.constraints import refusal_of
from tenancy.locks import lock, lock_for_edit, lock_names, locking
from tenancy.models import new_public_id
from tenancy.scoping import identity, scope
from tenancy.text import address_key

VALID_FOR = dt.timedelta(days=14)


@transaction.atomic
def invite_member(
    *, engagement: Engagement, email: str, name: str, role: str, by: Membership, now: dt.datetime
) -> Membership:
    """Add a person to the engagement and email them the link to join."""
    membership = add_placeholder(engagement=engagement, email=email, name=name, role=role, by=by)
    send_invitation(membership=membership, by=by, now=now)
    return membership


@transaction.atomic
def send_invitation(*, membership: Membership, by: Membership, now: dt.datetime) -> Invitation:
    """Email a new link; an earlier one stops working.

    Raises ValidationError if the person has joined or was removed, and `limit` if too many
    were sent.
    """
    lock_invitations(Membership.objects.filter(pk=membership.pk))
    current, _ = lock(membership, by)
    require_right(by, Permission.MANAGE_MEMBERS)
    if not current.is_placeholder or current.removed_at:
        raise ValidationError(f"{current.name} needs no invitation.", code="not_a_placeholder")
    if not current.has_address:
        raise ValidationError(f"Add an email address for {current.name} first.", code="no_address")
    limits.require(limits.INVITATION, current.pk, name=current.name)
    limits.require(limits.INVITATIONS, by.user_id)
    invitation = issue_invitation(membership=current, by=by, now=now)
    outbox.enqueue(
        kind="invitation",
        recipient=current.email,
        payload={"engagement": invitation.engagement_id, "invitation": invitation.pk},
        dedupe_key=f"invitation:{invitation.engagement_id}:{invitation.public_id}",
        priority=Priority.AWAITED,
    )
    return invitation


@transaction.atomic
def invite_members(
    *,
    engagement: Engagement,
    people: Mapping[str, str],
    role: str,
    by: Membership,
    now: dt.datetime,
) -> list[Membership]:
    """Name these people (address to name) and mail each their link: all of them, or none.

    Who is named already and has not joined keeps name and role, and is sent a new link. Raises
    ValidationError with one `already_member` for each address that belongs to a member, and `limit`
    where too many were sent.
    """
    lock_to_name(Membership.objects.filter(email__in=people), by=by)
    named = {each.email: each for each in _named(engagement)}
    invited, refusals = [], []
    for email, name in sorted(people.items()):
        person = {"email": email, "name": name, "role": role}
        try:
            invited.append(
                named.get(address_key(email))
                or add_placeholder(engagement=engagement, by=by, **person)
            )
        except ValidationError as refusal:
            refusals += refusal.error_list
    if refusals:
        raise ValidationError(refusals)
    for membership in invited:  # after all are added, so that only sent invitations count
        send_invitation(membership=membership, by=by, now=now)
    return invited


@transaction.atomic
def invite_waiting(*, engagement: Engagement, by: Membership, now: dt.datetime) -> list[Membership]:
    """Email a link to everyone who has not joined and has no open invitation."""
    lock_to_name(_named(engagement), by=by)
    sent = Invitation.objects.filter(engagement=engagement).waiting(now=now)
    named = _named(engagement).exclude(pk__in=sent.values("membership_id"))
    waiting = [placeholder for placeholder in named if placeholder.has_address]
    for placeholder in waiting:
        send_invitation(membership=placeholder, by=by, now=now)
    return waiting


def _named(engagement: Engagement) -> QuerySet[Membership]:
    rows = Membership.objects.active().filter(engagement=engagement, user=None)
    return rows.order_by("name", "id")


@transaction.atomic
def withdraw_invitation(*, membership: Membership, by: Membership, now: dt.datetime) -> Membership:
    """End the link that was sent; the person stays named, and can be invited again."""
    lock_invitations(Membership.objects.filter(pk=membership.pk))
    require_right(by, Permission.MANAGE_MEMBERS)
    revoke_invitations(membership=membership, at=now)
    return membership


@transaction.atomic
def correct_placeholder(
    *, membership: Membership, version: int, name: str, email: str, by: Membership, now: dt.datetime
) -> Membership:
    """Correct the name or address of a person who has not joined yet.

    A new address revokes the link already sent and gets a new one. Raises StaleEdit if someone
    saved in the meantime, and ValidationError: `joined`, `already_member`, `was_member`.
    """
    lock_invitations(Membership.objects.filter(pk=membership.pk))
    lock_names(by.engagement_id)
    lock(membership, by)
    require_right(by, Permission.MANAGE_MEMBERS)
    current: Membership = lock_for_edit(membership, version=version)
    if not current.is_placeholder or current.removed_at:
        raise ValidationError(
            f"{current.name} has joined and changes this in their profile.", code="joined"
        )
    email, before = address_key(email), current.email
    here = Membership.objects.filter(engagement_id=current.engagement_id, email=email)
    if other := here.exclude(pk=current.pk).first():
        if other.removed_at is None:
            text, code = f"{other.name} is already a member with this address.", "already_member"
        else:
            text, code = (
                f"{other.name}, who was removed, has this address. Invite that address instead.",
                "was_member",
            )
        raise ValidationError(text, code=code)
    current.name, current.email, current.version = name, email, version + 1
    current.save(update_fields=["name", "email", "version"])
    invited = Invitation.objects.filter(engagement_id=current.engagement_id, membership=current)
    if email != before and invited.unanswered().exists():
        send_invitation(membership=current, by=by, now=now)
    return current


def issue_invitation(
    *, membership: Membership, by: Membership | None, now: dt.datetime
) -> Invitation:
    """Make a new link without an email; revoke the links that the person held before.

    `by` is None where an operator asks for it, who is no member.
    """
    revoke_invitations(membership=membership, at=now)
    invitation = Invitation(
        engagement_id=membership.engagement_id,
        public_id=new_public_id(),
        membership=membership,
        sent_by=by,
        sent_at=now,
        expires_at=now + VALID_FOR,
    )
    invitation.token_hash = tokens.hash_of(links.invitation_token(invitation))
    invitation.save(force_insert=True)
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str, now: dt.datetime) -> User:
    """Make the account that the link is for, and let it in.

    Raises ValidationError where the link no longer works, or the address has an account: that
    person signs in first.
    """
    password = make_password(password)  # slow, so before any lock
    invitation = _claimed(token, now=now)
    with scope(invitation.engagement_id):
        email = invitation.membership.email
    if User.objects.filter(email=email).exists():
        raise ValidationError("This address has an account. Sign in first.", code="has_account")
    try:
        with transaction.atomic():
            user = User.objects.create(email=email, name=name, password=password)
    except IntegrityError as error:  # two invitations of this address are accepted at once
        raise refusal_of(error) from error
    _join(invitation, user=user, now=now)
    return user


@transaction.atomic
def accept_as_user(*, token: str, user: User, now: dt.datetime) -> None:
    """Accept an invitation as an existing user; the link must be for their address."""
    invitation = _claimed(token, user=user, now=now)
    with scope(invitation.engagement_id):
        email = invitation.membership.email
    if email != user.email:
        raise ValidationError("This invitation is for another email address.", code="other_address")
    _join(invitation, user=user, now=now)


def _claimed(token: str, *, user: User | None = None, now: dt.datetime) -> Invitation:
    """Return the open invitation of the token, locked so that it is accepted only once."""
    found = links.find_invitation(token)
    if found is not None:
        with scope(found.engagement_id):
            (invitation,) = lock(found)
            lock_names(invitation.engagement_id)
            # The invited row, and the row of the user's earlier membership.
            wanted = Q(pk=found.membership_id) | (Q(user=user) if user else Q())
            rows = Membership.objects.filter(wanted, engagement_id=found.engagement_id)
            people = {one.pk: one for one in locking(rows)}
            invitation.membership = people[found.membership_id]
            # Joining changes a key of the member's row, for which those wait who name the member
            # while they hold the engagement.
            lock(invitation.engagement)
        if invitation.is_open(now=now):
            return invitation
    raise ValidationError("This invitation no longer works.", code="invitation_gone")


def _join(invitation: Invitation, *, user: User, now: dt.datetime) -> None:
    membership = invitation.membership
    forget_others(user)
    # Who asks is known from here on: the history of both rows names the new member.
    with identity(user_id=user.pk), scope(invitation.engagement_id):
        # Who was removed under an earlier address comes back as this row.
        earlier = Membership.objects.filter(engagement_id=invitation.engagement_id, user=user)
        earlier.exclude(removed_at=None).update(user=None)
        membership.user, membership.name = user, str(user)
        membership.save(update_fields=["user", "name"])
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
