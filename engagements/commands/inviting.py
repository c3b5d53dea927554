"""Inviting many people with one press."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from engagements.commands.invitations import send_invitation
from engagements.commands.members import add_placeholder, lock_to_name
from engagements.models import Engagement, Invitation, Membership


@transaction.atomic
def invite_members(
    *, engagement: Engagement, people: Mapping[str, str], role: str, by: Membership
) -> list[Membership]:
    """Name these people (address to name) and mail each their link: all of them, or none.

    Who is named already and has not joined keeps name and role, and is sent a new link. Raises
    ValidationError with one `already_member` for each address that belongs to a member, and `limit`
    where too many were sent.
    """
    lock_to_name(Membership.objects.filter(email__in=people), by=by)
    named = {each.email.lower(): each for each in _named(engagement)}
    invited, refusals = [], []
    for email, name in sorted(people.items()):
        person = {"email": email, "name": name, "role": role}
        try:
            invited.append(
                named.get(email.lower()) or add_placeholder(engagement=engagement, by=by, **person)
            )
        except ValidationError as refusal:
            refusals += refusal.error_list
    if refusals:
        raise ValidationError(refusals)
    for membership in invited:  # after all are added, so that only sent invitations count
        send_invitation(membership=membership, by=by)
    return invited


@transaction.atomic
def invite_waiting(*, engagement: Engagement, by: Membership) -> list[Membership]:
    """Email a link to everyone who has not joined and has no open invitation."""
    lock_to_name(_named(engagement), by=by)
    sent = Invitation.objects.filter(engagement=engagement).waiting(now=timezone.now())
    waiting = list(_named(engagement).exclude(pk__in=sent.values("membership_id")))
    for placeholder in waiting:
        send_invitation(membership=placeholder, by=by)
    return waiting


def _named(engagement: Engagement) -> QuerySet[Membership]:
    rows = Membership.objects.active().filter(engagement=engagement, user=None)
    return rows.order_by("name", "id")
