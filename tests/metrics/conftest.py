from __future__ import annotations

from collections.abc import Iterator

import pytest

from engagements.models import Membership
from tenancy.scoping import scope
from tests import build


@pytest.fixture
def lead(db: None) -> Iterator[Membership]:
    """Alice, who leads; the test runs inside her engagement."""
    alice = build.member(build.engagement())
    with scope(alice.engagement_id):
        yield alice
