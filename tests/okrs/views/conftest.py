from __future__ import annotations

import pytest
from django.test import Client

from engagements.models import Engagement, Membership, Role
from okrs.models import Cycle, Objective
from tests import build
from tests.engagements.conftest import engagement, lead

__all__ = ["engagement", "lead"]


@pytest.fixture
def cycle(engagement: Engagement) -> Cycle:
    return build.cycle(engagement)


@pytest.fixture
def bob(client: Client, engagement: Engagement) -> Membership:
    return build.sign_in(client, engagement, Role.CONTRIBUTOR)


@pytest.fixture
def drafted(bob: Membership, cycle: Cycle) -> Objective:
    """The objective of a contributor."""
    return build.objective(bob, cycle)


@pytest.fixture
def objective(lead: Membership, cycle: Cycle) -> Objective:
    """The objective of the lead."""
    return build.objective(lead, cycle)
