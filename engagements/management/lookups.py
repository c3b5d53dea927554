"""The rows that the arguments of a command name."""

from django.core.management.base import CommandError

from accounts.models import User
from engagements.models import Engagement
from tenancy.scoping import unscoped


def find_engagement(slug: str) -> int:
    # The owner's connection: a command names an engagement before any scope is known.
    with unscoped():
        known = dict(Engagement.objects.using("owner").values_list("slug", "id"))
    if slug not in known:
        raise CommandError(f"No engagement “{slug}”. There are: {', '.join(known) or 'none'}.")
    return known[slug]


def find_user(email: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        raise CommandError(f"There is no account with the address {email}.")
    return user
