"""PostgreSQL ends at once (as in a crash) and comes back, while messages are posted and sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import Error, connection, connections

from config.embedded import DATABASE, Paths, servers
from mail.models import OutboxMessage
from mail.outbox import enqueue
from tenancy.grants import grant_tables
from tests import databases, faults
from tests.broker import celery_url, ring_at
from tests.browser.servers import broker, running
from tests.mail.reaper import Reaper, reaping
from tests.own_servers import Server, own_postgres
from tests.processes import beat, environment, eventually, worker

pytestmark = pytest.mark.slow

KINDS = "tests.mail.fault_kinds"
QUICK = "tests.mail.quick"
CRASHES, CHILDREN = 2, 2
PACE = 0.01


@pytest.fixture
def postgres(committed: str) -> Iterator[tuple[Server, Paths]]:
    """A server of the test's own, at which its connections and its processes work."""
    with own_postgres(like=committed) as (server, paths), pytest.MonkeyPatch.context() as patch:
        for alias in databases.ROLES:
            connections[alias].close()
            patch.setitem(connections[alias].settings_dict, "HOST", str(paths.sockets))
            patch.setitem(connections[alias].settings_dict, "NAME", DATABASE)
        grant_tables(using="owner")  # as after any restore: processes refuse to start without
        yield server, paths
        connections.close_all()


class Poster(threading.Thread):
    """Posts one message after the other, each until the database acknowledges it."""

    def __init__(self, *, count: int) -> None:
        super().__init__()
        self.names = [f"person{number}" for number in range(count)]
        self.acknowledged: set[str] = set()
        self.failures = 0

    def run(self) -> None:
        for name in self.names:
            while not self.posts(name):
                self.failures += 1
                time.sleep(PACE)
            self.acknowledged.add(f"{name}@example.test")
            time.sleep(PACE)
        connections.close_all()

    def posts(self, name: str) -> bool:
        """Under one key, so that trying again makes no second message."""
        try:
            enqueue(
                kind="greeting",
                recipient=f"{name}@example.test",
                payload={"name": name},
                dedupe_key=f"greeting:{name}",
            )
        except Error:
            connection.close()
            return False
        return True


def test_a_database_that_crashes_at_work_loses_nothing_it_acknowledged(
    postgres: tuple[Server, Paths], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server, paths = postgres
    poster = Poster(count=240)
    with broker() as bell, reaping(pace=0.005) as mail, working(bell, mail, log=tmp_path):
        ring_at(monkeypatch, celery_url(bell))
        assert poster.posts("first")
        assert eventually(lambda: mail.seen), "nobody delivers"
        poster.start()
        for _ in range(CRASHES):
            crash(server, mail=mail)
        poster.join(timeout=60)
        arrived = eventually(lambda: not mail.lost(poster.acknowledged))

    lost, doubled = mail.lost(poster.acknowledged), mail.doubled
    faults.report("postgres-immediate-stop", injected=CRASHES, lost=lost, dup=doubled)
    assert poster.failures, "nobody noticed"
    assert (arrived, lost, len(poster.acknowledged), rows()) == (True, 0, 240, 241)
    assert doubled <= CRASHES * CHILDREN  # one is under way in each
    assert lost_by_acknowledging_before_writing(server, paths=paths) > 0


@contextmanager
def working(bell: str, mail: Reaper, *, log: Path) -> Iterator[None]:
    """Worker and beat, which are the same processes at the end as at the beginning."""
    told = environment(bell=bell, mail_port=mail.port, DJANGO_SETTINGS_MODULE=QUICK)
    with (
        running(worker(knows=KINDS), told, log=log / "worker") as hearing,
        running(beat(log / "schedule"), told, log=log / "beat") as ringing,
    ):
        yield
        assert (hearing.poll(), ringing.poll()) == (None, None), (log / "worker").read_text()


def crash(server: Server, *, mail: Reaper) -> None:
    seen = mail.seen
    assert eventually(lambda: mail.seen > seen + 40), "nobody delivers"
    server.kill()
    server.start()


def rows() -> int:
    return OutboxMessage.objects.using("sweep").count()


def lost_by_acknowledging_before_writing(server: Server, *, paths: Paths) -> int:
    """How many of forty messages are gone in a crash where commits are only promised."""
    with servers.connect(paths) as superuser:
        superuser.execute("ALTER ROLE plumbline_app SET synchronous_commit = off")
        superuser.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        superuser.execute("SELECT pg_reload_conf()")
    before = rows()
    connections.close_all()
    poster = Poster(count=0)
    acknowledged = [poster.posts(f"late{number}") for number in range(40)]
    server.kill()
    server.start()
    connections.close_all()
    return sum(acknowledged) - (rows() - before)
