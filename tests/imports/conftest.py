from __future__ import annotations

from collections.abc import Iterator

import pytest

from engagements.models import Membership
from tenancy.scoping import scope
from tests import build


@pytest.fixture
def lead(db: None) -> Iterator[Membership]:
    """The lead of an engagement whose name no file mentions; the test runs inside it."""
    lead = build.member(build.engagement("Brightwater", slug="brightwater"))
    with scope(lead.engagement_id):
        yield lead
