"""A sheet checked in a process of its own, with limits on its memory and time.

A sheet is a stranger's input: the worst one may cost a failed check, never the web worker. The
process knows neither settings nor database, so it starts in a fifth of a second and holds no
secret.
"""

from __future__ import annotations

import ctypes
import logging
import os
import pickle
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from okrs.imports.checking import Known
from okrs.imports.plans import MAX_PROBLEMS, Plan, plan_import

MEMORY = 512 * 1024 * 1024  # bytes of address space
CPU_SECONDS = 15
# A page's transaction stays open meanwhile: PostgreSQL ends one that is idle for 30 seconds.
WALL_SECONDS = 25
PR_SET_PDEATHSIG = 1
ROOT = Path(__file__).resolve().parent.parent.parent
INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG")

logger = logging.getLogger(__name__)


class TooCostlyError(Exception):
    """The check needed more memory or time than it may have, or failed."""


def plan_in_child(
    content: bytes,
    *,
    known: Known,
    client: str = "",
    max_problems: int = MAX_PROBLEMS,
    with_rows: bool = True,
) -> Plan:
    """Plan an import as `plan_import` does; without `with_rows` the plan comes without them.

    Raises TooCostlyError.
    """
    task = pickle.dumps((content, known, client, max_problems, with_rows))
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        process = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__],
            input=task,
            capture_output=True,
            timeout=WALL_SECONDS,
            env={**environment, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TooCostlyError from None
    if process.returncode:
        logger.warning("Check of a sheet ended with %d: %s", process.returncode, process.stderr)
        raise TooCostlyError
    plan: Plan = pickle.loads(process.stdout)  # noqa: S301 - written by our own process
    return plan


def main() -> None:
    limit()
    content, known, client, max_problems, with_rows = pickle.load(sys.stdin.buffer)  # noqa: S301
    plan = plan_import(content, known=known, client=client, max_problems=max_problems)
    pickle.dump(plan if with_rows else replace(plan, rows=()), sys.stdout.buffer)


def limit() -> None:
    """Bound this process, and have it end with its parent."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(WALL_SECONDS)
    if sys.platform == "linux":  # others bound no address space, and know no such signal
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
