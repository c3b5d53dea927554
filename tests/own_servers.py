"""Servers of a test's own, which it may kill: never the ones that the whole run uses."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, SIGQUIT, Signals

from django.db import connections

from config.embedded import DATABASE, Paths, servers, short_hash, verify_sockets
from config.embedded.processes import Command, Members
from config.embedded.servers import Home, find_home, postgres_binaries, socket_owners
from tenancy.database_roles import bootstrap_roles
from tests.databases import ROLES

ANSWERS_WITHIN = 30.0


class Server:
    """One server process, at the same address however often it is started."""

    def __init__(
        self, command: Command, *, members: Members, answers: Callable[[], bool], end: Signals
    ) -> None:
        self.command, self.members, self.answers, self.end = command, members, answers, end
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it answers."""
        self.process = self.members.start(self.command)
        deadline = time.monotonic() + ANSWERS_WITHIN
        while not self.answers():
            assert time.monotonic() < deadline, self.command.log.read_text()[-3000:]
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a crash would; its process is gone on return."""
        assert self.process
        self.process.send_signal(self.end)
        self.process.wait(timeout=20)


@contextmanager
def own_valkey(*, forgetful: bool = False) -> Iterator[tuple[Server, str]]:
    """A Valkey and its URL; a `forgetful` one keeps nothing when it is killed."""
    with _folders() as (paths, home, members):
        servers.own(home.data / "valkey", home=home)
        command = servers.valkey(paths=paths, home=home, fast=forgetful)
        answers = lambda: servers.valkey_answers(paths)  # noqa: E731
        server = Server(command, members=members, answers=answers, end=SIGKILL)
        server.start()
        yield server, f"unix://{paths.valkey_socket}?db=0"


@contextmanager
def own_postgres(*, like: str) -> Iterator[tuple[Server, Paths]]:
    """A PostgreSQL with the roles and a copy of the run's database `like`.

    It writes down what it acknowledges, as in production.
    """
    with _folders() as (paths, home, members):
        servers.lay_out(home=home)
        initdb = servers.initdb(paths=paths, home=home, fast=True)
        assert members.run(initdb, check=lambda: None) == 0
        servers.half_made(home).rename(home.data / "postgres")
        command = servers.postgres(paths=paths, home=home, fast=False)
        answers = lambda: servers.postgres_answers(paths)  # noqa: E731
        server = Server(command, members=members, answers=answers, end=SIGQUIT)
        server.start()
        with servers.connect(paths) as connection:
            bootstrap_roles(connection, database=DATABASE)
        _copy(like, paths=paths, home=home)
        yield server, paths


def _copy(database: str, *, paths: Paths, home: Home) -> None:
    """The run's database, with what it holds and grants, in the new server."""
    tools, owner = postgres_binaries(home), ["--username", ROLES["owner"]]
    there = ["--host", connections["owner"].get_connection_params()["host"], database]
    dumped = subprocess.run([tools / "pg_dump", *owner, *there], capture_output=True, check=True)
    here = ["--host", str(paths.sockets), "--dbname", DATABASE]
    quiet = ["--quiet", "--output", os.devnull, "--set", "ON_ERROR_STOP=1"]
    subprocess.run([tools / "psql", *owner, *here, *quiet], input=dumped.stdout, check=True)


@contextmanager
def _folders() -> Iterator[tuple[Paths, Home, Members]]:
    """Folders that are gone at the end, and the processes in them."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-fault-"))
    folder.chmod(0o711)  # as root, the servers run as somebody else
    sockets = Path(f"/tmp/plumbline-{os.geteuid()}-{short_hash(folder)}")  # noqa: S108
    sockets.mkdir(mode=0o700)
    paths = Paths(data=folder, sockets=sockets)
    verify_sockets(sockets, owners=socket_owners(paths))
    home = find_home(paths)
    servers.own(sockets, home=home)
    members = Members()
    try:
        yield paths, home, members
    finally:
        members.stop()
        for place in {folder, sockets, home.data}:
            shutil.rmtree(place, ignore_errors=True)
