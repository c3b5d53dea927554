from __future__ import annotations

from collections.abc import Iterator

import pytest

from engagements.models import Membership, Role
from okrs.models import Cycle, Objective
from tenancy.scoping import identity, scope
from tests import build


@pytest.fixture
def lead(db: None) -> Iterator[Membership]:
    """Alice, who leads; the test runs as her, inside her engagement."""
    alice = build.member(build.engagement())
    with identity(user_id=alice.user_id), scope(alice.engagement_id):
        yield alice


@pytest.fixture
def bob(lead: Membership) -> Membership:
    return build.member(lead.engagement, "Bob", Role.CONTRIBUTOR)


@pytest.fixture
def cycle(lead: Membership) -> Cycle:
    return build.cycle(lead.engagement)


@pytest.fixture
def objective(lead: Membership, cycle: Cycle) -> Objective:
    return build.objective(lead, cycle)
