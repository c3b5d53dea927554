"""Using the services: find those that run, or start them; they end after their last user."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from config.embedded import ROOT, Paths, ServicesError, paths, read_env_file, urls, verify_sockets
from config.embedded.processes import open_log, tail
from config.embedded.servers import socket_owners

WITHIN = 75.0


class Lock:
    """A `flock` on a file; the system releases it with the last process that inherited it."""

    def __init__(self, path: Path) -> None:
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except PermissionError as error:
            raise ServicesError(
                f"{path} belongs to another user. Run as that user, or set PLUMBLINE_DATA_DIR."
            ) from error

    def take(self, *, shared: bool = False, within: float = 0) -> bool:
        """Take the lock, trying for `within` seconds; return whether it is ours."""
        mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        deadline = time.monotonic() + within
        while True:
            try:
                fcntl.flock(self.descriptor, mode)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.01)
            else:
                return True

    def release(self) -> None:
        """Close our end; a child that inherited the lock still holds it."""
        os.close(self.descriptor)


def is_held(path: Path) -> bool:
    """Whether someone holds the lock for themselves alone."""
    if not path.exists():
        return False
    probe = Lock(path)
    held = not probe.take(shared=True)
    probe.release()
    return held


@dataclass(frozen=True)
class Services:
    """The running services: they stay up while this process holds its lock."""

    paths: Paths
    users: Lock

    def broken(self) -> str | None:
        """Return why the services ended, or None while they answer."""
        if is_held(self.paths.ready_lock):
            return None
        last = tail(log_of(self.paths), lines=1)
        return f"the services ended: {'their supervisor was killed' if last == 'ready' else last}"

    def release(self) -> None:
        self.users.release()


def join(root: Path = ROOT) -> Services | None:
    """Put the services' addresses into the environment, starting them where none run.

    None where DATABASE_URL, from the environment or `.env`, names a server of your own.
    """
    read_env_file(root)
    if os.environ.get("DATABASE_URL"):
        return None
    found = paths(root)
    services = hold(found)
    for name, value in {**urls(found), "SECRET_KEY": secret_key(found)}.items():
        os.environ.setdefault(name, value)
    return services


def hold(paths: Paths, *, fast: bool = False, temporary: bool = False) -> Services:
    """Share the services of a data folder; the first to come starts their supervisor.

    Raises ServicesError with the end of the supervisor's log where they cannot run.
    """
    make_data_folder(paths)
    users = Lock(paths.users_lock)
    deadline = time.monotonic() + WITHIN
    if not users.take(shared=True, within=WITHIN):
        raise ServicesError(f"The services of {paths.data} did not finish ending.")
    supervisor: int | None = None
    while not is_held(paths.ready_lock):
        code = exit_code(supervisor)
        if code:
            raise ServicesError(f"The services did not start:\n{tail(log_of(paths))}")
        if code == 0:  # none of ours runs; if no one else's does, start one
            owned = is_held(paths.owner_lock)
            supervisor = None if owned else spawn(paths, fast=fast, temporary=temporary)
        if time.monotonic() > deadline:
            raise ServicesError(f"The services did not start; their log: {log_of(paths)}")
        time.sleep(0.03)
    if not paths.sockets.exists():
        raise ServicesError(f"The services of {paths.data} are run by another user.")
    verify_sockets(paths.sockets, owners=socket_owners(paths))
    return Services(paths=paths, users=users)


def make_data_folder(paths: Paths) -> None:
    try:
        paths.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServicesError(f"{paths.data}: {error.strerror}. Set PLUMBLINE_DATA_DIR.") from error


def spawn(paths: Paths, *, fast: bool, temporary: bool) -> int:
    """Start the supervisor in a session of its own: no terminal's Ctrl-C reaches it."""
    folders = ["--data", str(paths.data), "--sockets", str(paths.sockets)]
    places = [str(ROOT), os.environ.get("PYTHONPATH")]
    flags = ["--fast"] * fast + ["--temporary"] * temporary
    with open_log(log_of(paths)) as log:
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-m", "config.embedded", *folders, *flags],
            {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
            ],
            setsid=True,
        )


def exit_code(process: int | None) -> int | None:
    """Return how the supervisor that we started ended: None while it runs, 0 where there is none."""
    if process is None:
        return 0
    ended, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def log_of(paths: Paths) -> Path:
    return paths.logs / "services.log"


def secret_key(paths: Paths) -> str:
    """Return the workspace's own SECRET_KEY, made once and readable by its owner only."""
    file = paths.data / "secret_key"
    if not file.exists():
        part = paths.data / f"secret_key.{os.getpid()}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):  # another command was first, and its key counts
            file.hardlink_to(part)
        part.unlink()
    return file.read_text()
