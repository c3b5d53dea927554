"""Throw-away workspaces with embedded services of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config.embedded import ROOT, Paths, short_hash, urls
from config.embedded.servers import SYSTEM
from config.embedded.stack import Lock, hold

REPLACES = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SWEEP_URL", "REDIS_URL")


@contextmanager
def workspace(*, mode: int = 0o711) -> Iterator[Paths]:
    """A data folder with a space in its name; gone at the end, with whatever ran in it."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline test "))
    folder.chmod(mode)
    tag = short_hash(folder)
    found = Paths(data=folder, sockets=Path(f"/tmp/plumbline-{os.geteuid()}-{tag}"))  # noqa: S108
    try:
        yield found
        assert all_ended(found), processes_of(found)
    finally:
        for place in (folder, found.sockets, SYSTEM / f"plumbline-{tag}"):
            shutil.rmtree(place, ignore_errors=True)


def all_ended(paths: Paths, *, within: float = 5) -> bool:
    """Whether every process of the workspace ends in time: each inherited one of its locks."""
    deadline = time.monotonic() + within
    for path in (paths.data / "run.lock", paths.owner_lock):
        lock = Lock(path)
        taken = lock.take(within=deadline - time.monotonic())
        lock.release()
        if not taken:
            return False
    while processes_of(paths) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not processes_of(paths)


def processes_of(paths: Paths, *words: str) -> list[int]:
    """The processes whose command line names the workspace, and these words."""
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,stat=,args="], capture_output=True, text=True, check=True
    )
    found = []
    for line in listing.stdout.splitlines():
        pid, state, *rest = line.split(maxsplit=2)
        command = "".join(rest)
        ours = str(paths.data) in command or str(paths.sockets) in command
        if ours and not state.startswith("Z") and all(word in command for word in words):
            found.append(int(pid))
    return found


def environment(paths: Paths, **extra: str) -> dict[str, str]:
    """The environment of a shell in which nothing names servers; its locale is the poorest."""
    kept = {name: value for name, value in os.environ.items() if name not in REPLACES}
    return {**kept, "PLUMBLINE_DATA_DIR": str(paths.data), "LC_ALL": "C", **extra}


def python(paths: Paths, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the checkout to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(paths, **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ask(paths: Paths, statement: str, *, role: str = "DATABASE_OWNER_URL") -> Sequence[object]:
    """The first row that the statement gives, in a transaction of its own."""
    with psycopg.connect(urls(paths)[role]) as connection:
        cursor = connection.execute(statement)
        return (cursor.fetchone() or ()) if cursor.description else ()


@contextmanager
def services(paths: Paths, *, fast: bool = True) -> Iterator[None]:
    """The services run inside the block and have ended after it."""
    lease = hold(paths, fast=fast)
    try:
        yield
    finally:
        lease.release()
    assert all_ended(paths), processes_of(paths)
