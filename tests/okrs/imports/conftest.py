from __future__ import annotations

import pytest

from engagements.models import Membership
from tests import build


@pytest.fixture
def lead(db: None) -> Membership:
    """The lead of a new engagement whose name no file mentions."""
    return build.member(build.engagement("Brightwater", slug="brightwater"))
