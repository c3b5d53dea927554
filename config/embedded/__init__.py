"""The embedded PostgreSQL and Valkey of one checkout: a single machine, nothing to install.

This module only computes names, so settings can import it. `stack.join` finds the running services
or starts them; `__main__` is the process that owns them. However a process ends, the watchdog in
`processes` ends its children, so that no orphan remains on any system.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "plumbline"


class ServicesError(Exception):
    """The embedded services cannot run; the message says what to fix."""


@dataclass(frozen=True)
class Paths:
    """The folders of one workspace: its data, and the sockets its services listen on."""

    data: Path
    sockets: Path

    @property
    def logs(self) -> Path:
        return self.data / "log"

    @property
    def owner_lock(self) -> Path:
        """Held by the supervisor and every server it started, until the last has ended."""
        return self.data / "owner.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by all who use the services; the supervisor stops when it is free."""
        return self.data / "users.lock"

    @property
    def ready_lock(self) -> Path:
        """Held by the supervisor while the services answer."""
        return self.data / "ready.lock"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"


def paths(root: Path = ROOT) -> Paths:
    """Return the folders of the checkout at `root`; PLUMBLINE_DATA_DIR moves its data elsewhere.

    The sockets are always in /tmp, where every shell finds them, because the path of a socket is
    limited to about 100 bytes.
    """
    data = (root / os.environ.get("PLUMBLINE_DATA_DIR", "var")).resolve()
    return Paths(data=data, sockets=Path(f"/tmp/plumbline-{os.geteuid()}-{short_hash(data)}"))  # noqa: S108


def urls(paths: Paths) -> dict[str, str]:
    """Return the addresses of the embedded services, in the variables that settings read.

    libpq and django-environ both understand `?host=` for a socket folder.
    """
    roles = {"DATABASE_URL": "app", "DATABASE_OWNER_URL": "owner", "DATABASE_SWEEP_URL": "sweep"}
    databases = {
        name: f"postgres://plumbline_{role}@/{DATABASE}?host={paths.sockets}"
        for name, role in roles.items()
    }
    return databases | {"REDIS_URL": f"unix://{paths.valkey_socket}?db=0"}


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def read_env_file(root: Path = ROOT) -> None:
    """Read variables from `.env` that the environment doesn't set."""
    if (root / ".env").exists():
        environ.Env.read_env(root / ".env")


def verify_sockets(folder: Path, *, owners: set[int]) -> None:
    """Refuse a socket folder that someone else could have laid out for us.

    The servers trust every connection on their sockets, so only the folder's mode protects them.
    """
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise ServicesError(f"{folder} is not a folder (a link?). Remove it and start again.")
    if status.st_uid not in owners:
        raise ServicesError(f"{folder} belongs to another user (uid {status.st_uid}). Remove it.")
    if stat.S_IMODE(status.st_mode) != stat.S_IRWXU:
        raise ServicesError(f"{folder} is open to others. Its mode must be 0700; remove it.")
