"""Worker, beat and others as real processes over the test's own database, bell and mail server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings

from tests import databases
from tests.browser.servers import VARIABLES


def environment(*, bell: str, mail_port: int, **extra: str) -> dict[str, str]:
    """What a process of the product reads; the database is the one of the connections."""
    return {
        **os.environ,
        **{name: databases.url(alias) for alias, name in VARIABLES.items()},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "PLUMBLINE_DEMO": "0",
        "REDIS_URL": bell,
        "SECRET_KEY": settings.SECRET_KEY,
        **extra,
    }


def worker(*, app: str = "config", knows: str = "", name: str = "worker") -> Sequence[str]:
    """A worker as `make run` has it, which imports the module `knows` too."""
    included = ["--include", knows] if knows else []
    return ["celery", "-A", app, "worker", "--concurrency", "2", "-n", f"{name}@%h", *included]


def beat(schedule: Path, *, app: str = "config") -> Sequence[str]:
    return ["celery", "-A", app, "beat", "--schedule", str(schedule)]


def eventually(condition: Callable[[], object], *, within: float = 40) -> bool:
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())
