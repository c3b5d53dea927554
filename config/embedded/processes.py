"""Processes that live and die together: however one of them ends, none is left behind.

Run as a script, this module is the watchdog, which has a pipe to its supervisor. The end of that
pipe means that the supervisor is dead or has done its part.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

LOG_LIMIT = 5_000_000
GRACE = 2.0
LAST_GRACE = 1.5


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


class Members:
    """The processes of one supervisor.

    Each member, and all that it starts, has a file open, the mark: the watchdog finds them by it
    once they have to end, or once the supervisor is dead. `locks` are descriptors that members
    keep open as well: they stay taken until the last member ends.
    """

    def __init__(self, *, locks: Sequence[int] = ()) -> None:
        self.running: list[tuple[Command, subprocess.Popen[bytes]]] = []
        self.mark, path = tempfile.mkstemp(prefix="plumbline-members-")
        self.inherited = (self.mark, *locks)
        reading, self.pipe = os.pipe()
        argv = [sys.executable, "-ISE", __file__, path]
        self.watchdog = subprocess.Popen(
            argv, stdin=reading, start_new_session=True, pass_fds=locks
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
                pass_fds=self.inherited,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        self.running.append((command, process))
        return process

    def run(self, command: Command, *, check: Callable[[], None]) -> int:
        """Run a member to its end and return its exit code, unless `check` raises meanwhile."""
        process = self.start(command)
        while process.poll() is None:
            check()
            time.sleep(0.02)
        self.running.remove((command, process))
        return int(process.returncode)

    def ended(self) -> str | None:
        """Return a sentence on the member that ended by itself, or None while all live."""
        for command, process in self.running:
            if process.poll() is not None:
                return f"{command.name} {ending(process.returncode)}; its log: {command.log}"
        if self.watchdog.poll() is not None:
            return f"the watchdog {ending(self.watchdog.returncode)}"
        return None

    def stop(self) -> None:
        """End all members, at most within about 4 seconds."""
        for command, process in self.running:
            process.send_signal(command.stop)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and any(
            process.poll() is None for _, process in self.running
        ):
            time.sleep(0.02)
        os.close(self.mark)
        os.close(self.pipe)  # the watchdog ends the rest
        self.watchdog.wait()
        for _, process in self.running:
            process.kill()  # without a watchdog
            process.wait()


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
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def watch(mark: Path) -> None:
    """Be the watchdog: once the pipe ends, end all who have the mark, and their process groups."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with mark.open() as own:  # its number stays taken, even if someone tidies up /tmp
        sys.stdin.read()
        deadline = time.monotonic() + LAST_GRACE
        while groups := marked(mark, os.fstat(own.fileno())):
            is_late = time.monotonic() > deadline
            for group in groups:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, signal.SIGKILL if is_late else signal.SIGINT)
            time.sleep(0.1)
    mark.unlink(missing_ok=True)


def marked(mark: Path, status: os.stat_result) -> set[int]:
    """Return the process groups of all others that have the file open."""
    found = set()
    if sys.platform == "linux":
        for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if os.path.samestat(descriptor.stat(), status):
                    found.add(int(descriptor.parts[2]))
    else:
        listed = subprocess.run(["lsof", "-t", "--", mark], capture_output=True, check=False)  # noqa: S607
        found = set(map(int, listed.stdout.split()))
    groups = set()
    for process in found - {os.getpid()}:
        with contextlib.suppress(ProcessLookupError):
            groups.add(os.getpgid(process))
    return groups


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
