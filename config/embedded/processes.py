"""Processes that live and die together: however one of them ends, none is left behind.

Run as a script, this module is the watchdog: it knows the process groups of a supervisor and holds
a pipe to it. The end of that pipe means that the supervisor is dead, on every system.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

LOG_LIMIT = 5_000_000
GRACE = 2.0
LAST_GRACE = 0.7


@dataclass(frozen=True)
class User:
    """Whom a server runs as when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Command:
    """A member: how it starts, how it is asked to end, and where its output goes."""

    name: str
    argv: Sequence[str | Path]
    log: Path
    env: Mapping[str, str] | None = None
    folder: Path | None = None
    user: User | None = None
    stop: signal.Signals = signal.SIGTERM
    stop_now: signal.Signals = signal.SIGTERM  # when it overstays, or its supervisor was killed


class Members:
    """The processes of one supervisor.

    `locks` are descriptors that every member keeps open: they stay taken until the last ends.
    """

    def __init__(self, *, locks: Sequence[int] = ()) -> None:
        self.locks = tuple(locks)
        self.running: list[tuple[Command, subprocess.Popen[bytes]]] = []
        reading, self.pipe = os.pipe()
        self.watchdog = subprocess.Popen(
            [sys.executable, "-ISE", __file__],
            stdin=reading,
            start_new_session=True,
            pass_fds=self.locks,
        )
        os.close(reading)

    def start(self, command: Command) -> subprocess.Popen[bytes]:
        """Start a member in a process group of its own, so that Ctrl-C reaches only us."""
        user = command.user
        with open_log(command.log) as log:
            process = subprocess.Popen(
                [str(word) for word in command.argv],
                env=command.env,
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                pass_fds=self.locks,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        self.running.append((command, process))
        self.notify(f"{process.pid} {int(command.stop_now)}")
        return process

    def run(self, command: Command, *, interrupted: Callable[[], bool]) -> int | None:
        """Run a member to its end; return its exit code, or None where we were interrupted."""
        process = self.start(command)
        while process.poll() is None:
            if interrupted():
                return None
            time.sleep(0.02)
        self.running.remove((command, process))
        return process.returncode

    def ended(self) -> str | None:
        """Return a sentence on the member that ended by itself, or None while all live."""
        for command, process in self.running:
            if process.poll() is not None:
                return f"{command.name} {ending(process.returncode)}; its log: {command.log}"
        if self.watchdog.poll() is not None:
            return f"the watchdog {ending(self.watchdog.returncode)}"
        return None

    def stop(self) -> None:
        """End all members, at most within about 3 seconds."""
        for command, process in self.running:
            process.send_signal(command.stop)
        self.wait(seconds=GRACE)
        for command, process in self.running:
            process.send_signal(command.stop_now)
        self.wait(seconds=LAST_GRACE)
        for _, process in self.running:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
        self.notify("done")
        os.close(self.pipe)
        self.watchdog.wait()

    def wait(self, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(process.poll() is not None for _, process in self.running):
                return
            time.sleep(0.02)

    def notify(self, line: str) -> None:
        """Write to the watchdog; one that was killed shows up in `ended`."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.pipe, f"{line}\n".encode())


def ending(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def stop_requests() -> threading.Event:
    """Return an event that SIGTERM, SIGINT and SIGHUP set."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: asked.set())
    return asked


def open_log(path: Path) -> BinaryIO:
    """Append to the log; a long one is put aside first, as `.old`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".old"))
    return path.open("ab")


def tail(path: Path, *, lines: int = 12) -> str:
    """Return the last lines of a log, for a message."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def signal_group(group: int, number: int) -> bool:
    """Signal the process group; return whether there was anyone in it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


def watch() -> None:
    """Be the watchdog: each line names a group and how to ask it to end; `done` ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        if line == "done\n":
            return
        group, number = line.split()
        groups[int(group)] = int(number)
    alive = {group for group, number in groups.items() if signal_group(group, number)}
    deadline = time.monotonic() + GRACE
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = {group for group in alive if signal_group(group, 0)}
    for group in alive:
        signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    watch()
