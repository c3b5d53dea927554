"""Who works with seeded clients: people, clients and memberships, all at once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from engagements.models import Engagement, Membership, Role
from tenancy.scoping import unscoped

DOMAIN = "seed.test"
# By kind of person: the role, and how many clients each of them serves.
PEOPLE = {
    "lead": (Role.LEAD, 20),
    "consultant": (Role.CONTRIBUTOR, 10),
    "champion": (Role.CHAMPION, 1),
    "sponsor": (Role.SPONSOR, 1),
    "contributor": (Role.CONTRIBUTOR, 1),
    "viewer": (Role.VIEWER, 1),
}
NAMES = ("Aster", "Birch", "Cobalt", "Dune", "Ember", "Fjord", "Garnet", "Heron", "Indigo")
ZONES = ("Europe/Berlin", "Europe/London", "Europe/Athens", "Asia/Dubai", "Asia/Kolkata")
BUILT = len(ZONES)  # clients that are built; all others are copies


def address(kind: str, number: int = 1) -> str:
    """ "consultant@seed.test", the second one "consultant-2@seed.test"."""
    return f"{kind}@{DOMAIN}" if number == 1 else f"{kind}-{number}@{DOMAIN}"


def write_people(clients: int, *, starts_on: dt.date) -> tuple[list[Engagement], list[Membership]]:
    """All clients and their members, whose ids follow each other without a gap."""
    users = {
        (kind, number): User(
            password="!",  # noqa: S106 - opens nothing
            email=address(kind, number + 1),
            name=f"{kind.capitalize()} {number + 1}",
        )
        for kind, (_, serves) in PEOPLE.items()
        for number in range(-(-clients // serves))
    }
    engagements = [
        Engagement(
            slug=f"seed-{number + 1}",
            client_name=f"{NAMES[(number + 1) % len(NAMES)]} {number + 1}",
            time_zone=ZONES[number % BUILT],
            bands_frozen_on=starts_on,
            vision="All customers find what fits, and come back.",
            strategy_themes=["Loyalty", "Reach", "Trust"],
        )
        for number in range(clients)
    ]
    with unscoped(), transaction.atomic(using="owner"):
        User.objects.using("owner").bulk_create(users.values(), batch_size=2_000)
        Engagement.objects.using("owner").bulk_create(engagements, batch_size=2_000)
        memberships = [
            Membership(engagement=one, user=user, email=user.email, name=user.name, role=role)
            for number, one in enumerate(engagements)
            for kind, (role, serves) in PEOPLE.items()
            for user in [users[kind, number // serves]]
        ]
        Membership.objects.using("owner").bulk_create(memberships, batch_size=2_000)
    for row in (*users.values(), *engagements, *memberships):
        row._state.db = "default"
    return engagements, memberships
