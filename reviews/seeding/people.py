"""Who works with seeded clients: addresses, names, and how many clients each of them serves."""

from __future__ import annotations

from dataclasses import dataclass

from engagements.models import Role

DOMAIN = "seed.test"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """People with one role; a person serves so many clients, one after the other."""

    name: str
    role: Role
    serves: int = 1


KINDS = (
    Kind(name="lead", role=Role.LEAD, serves=20),
    Kind(name="consultant", role=Role.CONTRIBUTOR, serves=10),
    Kind(name="champion", role=Role.CHAMPION),
    Kind(name="sponsor", role=Role.SPONSOR),
    Kind(name="contributor", role=Role.CONTRIBUTOR),
    Kind(name="viewer", role=Role.VIEWER),
)
FIRST = [
    "Amal",
    "Bruno",
    "Chloe",
    "Dilan",
    "Edda",
    "Farid",
    "Greta",
    "Hana",
    "Ivo",
    "Jana",
    "Kofi",
    "Lena",
    "Milan",
    "Nora",
    "Omar",
    "Pia",
]
LAST = [
    "Adler",
    "Brandt",
    "Castillo",
    "Demir",
    "Engel",
    "Fischer",
    "Grau",
    "Haddad",
    "Iversen",
    "Jansen",
    "Kaya",
    "Lindqvist",
]


def address(kind: str, number: int = 1) -> str:
    """ "consultant@seed.test", the second one "consultant-2@seed.test"."""
    return f"{kind}@{DOMAIN}" if number == 1 else f"{kind}-{number}@{DOMAIN}"
