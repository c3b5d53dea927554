"""The process in which a sheet is read and checked, with limits on time and memory."""

from __future__ import annotations

import ctypes
import logging
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

MEMORY = 512 * 1024 * 1024  # bytes of address space
CPU_SECONDS = 15
# A page's transaction stays open meanwhile: PostgreSQL ends one that is idle for 30 seconds.
WALL_SECONDS = 25
PR_SET_PDEATHSIG = 1
ROOT = Path(__file__).resolve().parent.parent
INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG")

logger = logging.getLogger(__name__)
T = TypeVar("T")


class TooCostlyError(Exception):
    """The check needed more memory or time than it may have, or failed."""


def in_child(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """Return the result of a pure function, run in a process of its own.

    Raises TooCostlyError, and the function's own errors.
    """
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        process = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            input=pickle.dumps((function, args, options)),
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
    result, error = pickle.loads(process.stdout)  # noqa: S301 - written by our own process
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def main() -> None:
    limit()
    function, args, options = pickle.load(sys.stdin.buffer)  # noqa: S301
    from imports.sheets import SheetError  # only here: in the parent it would be a circle

    result, refusal = None, None
    try:
        result = function(*args, **options)
    except SheetError as error:
        refusal = error
    pickle.dump((result, refusal), sys.stdout.buffer)


def limit() -> None:
    """Bound this process, and have it end with its parent."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(WALL_SECONDS)
    if sys.platform == "linux":  # others bound no address space, and know no such signal
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
