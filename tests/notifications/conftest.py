from __future__ import annotations

import pytest

from engagements.models import Membership, Role
from tests import build


@pytest.fixture
def bob(committed: str) -> Membership:
    """Bob, in Berlin: an email a day at nine, quiet hours from eight in the evening to seven."""
    return build.member(build.engagement(), "Bob", Role.CONTRIBUTOR)
