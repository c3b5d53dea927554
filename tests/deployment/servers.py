"""The system's own PostgreSQL and Redis, in clusters of the tests' on loopback ports."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGQUIT

import psycopg
import redis

from config.embedded import Paths
from config.embedded.processes import Members
from config.embedded.servers import FAST, PLAIN_ENV, Home, command, own, service_user
from tests.browser.servers import free_port
from tests.own_servers import Server

HINT = "There is no PostgreSQL or Redis of the system: apt install postgresql redis-server"
DATABASE = "plumbline"
ROLES = {
    "DATABASE_URL": "plumbline_app",
    "DATABASE_SWEEP_URL": "plumbline_sweep",
    "DATABASE_OWNER_URL": "plumbline_owner",
}
LOCALE = ["--locale=C.UTF-8", "--encoding=UTF8"]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A PostgreSQL that asks everybody for a password, the name of their role."""

    port: int

    def url(self, role: str, *, database: str = DATABASE) -> str:
        return f"postgres://{role}:{role}-password@127.0.0.1:{self.port}/{database}"

    def addresses(self, *names: str, database: str = DATABASE) -> dict[str, str]:
        """What settings read; without names, of all three roles."""
        return {name: self.url(ROLES[name], database=database) for name in names or ROLES}

    @property
    def admin(self) -> str:
        return self.url("postgres", database="postgres")


def tools() -> Path:
    """PostgreSQL's programs, of the newest release that is installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    assert found, HINT
    return max(found, key=lambda path: int(path.parent.name))


@contextmanager
def folders() -> Iterator[tuple[Path, Home, Members]]:
    """A folder that the servers' user may enter, that user, and the processes in it."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-deployment-"))
    folder.chmod(0o711)
    user = service_user(Paths(data=folder / "none", sockets=folder / "none"))
    members = Members()
    try:
        yield folder, Home(data=folder, user=user), members
    finally:
        members.stop()
        shutil.rmtree(folder)


@contextmanager
def postgres() -> Iterator[Cluster]:
    """An empty cluster of the system's PostgreSQL: an administrator, and no role of ours."""
    with folders() as (folder, home, members):
        own(folder / "sockets", home=home)
        cluster = Cluster(port=free_port())
        initialise(folder / "data", home=home)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(cluster.port),
            "unix_socket_directories": str(folder / "sockets"),
            **FAST,
        }
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        argv: list[str | Path] = [tools() / "postgres", "-D", folder / "data", *flags]
        start = command("postgres", argv, home=home, log=folder / "postgres.log", stop=SIGINT)
        answers = lambda: reachable(cluster)  # noqa: E731
        Server(start, members=members, answers=answers, end=SIGQUIT).start()
        yield cluster


def initialise(data: Path, *, home: Home) -> None:
    own(data, home=home)
    password = data.parent / "sockets" / "password"
    password.write_text("postgres-password")
    if home.user:
        os.chown(password, home.user.uid, home.user.gid)
    signing_in = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
    subprocess.run(
        [tools() / "initdb", "-D", data, *signing_in, *LOCALE, "--no-sync"],
        env=PLAIN_ENV,
        cwd="/",
        user=home.user.uid if home.user else None,
        group=home.user.gid if home.user else None,
        extra_groups=[] if home.user else None,
        capture_output=True,
        check=True,
    )


def reachable(cluster: Cluster) -> bool:
    try:
        psycopg.connect(cluster.admin, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def system_redis() -> Iterator[str]:
    """The URL of an empty Redis."""
    program = shutil.which("redis-server")
    assert program, HINT
    with folders() as (folder, home, members):
        own(folder / "data", home=home)
        port = str(free_port())
        kept = ["--save", "", "--appendonly", "yes", "--dir", str(folder / "data")]
        argv = [program, "--port", port, "--bind", "127.0.0.1", *kept]
        start = command("redis", argv, home=home, log=folder / "redis.log")
        url = f"redis://127.0.0.1:{port}/0"
        Server(start, members=members, answers=lambda: pings(url), end=SIGQUIT).start()
        yield url


def pings(url: str) -> bool:
    with redis.Redis.from_url(url, socket_connect_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
