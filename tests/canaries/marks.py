"""A mark says whose text it is, who may read it, and from which field it came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OURS, THEIRS = "ours", "theirs"
CLIENT = "client"  # what clients may read (M12)
LATER = "later"  # the same, but from after the last publication
INSIDE = "inside"  # all else: for members only

_MARK = re.compile(
    rf"canary-({OURS}|{THEIRS})-({CLIENT}|{LATER}|{INSIDE})-([a-z_]+(?:\.[a-z_]+)+)", re.IGNORECASE
)


@dataclass(frozen=True, order=True)
class Mark:
    client: str
    audience: str
    field: str

    def __str__(self) -> str:
        return f"CANARY-{self.client}-{self.audience}-{self.field}"

    @property
    def url(self) -> str:
        return f"https://example.test/{self}"

    @property
    def email(self) -> str:
        return f"{self}@example.test".lower()


@dataclass(frozen=True)
class Marks:
    """Makes the marks of one client: `marks.inside("blocker.text")`."""

    client: str

    def client_reads(self, field: str) -> str:
        return str(Mark(self.client, CLIENT, field))

    def later(self, field: str) -> str:
        return str(Mark(self.client, LATER, field))

    def inside(self, field: str) -> str:
        return str(Mark(self.client, INSIDE, field))

    def inside_url(self, field: str) -> str:
        return Mark(self.client, INSIDE, field).url

    def inside_email(self, field: str) -> str:
        return Mark(self.client, INSIDE, field).email


def marks_in(text: str) -> Iterator[Mark]:
    for found in _MARK.finditer(text):
        yield Mark(*(part.lower() for part in found.groups()))
