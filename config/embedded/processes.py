"""Processes that live and die together: however one of them ends, none is left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 5_000_000
GRACE = 2.0
LAST_GRACE = 0.7
LIBC = ctypes.CDLL(None)


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
    """The processes of one supervisor. Start them from the main thread only.

    `locks` are descriptors that every member keeps open: they stay taken until the last ends.
    """

    def __init__(self, *, locks: Sequence[int] = ()) -> None:
        self.locks = tuple(locks)
        self.running: list[tuple[Command, subprocess.Popen[bytes]]] = []
        script = Path(__file__).with_name("watchdog.py")
        reading, self.pipe = os.pipe()
        self.watchdog = subprocess.Popen(
            [sys.executable, "-ISE", str(script)],
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
                preexec_fn=die_with_parent(command.stop_now),
            )
        self.running.append((command, process))
        self.tell(f"{process.pid} {int(command.stop_now)}")
        return process

    def run(self, command: Command, *, interrupted: Callable[[], bool]) -> int | None:
        """Run a member to its end: its exit code, or None where we were interrupted."""
        process = self.start(command)
        while process.poll() is None:
            if interrupted():
                return None
            time.sleep(0.02)
        self.running.remove((command, process))
        return process.returncode

    def ended(self) -> str | None:
        """A sentence naming the member that ended by itself, or None while all live."""
        for command, process in self.running:
            if process.poll() is not None:
                return f"{command.name} {how(process.returncode)}; its log: {command.log}"
        if self.watchdog.poll() is not None:
            return f"the watchdog {how(self.watchdog.returncode)}"
        return None

    def stop(self) -> None:
        """End all members: asked first, then told, then killed; at most about 3 seconds."""
        for command, process in self.running:
            process.send_signal(command.stop)
        self.wait(seconds=GRACE)
        for command, process in self.running:
            process.send_signal(command.stop_now)
        self.wait(seconds=LAST_GRACE)
        for _, process in self.running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.tell("done")
        os.close(self.pipe)
        self.watchdog.wait()

    def wait(self, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(process.poll() is not None for _, process in self.running):
                return
            time.sleep(0.02)

    def tell(self, line: str) -> None:
        """Tell the watchdog; one that was killed shows up in `ended`."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.pipe, f"{line}\n".encode())


def how(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Ask Linux to signal the child when its parent dies; elsewhere the watchdog alone does."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()

    def prepare() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def stop_requests() -> threading.Event:
    """An event that SIGTERM, SIGINT and SIGHUP set."""
    asked = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, note)
    return asked


def open_log(path: Path) -> BinaryIO:
    """Append to the log; a long one is put aside first, as `.old`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".old"))
    return path.open("ab")


def tail(path: Path, *, lines: int = 12) -> str:
    """The last lines of a log, for a message."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
