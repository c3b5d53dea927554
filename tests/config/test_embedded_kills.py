"""However a member ends, nothing is left behind within five seconds and no row is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import IO

import psycopg
import pytest

from config.embedded import ROOT, Paths
from tests.browser.servers import free_port
from tests.config.workspaces import (
    all_ended,
    ask,
    environment,
    processes_of,
    python,
    services,
    workspace,
)

pytestmark = pytest.mark.slow

# A web that answers, a worker with a child of its own, and a beat that will not listen.
TINY = """
import sys
from pathlib import Path
from config.embedded.processes import Command
from config.run import Plan, run
data, port = Path(sys.argv[1]), sys.argv[2]
def command(name, *words):
    return Command(name=name, argv=[sys.executable, *words, f"{data}#{name}"], log=data / "log" / name)
sleep = "import time; time.sleep(600)"
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
web = Command(name="web", argv=[sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1",
    "--directory", data / "log"], log=data / "log" / "web.log")
members = [web, command("worker", "-c", "import os; os.fork(); " + sleep), command("beat", "-c", deaf)]
if sys.argv[3] == "polite":
    members[2] = command("beat", "-c", sleep)
sys.exit(run(Plan(steps=[command("step", "-c", "pass")], members=members,
    health=f"http://127.0.0.1:{port}/", greeting="LIVING"), stop_with_parent=True))
"""
# By words of its command line.
MEMBERS = {
    "supervisor": "-m config.embedded",
    "postgres": "bin/postgres -D",
    "valkey": "valkey",
    "web": "-m http.server",
    "worker": "#worker",
}


@pytest.fixture(scope="module")
def made() -> Iterator[Paths]:
    """A workspace that every case in this module starts and kills again."""
    with workspace() as found:
        with services(found, fast=False):
            ask(found, "CREATE TABLE kept (note text)")
        witness(found).touch()
        yield found
        with services(found, fast=False):
            assert_nothing_lost(found)


def witness(paths: Paths) -> Path:
    """What was committed so far, written down outside the database."""
    return paths.data / "committed"


def commit(paths: Paths, note: str) -> None:
    ask(paths, f"INSERT INTO kept VALUES ('{note}')", role="DATABASE_URL")
    with witness(paths).open("a") as file:
        file.write(f"{note}\n")


def assert_nothing_lost(paths: Paths) -> None:
    kept = ask(paths, "SELECT string_agg(note || E'\\n', '' ORDER BY ctid) FROM kept")
    assert kept == (witness(paths).read_text() or None,)


def start(paths: Paths, *, beat: str = "polite") -> subprocess.Popen[str]:
    """Start the runner on its tiny members; whatever was committed before must be there."""
    runner = subprocess.Popen(
        [sys.executable, "-c", TINY, str(paths.data), str(free_port()), beat],
        cwd=ROOT,
        env=environment(paths),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert any("LIVING" in line for line in lines(runner.stdout)), runner.communicate()
    assert_nothing_lost(paths)
    return runner


def lines(stream: IO[str] | None) -> Iterator[str]:
    assert stream
    while line := stream.readline():
        yield line


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_a_runner_that_is_asked_ends_everything(made: Paths, number: signal.Signals) -> None:
    runner = start(made)
    commit(made, number.name)

    runner.send_signal(number)

    assert all_ended(made), processes_of(made)
    _, errors = runner.communicate()
    assert (runner.returncode, errors) == (0, "")


@pytest.mark.parametrize("name", MEMBERS)
def test_a_killed_member_takes_all_along(made: Paths, name: str) -> None:
    runner = start(made)
    commit(made, f"{name} killed")

    os.kill(min(processes_of(made, MEMBERS[name])), SIGKILL)

    assert all_ended(made), processes_of(made)
    _, errors = runner.communicate()
    assert runner.returncode == 1
    assert f"{name} was killed" in errors


def test_a_runner_that_is_killed_leaves_not_even_a_deaf_member(made: Paths) -> None:
    runner = start(made, beat="deaf")
    commit(made, "runner killed")

    runner.kill()

    assert all_ended(made), processes_of(made)
    runner.communicate()


def test_a_killed_postgres_leaves_no_busy_backend(made: Paths) -> None:
    with services(made, fast=False):
        postmaster = min(processes_of(made, MEMBERS["postgres"]))
        threading.Timer(0.3, os.kill, [postmaster, SIGKILL]).start()

        with pytest.raises(psycopg.OperationalError):
            ask(made, "SELECT count(*) FROM generate_series(1, 1000000000)")


def test_a_second_run_of_the_same_workspace_is_refused(made: Paths) -> None:
    runner = start(made)

    second = python(made, "-c", TINY, str(made.data), str(free_port()), "polite")

    runner.terminate()
    runner.communicate()
    assert "runs already" in second.stderr
    assert all_ended(made)


def test_a_taken_port_is_said_before_anything_starts() -> None:
    with workspace() as found, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        done = python(found, "-m", "config.run", PORT=port)

        assert done.returncode == 2
        assert f"Port {port} cannot be used" in done.stderr
        assert not found.owner_lock.exists()
