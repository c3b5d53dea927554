from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.template.loader import render_to_string

from accounts import limits
from accounts.commands import VALID_FOR, find_new_address, forget_others, link_to
from accounts.messages import enqueue_account_mail
from accounts.models import ADDRESS_TAKEN, User, is_quiet
from engagements.models import Membership
from tenancy.locks import lock, locking
from tenancy.scoping import MAX_ENGAGEMENTS, identity, scope, unscoped
from tenancy.text import address_key

ACTIVE = Q(removed_at=None)
GONE = "This link no longer works. Request a new one in your profile."
SAME = "This is already your email address."


@transaction.atomic
def update_profile(*, user: User, **profile: Any) -> User:
    """Change a person's profile, and their name in every engagement.

    Raises ValidationError if the daily email would fall into the quiet hours (M6.4).
    """
    for name, value in profile.items():
        setattr(user, name, value)
    if is_quiet(user.message_at, since=user.quiet_from, until=user.quiet_until):
        raise ValidationError(
            f"{user.message_at:%H:%M} is in your quiet hours, {user.quiet_from:%H:%M} to"
            f" {user.quiet_until:%H:%M}. Choose a time outside them.",
            code="message_in_quiet_hours",
        )
    user.save(update_fields=[*profile])
    for ids in engagements_of(user):
        with scope(*ids):
            mine = Membership.objects.filter(engagement_id__in=ids, user=user)
            list(locking(mine).values_list("pk"))  # the update alone takes them in any order
            mine.update(name=str(user))
    return user


def engagements_of(user: User, which: Q = ACTIVE) -> list[list[int]]:
    """Return the ids of the user's engagements, in lists that fit into a scope.

    `which` selects memberships, by default those that were not removed.
    """
    with identity(user_id=user.pk), unscoped():
        mine = Membership.objects.filter(which, user=user).order_by("engagement_id")
        ids = list(mine.values_list("engagement_id", flat=True))
    return [ids[at : at + MAX_ENGAGEMENTS] for at in range(0, len(ids), MAX_ENGAGEMENTS)]


@transaction.atomic
def ask_for_address(*, user: User, email: str) -> None:
    """Email a link that confirms a new address; it takes effect when they follow it, signed in.

    Only that email shows whether the address has an account. Raises ValidationError: `same`,
    `limit`.
    """
    email = address_key(email)
    if email == user.email:
        raise ValidationError(SAME, code="same")
    limits.require(limits.ADDRESSES, user.pk)
    taken = User.objects.filter(email=email).exists()
    link = "" if taken else link_to(user, new=email)
    _mail(email, subject="Confirm your new email address", name="confirm", taken=taken, link=link)


def change_address(*, user: User, token: str) -> User:
    """Change the email address of a person, in every engagement, to the one the link confirms.

    The old address gets an email and can no longer sign in. Raises ValidationError: `gone`, `taken`.
    """
    try:
        with transaction.atomic():
            return _change(user, token=token)
    except IntegrityError as error:  # someone took the address between check and save
        raise ValidationError(ADDRESS_TAKEN, code="taken") from error


def _change(user: User, *, token: str) -> User:
    (current,) = lock(user)
    new = find_new_address(token, user=current)
    if new is None:
        raise ValidationError(GONE, code="gone")
    if User.objects.filter(email=new).exists():
        raise ValidationError(ADDRESS_TAKEN, code="taken")
    for ids in engagements_of(current):
        with scope(*ids):
            here = Membership.objects.filter(engagement_id__in=ids)
            list(locking(here.filter(Q(user=current) | Q(email=new))))
            require_unlisted_address(new, ids=ids, user=current)
            # Rows of removed members, where it can no longer be corrected, give the address back.
            nowhere = Concat("public_id", Value("@removed.invalid"))
            here.filter(email=new).exclude(removed_at=None).update(email=nowhere)
            here.filter(user=current).update(email=new)
    old, current.email = current.email, new
    current.save(update_fields=["email"])
    forget_others(current)
    subject = "Your email address was changed"
    _mail(old, subject=subject, name="changed", user=current, new=new)
    return current


def require_unlisted_address(email: str, *, ids: list[int], user: User) -> None:
    others = Membership.objects.active().filter(engagement_id__in=ids, email=email)
    listed = others.exclude(user=user).select_related("engagement").first()
    if listed:
        raise ValidationError(
            f"{listed.engagement} lists {listed.name} under this address. Ask its program lead to"
            " correct it first.",
            code="taken",
        )


def _mail(
    to: str, *, subject: str, name: str, user: User | None = None, **context: str | bool
) -> None:
    text = render_to_string(f"engagements/email/address_{name}.txt", context).strip()
    enqueue_account_mail(
        "account-mail", to, valid_for=VALID_FOR, user=user, subject=subject, text=text
    )
