from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def lock_order() -> None:
    """A story is many commands in one transaction of one loader, which nobody competes with."""
