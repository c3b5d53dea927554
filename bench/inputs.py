"""The cost of 100 kB of hostile text at each address that checks input as it is typed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench import verdict
from demo.seeding import seed
from engagements.models import Engagement, Membership, Role
from okrs.models import KeyResult
from okrs.weeks import monday_of
from tenancy.scoping import scope, unscoped

LENGTH = 100_000
LENGTH_OF_QUERY = 4_000  # the web server refuses a longer request line
LIMIT = 50  # ms
SHEET_LIMIT = 500  # ms; a sheet is read in a process of its own, which takes 200 ms to start
ROUNDS = 7
UNITS = ("1,", "a", " ", "from 1 ", "12 customers. ", '"<', "a@b.c,", "é")


class Check(NamedTuple):
    """An address, the method, and the field that takes the text."""

    name: str
    path: str
    method: str
    field: str
    limit: float = LIMIT


def measure(slack: float) -> bool:
    """Print the time of the slowest text at each address. False where one is over the limit."""
    seed(clients=1, monday=monday_of(timezone.now().date()))
    with unscoped():
        engagement = Engagement.objects.using("owner").get(slug="seed-1")
    with scope(engagement.pk):
        lead = Membership.objects.select_related("engagement", "user").filter(role=Role.LEAD)[0]
    client = Client(headers={"host": "localhost"})
    assert lead.user
    client.force_login(lead.user)
    met = []
    for check in _checks(lead):
        length = LENGTH if check.method == "post" else LENGTH_OF_QUERY
        slowest = max(_milliseconds(client, check, unit * (length // len(unit))) for unit in UNITS)
        met.append(verdict(check.name, slowest, check.limit * slack, unit=" ms"))
    return all(met)


def _checks(lead: Membership) -> Iterator[Check]:
    slug = lead.engagement.slug
    with scope(lead.engagement_id):
        key_result = KeyResult.objects.select_related("objective__cycle")[0]
    ids = {
        "okrs:objective-check": key_result.objective.cycle.public_id,
        "okrs:key-result-check": key_result.objective.public_id,
    }
    for name, public_id in ids.items():
        for field in ("title", "reason-measure", "version"):
            yield Check(f"{name} {field}", reverse(name, args=[slug, public_id]), "post", field)
    preview = reverse("checkins:check-in-preview", args=[slug, key_result.public_id])
    yield Check("checkins:check-in-preview actual", preview, "get", "actual")
    sheet = reverse("imports:sheet-import", args=[slug])
    yield Check("imports:sheet-import lines", sheet, "post", "lines", limit=SHEET_LIMIT)
    several = reverse("engagements:member-invite-many", args=[slug])
    yield Check("engagements:member-invite-many people", several, "post", "people")


def _milliseconds(client: Client, check: Check, text: str) -> float:
    """Return the best of several times: others may use the machine meanwhile."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        response = getattr(client, check.method)(check.path, {check.field: text}, secure=True)
        taken.append((time.perf_counter() - began) * 1000)
        assert response.status_code < 500, (check.name, response.status_code)
    return min(taken)
