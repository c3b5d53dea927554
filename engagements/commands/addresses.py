from __future__ import annotations

from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import limits
from accounts.addresses import VALID_FOR, find_change, forget_others, link_to
from accounts.models import User
from engagements.commands.profiles import engagements_of
from engagements.models import Membership
from mail import outbox
from mail.models import Priority
from tenancy.locks import lock, locking
from tenancy.scoping import scope

GONE = "This link no longer works. Request a new one in your profile."
SAME = "This is already your email address."
TAKEN = "Another account uses this address."
MAIL = "engagements/email/address"


@transaction.atomic
def ask_for_address(*, user: User, email: str) -> None:
    """Email a link that confirms a new address; it takes effect when they follow it, signed in.

    Only that email says whether the address has an account. Raises ValidationError: `same`,
    `limit`.
    """
    email = email.strip().lower()
    if email == user.email:
        raise ValidationError(SAME, code="same")
    limits.require(limits.ADDRESSES, user.pk)
    taken = User.objects.filter(email__iexact=email).exists()
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
        raise ValidationError(TAKEN, code="taken") from error


def _change(user: User, *, token: str) -> User:
    (current,) = lock(user)
    change = find_change(token, user=current)
    if change is None:
        raise ValidationError(GONE, code="gone")
    if User.objects.filter(email__iexact=change.new).exists():
        raise ValidationError(TAKEN, code="taken")
    for ids in engagements_of(current):
        with scope(*ids):
            here = Membership.objects.filter(engagement_id__in=ids)
            list(locking(here.filter(Q(user=current) | Q(email__iexact=change.new))))
            _refuse_where_listed(change.new, ids=ids, user=current)
            _free_of_removed(change.new, ids=ids)
            Membership.objects.filter(engagement_id__in=ids, user=current).update(email=change.new)
    current.email = change.new
    current.save(update_fields=["email"])
    forget_others(current)
    subject = "Your email address was changed"
    _mail(change.old, subject=subject, name="changed", user=current, new=change.new)
    return current


def _refuse_where_listed(email: str, *, ids: list[int], user: User) -> None:
    others = Membership.objects.active().filter(engagement_id__in=ids, email__iexact=email)
    listed = others.exclude(user=user).select_related("engagement").first()
    if listed:
        raise ValidationError(
            f"{listed.engagement} lists {listed.name} under this address. Ask its program lead to"
            " correct it first.",
            code="taken",
        )


def _free_of_removed(email: str, *, ids: list[int]) -> None:
    """Free the address from rows of removed members, where it can no longer be corrected."""
    here = Membership.objects.filter(engagement_id__in=ids, email__iexact=email)
    nowhere = Concat("public_id", Value("@removed.invalid"))
    here.exclude(removed_at=None).update(email=nowhere)


def _mail(
    to: str, *, subject: str, name: str, user: User | None = None, **context: str | bool
) -> None:
    text = render_to_string(f"{MAIL}_{name}.txt", context)
    outbox.enqueue(
        kind="account-mail",
        recipient=to,
        payload={
            "subject": subject,
            "text": text.strip(),
            "until": (timezone.now() + VALID_FOR).isoformat(),
        },
        dedupe_key=f"account-mail:{uuid4()}",
        user_id=user.pk if user else None,
        priority=Priority.AWAITED,
    )
