"""The two servers: how each is laid out, started and found to answer."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from pathlib import Path
from signal import SIGINT, SIGQUIT

import psycopg

from config.embedded.home import Home, postgres_binaries, valkey_binary
from config.embedded.paths import Paths, ServicesError
from config.embedded.processes import Command

# The servers see none of our environment: a locale that is not installed would stop them.
PLAIN_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
SAFE = {"synchronous_commit": "on"}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# initdb would take over the locale of the shell; under C, "É" and "é" would then differ in
# every search that ignores case. The builtin provider depends on nothing installed.
LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-E", "UTF8"]


def lay_out(*, home: Home) -> bool:
    """Make the data folders; whether PostgreSQL's data is there already.

    A cluster that was cut off half made is made anew.
    """
    own(home.data / "valkey", home=home)
    folder = home.data / "postgres"
    if folder.exists():
        check_version(folder)
        # The owner lock is ours and every server inherits it: whatever this file says is past.
        (folder / "postmaster.pid").unlink(missing_ok=True)
        return True
    shutil.rmtree(half_made(home), ignore_errors=True)
    own(half_made(home), home=home)
    return False


def half_made(home: Home) -> Path:
    return home.data / "postgres.part"


def initdb(*, paths: Paths, home: Home, fast: bool) -> Command:
    """Makes the cluster, aside: it counts once it stands complete under its own name."""
    flags = ["-U", "postgres", "--auth=trust", *LOCALE, *["--no-sync"] * fast]
    return Command(
        name="initdb",
        argv=[postgres_binaries(home) / "initdb", "-D", half_made(home), *flags],
        env=PLAIN_ENV,
        folder=Path("/"),
        user=home.user,
        log=paths.logs / "postgres.log",
    )


def check_version(folder: Path) -> None:
    found = (folder / "PG_VERSION").read_text().strip()
    if found != "18":
        raise ServicesError(
            f"{folder} was written by PostgreSQL {found}, this is 18."
            " Dump it with the old release and restore it with this one."
        )


def own(folder: Path, *, home: Home) -> None:
    """Make a private folder that belongs to whoever runs the servers."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.user:
        os.chown(folder, home.user.uid, home.user.gid)


def postgres(*, paths: Paths, home: Home, fast: bool) -> Command:
    """PostgreSQL on its socket only; whoever may enter the socket folder is trusted."""
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
    return Command(
        name="postgres",
        argv=[postgres_binaries(home) / "postgres", "-D", home.data / "postgres", *flags],
        env=PLAIN_ENV,
        folder=Path("/"),
        user=home.user,
        log=paths.logs / "postgres.log",
        stop=SIGINT,  # fast shutdown: open transactions roll back
        stop_now=SIGQUIT,  # immediate: the next start recovers from the log
    )


def valkey(*, paths: Paths, home: Home, fast: bool) -> Command:
    """Valkey on its socket only, remembering the queue between starts."""
    flags = {
        "port": "0",
        "unixsocket": str(paths.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(home.data / "valkey"),
        "save": "",
        "appendonly": "no" if fast else "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }
    return Command(
        name="valkey",
        argv=[
            valkey_binary(home),
            *(p for name, value in flags.items() for p in (f"--{name}", value)),
        ],
        env=PLAIN_ENV,
        folder=Path("/"),
        user=home.user,
        log=paths.logs / "valkey.log",
    )


def connect(paths: Paths, *, database: str = "postgres") -> psycopg.Connection:
    """A connection as superuser."""
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
