"""`make run`: start a workspace from a ready virtual environment, in one process.

Starts the services, migrates the database, loads the demo if it is empty, then runs web, worker
and beat until Ctrl-C. If one of them ends, the others are stopped and the log is named.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from config import start
from config.embedded import ROOT, Paths, ServicesError, paths, read_env_file
from config.embedded.processes import Command, Members, stop_requests, tail
from config.embedded.servers import find_home
from config.embedded.stack import Lock, join
from demo.story import PASSWORD, PEOPLE, address

ANSWER_WITHIN = 60.0
TICK = 0.25


class Stopped(Exception):
    """We were asked to end."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The commands to run: steps in turn, then members in parallel."""

    steps: Sequence[Command]
    members: Sequence[Command]
    health: str  # answers 200 once the workspace lives
    greeting: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.run", description=__doc__)
    parser.add_argument("--stop-with-parent", action="store_true", help="end when the parent does")
    parser.add_argument(
        "--fresh", action="store_true", help="set the embedded database aside first"
    )
    arguments = parser.parse_args()
    os.chdir(ROOT)
    read_env_file()
    os.environ.setdefault("PLUMBLINE_DEMO", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        found, port = paths(ROOT), free_port(os.environ.get("PORT", "8000"))
        if arguments.fresh:
            print(set_aside(found), flush=True)
        return run(workspace(found, port=port), stop_with_parent=arguments.stop_with_parent)
    except ServicesError as error:
        print(error, file=sys.stderr)
        return 2


def run(plan: Plan, *, stop_with_parent: bool = False) -> int:
    """Carry out the plan until asked to end (0) or until a member ends by itself (1)."""
    asked, parent = stop_requests(), os.getppid()

    def check() -> None:
        """Stop when asked by a signal, or when `make` was killed."""
        if asked.is_set() or (stop_with_parent and os.getppid() != parent):
            raise Stopped

    lock = only_run(paths(ROOT))
    with progress("PostgreSQL and Valkey"):
        lease = join()
    if lease and (moved := find_home(lease.paths).moved):
        print(moved, flush=True)
    members = Members(locks=[lock.descriptor, *([lease.users.descriptor] if lease else [])])
    try:
        start_members(plan, members=members, check=check)
        print(plan.greeting, flush=True)
        while not (trouble := members.ended() or (lease and lease.broken())):
            check()
            time.sleep(TICK)
        raise ServicesError(trouble)
    except Stopped:
        print("Stopping.", flush=True)
        return 0
    except ServicesError as error:
        print(f"Stopping everything: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        members.stop()
        if lease:
            lease.release()


def only_run(found: Paths) -> Lock:
    """Take the lock of a run: two beats would ring every bell twice."""
    found.data.mkdir(parents=True, exist_ok=True)
    lock = Lock(found.data / "run.lock")
    if not lock.take(within=3):
        raise ServicesError(
            f"This workspace ({found.data}) runs already. Stop it first, or set another"
            " PLUMBLINE_DATA_DIR."
        )
    return lock


def start_members(plan: Plan, *, members: Members, check: Callable[[], None]) -> None:
    """Run the steps, start the members and wait for their answer.

    Raises what `check` raises, or ServicesError with the log of what failed.
    """
    for step in plan.steps:
        with progress(step.name):
            if members.run(step, check=check):
                raise ServicesError(f"{step.name} failed; its log: {step.log}\n{tail(step.log)}")
    with progress("Web, worker and beat"):
        for command in plan.members:
            members.start(command)
        deadline = time.monotonic() + ANSWER_WITHIN
        while not answers(plan.health):
            check()
            if trouble := members.ended():
                raise ServicesError(trouble)
            if time.monotonic() > deadline:
                raise ServicesError(f"{plan.health} did not answer in {ANSWER_WITHIN:.0f} s.")
            time.sleep(0.05)


def workspace(found: Paths, *, port: int) -> Plan:
    def command(name: str, *arguments: str) -> Command:
        log = found.logs / f"{name.lower().replace(' ', '-')}.log"
        return Command(name=name, argv=[sys.executable, *arguments], log=log, folder=ROOT)

    steps = [command("Database", "manage.py", "migrate", "--noinput")]
    greeting = ["", f"Plumbline is at http://localhost:{port}/"]
    if os.environ.get("PLUMBLINE_DEMO") == "1":
        steps.append(command("Demo", "manage.py", "load_demo", "--if-empty"))
        people = ", ".join(map(address, PEOPLE))
        greeting.append(f"Sign in as {people}; the password is {PASSWORD}")
    return Plan(
        steps=[*steps, command("Static files", "manage.py", "collectstatic", "--noinput")],
        members=[
            command("web", "-m", *start.web(bind=f"127.0.0.1:{port}", grace=2)),
            command("worker", "-m", *start.worker()),
            command("beat", "-m", *start.beat()),
        ],
        health=f"http://127.0.0.1:{port}/healthz/live",
        greeting="\n".join([*greeting, f"Logs are in {found.logs}", "Press Ctrl-C to stop."]),
    )


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def set_aside(found: Paths) -> str:
    """Rename the folder of the embedded database, so that the next start makes an empty one.

    The embedded cache is deleted, because it holds pages and sessions of that database. Returns a
    message. Raises ServicesError if DATABASE_URL is set, or while a command uses the database.
    """
    if os.environ.get("DATABASE_URL"):
        raise ServicesError("DATABASE_URL is set. Set it to an empty database.")
    database = find_home(found).data / "postgres"
    if not database.exists():
        return "There is no database yet."
    owner = Lock(found.owner_lock)  # the services' own, as long as they run
    if not owner.take(within=3):
        raise ServicesError(f"The database in {database} is in use. Stop what uses it first.")
    kept = database.with_name(f"postgres-until-{time.strftime('%Y-%m-%d-%H%M%S')}")
    database.rename(kept)
    if (cache := database.with_name("valkey")).exists():
        shutil.rmtree(cache)
    owner.release()
    hint = " Empty the server in REDIS_URL too." if os.environ.get("REDIS_URL") else ""
    return f"The previous database is in {kept}.{hint}"


def free_port(text: str) -> int:
    """Return the port to listen on. Raises ServicesError if it is invalid or taken."""
    try:
        port = int(text)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (ValueError, OverflowError):
        raise ServicesError(f"PORT={text} is not a port.") from None
    except OSError as error:
        raise ServicesError(
            f"Port {text} cannot be used ({error.strerror}). Choose another: PORT=8001 make run"
        ) from error
    return port


@contextmanager
def progress(name: str) -> Iterator[None]:
    print(f"{name} …", end=" ", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print("", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
