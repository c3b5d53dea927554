"""What a pooler in transaction mode asks of the connections."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

ASK = "import json; from config import settings; print(json.dumps(settings.DATABASES))"


@pytest.mark.parametrize("prepares", [True, False])
def test_only_connections_that_prepare_ask_for_kept_plans(*, prepares: bool) -> None:
    """A pooler knows no `options` at the start of a connection."""
    env = {**os.environ, "DATABASE_PREPARE": str(int(prepares))}
    said = subprocess.run(
        [sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=True
    )
    pages = json.loads(said.stdout)["default"]["OPTIONS"]

    assert ("prepare_threshold" in pages, "options" in pages) == (prepares, prepares)
