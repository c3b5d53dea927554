from __future__ import annotations

from django.db import transaction

from engagements.models import Membership, User
from engagements.scoping import MAX_ENGAGEMENTS, identity, scope, unscoped


@transaction.atomic
def update_profile(*, user: User, name: str, time_zone: str, theme: str, shortcuts: bool) -> User:
    """Change how a person is called and what they see; every engagement calls them so too."""
    user.name, user.time_zone, user.theme, user.shortcuts = name, time_zone, theme, shortcuts
    user.save(update_fields=["name", "time_zone", "theme", "shortcuts"])
    for ids in _engagements_of(user):
        with scope(*ids):
            Membership.objects.filter(engagement_id__in=ids, user=user).update(name=str(user))
    return user


def stop_notices(*, user: User) -> None:
    """No more reminders and digests; escalations still come (M6.4)."""
    user.wants_reminders = user.wants_digests = False
    user.save(update_fields=["wants_reminders", "wants_digests"])


def disable_user(*, user: User) -> None:
    """Close an account everywhere: no sign-in, and every open session ends at its next request."""
    user.is_active = False
    user.save(update_fields=["is_active"])


def _engagements_of(user: User) -> list[list[int]]:
    """The ids of their engagements, in parts that a scope can hold."""
    with identity(user_id=user.pk), unscoped():
        mine = Membership.objects.active().filter(user=user).order_by("engagement_id")
        ids = list(mine.values_list("engagement_id", flat=True))
    return [ids[at : at + MAX_ENGAGEMENTS] for at in range(0, len(ids), MAX_ENGAGEMENTS)]
