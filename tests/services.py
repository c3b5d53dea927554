"""Starts PostgreSQL and Valkey for the test run, before pytest-django reads the settings.

`tests/settings.py` imports it: that is early enough, works from any way to start pytest, and
comes first in the controller, whose addresses xdist's workers inherit. Servers of your own are used instead where DATABASE_URL names them.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path

from config.embedded import ROOT, Paths, paths, urls
from config.embedded.stack import Services, hold

MEMORY = Path("/dev/shm")  # noqa: S108
ROOM = 6 * 2**30


def start() -> None:
    # Hundreds of tests copy a database of a thousand files: ten times faster in memory.
    is_roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    folder = Path(tempfile.mkdtemp(prefix="plumbline-tests-", dir=MEMORY if is_roomy else None))
    folder.chmod(0o711)  # as root, the servers run as somebody else
    os.environ["PLUMBLINE_DATA_DIR"] = str(folder)
    found = paths(ROOT)
    lease = hold(found, fast=True, temporary=True)
    os.environ.update(urls(found))
    atexit.register(stop, found=found, lease=lease)


def stop(*, found: Paths, lease: Services) -> None:
    """Let go, and wait until the supervisor has ended and taken its data away."""
    lease.release()
    deadline = time.monotonic() + 10
    while found.data.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


if not os.environ.get("DATABASE_URL"):
    start()
