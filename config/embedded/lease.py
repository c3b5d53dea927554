"""Using the services: find those that run, or start them; they end after their last user."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import environ

from config.embedded.home import socket_owners
from config.embedded.locks import Lock, is_held
from config.embedded.paths import Paths, ServicesError, paths, urls, verify_sockets
from config.embedded.processes import open_log, tail

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 75.0


@dataclass(frozen=True)
class Lease:
    """The services stay up while this lock, or the process that holds it, lives."""

    paths: Paths
    users: Lock

    def broken(self) -> str | None:
        """Why the services ended, or None while they answer."""
        if is_held(self.paths.ready_lock):
            return None
        last = tail(log_of(self.paths), lines=1)
        return f"the services ended: {'their supervisor was killed' if last == 'ready' else last}"

    def release(self) -> None:
        self.users.release()


def join_workspace(root: Path = ROOT) -> Lease | None:
    """Put the services' addresses into the environment, starting them where none run.

    None where DATABASE_URL, from the environment or `.env`, names a server of your own.
    """
    read_env_file(root)
    if os.environ.get("DATABASE_URL"):
        return None
    found = paths(root)
    lease = hold(found)
    for name, value in {**urls(found), "SECRET_KEY": secret_key(found)}.items():
        os.environ.setdefault(name, value)
    return lease


def read_env_file(root: Path = ROOT) -> None:
    """Take what `.env` sets and the environment does not."""
    if (root / ".env").exists():
        environ.Env.read_env(root / ".env")


def hold(paths: Paths, *, fast: bool = False, temporary: bool = False) -> Lease:
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
        if code == 0:  # none of ours runs; if nobody else's does, start one
            owned = is_held(paths.owner_lock)
            supervisor = None if owned else spawn(paths, fast=fast, temporary=temporary)
        if time.monotonic() > deadline:
            raise ServicesError(f"The services did not start; their log: {log_of(paths)}")
        time.sleep(0.03)
    if not paths.sockets.exists():
        raise ServicesError(f"The services of {paths.data} are run by another user.")
    verify_sockets(paths.sockets, owners=socket_owners(paths))
    return Lease(paths=paths, users=users)


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
    """How the supervisor that we started ended: None while it runs, 0 where there is none."""
    if process is None:
        return 0
    ended, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def log_of(paths: Paths) -> Path:
    return paths.logs / "services.log"


def secret_key(paths: Paths) -> str:
    """The workspace's own SECRET_KEY, made once and readable by its owner only."""
    file = paths.data / "secret_key"
    if not file.exists():
        part = paths.data / f"secret_key.{os.getpid()}"
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):  # another command was first: its key stands
            file.hardlink_to(part)
        part.unlink()
    return file.read_text()
