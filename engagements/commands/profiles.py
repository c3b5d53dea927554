from __future__ import annotations

import datetime as dt
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.quiet_hours import is_quiet
from engagements.models import Membership
from tenancy.scoping import MAX_ENGAGEMENTS, identity, scope, unscoped


class Profile(TypedDict, total=False):
    """Settings that a person can change."""

    name: str
    time_zone: str
    theme: str
    shortcuts: bool
    message_at: dt.time
    quiet_from: dt.time
    quiet_until: dt.time
    wants_reminders: bool
    wants_digests: bool


@transaction.atomic
def update_profile(*, user: User, **profile: Unpack[Profile]) -> User:
    """Change a person's profile, and their name in every engagement.

    Raises ValidationError if the daily email would fall into the quiet hours (M6.4).
    """
    for name, value in profile.items():
        setattr(user, name, value)
    _refuse_message_in_quiet_hours(user)
    user.save(update_fields=[*profile])
    for ids in engagements_of(user):
        with scope(*ids):
            Membership.objects.filter(engagement_id__in=ids, user=user).update(name=str(user))
    return user


def _refuse_message_in_quiet_hours(user: User) -> None:
    if is_quiet(user.message_at, since=user.quiet_from, until=user.quiet_until):
        raise ValidationError(
            f"{user.message_at:%H:%M} is in your quiet hours, {user.quiet_from:%H:%M} to"
            f" {user.quiet_until:%H:%M}. Choose a time outside them.",
            code="message_in_quiet_hours",
        )


def engagements_of(user: User) -> list[list[int]]:
    """Return the ids of the user's engagements, in lists that fit into a scope."""
    with identity(user_id=user.pk), unscoped():
        mine = Membership.objects.active().filter(user=user).order_by("engagement_id")
        ids = list(mine.values_list("engagement_id", flat=True))
    return [ids[at : at + MAX_ENGAGEMENTS] for at in range(0, len(ids), MAX_ENGAGEMENTS)]
