"""Ends the processes of a supervisor that was killed; run as a script, with only a pipe to it.

Each line `GROUP SIGNAL` names a process group and how to ask it to end; `done` means that the
supervisor has ended them itself. The end of the pipe without `done` means that it is dead.
Every system tells the death of a process this way, and it reaches grandchildren too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

GRACE = 2.0


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        if line == "done\n":
            return
        group, number = line.split()
        groups[int(group)] = int(number)
    alive = {group for group, number in groups.items() if send(group=group, number=number)}
    deadline = time.monotonic() + GRACE
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = {group for group in alive if send(group=group, number=0)}
    for group in alive:
        send(group=group, number=signal.SIGKILL)


def send(*, group: int, number: int) -> bool:
    """Signal the group; say whether there was anybody in it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    main()
