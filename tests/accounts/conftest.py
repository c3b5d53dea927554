from __future__ import annotations

import pytest

from accounts.models import User
from tests import build


@pytest.fixture
def alice(db: None) -> User:
    return build.user("Alice")
