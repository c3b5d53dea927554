from __future__ import annotations

from django.utils import timezone

from accounts.addresses import forget_others
from accounts.models import User


def end_other_sessions(*, user: User) -> None:
    """Sign this person out everywhere, with the next request of each session.

    A caller that keeps its own session must renew it.
    """
    user.signed_out_at = timezone.now()
    user.save(update_fields=["signed_out_at"])


def disable_user(*, user: User) -> None:
    """Close an account everywhere: no sign-in, and every open session ends at its next request."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    forget_others(user)
