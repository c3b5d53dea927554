from __future__ import annotations

import pytest

from engagements.models import User
from tests import build


@pytest.fixture
def alice(db: None) -> User:
    return build.user("Alice")
