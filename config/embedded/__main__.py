"""The supervisor: owns the services of one data folder, and ends with their last user.

The first command that needs the services starts it (`services.hold`); it belongs to no terminal.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from config.embedded import DATABASE, Paths, ServicesError, servers, verify_sockets
from config.embedded.processes import Members, stop_requests, tail
from config.embedded.stack import Lock
from tenancy.database_roles import bootstrap_roles, grant_by_default

START_WITHIN = 60.0
TICK = 0.2


def main() -> int:
    arguments = parse()
    paths = Paths(data=arguments.data, sockets=arguments.sockets)
    asked = stop_requests()
    owner = Lock(paths.owner_lock)
    if not owner.take(within=1):
        return 0  # another process was first, and its services are used
    say(f"supervisor {os.getpid()} owns {paths.data}")
    try:
        supervisor = Supervisor(
            paths=paths, owner=owner.descriptor, asked=asked, fast=arguments.fast
        )
        supervise(supervisor, owner=owner, asked=asked)
    except ServicesError as error:
        say(str(error))
        return 1
    finally:
        if arguments.temporary:
            shutil.rmtree(paths.data, ignore_errors=True)
    return 0


def supervise(supervisor: Supervisor, *, owner: Lock, asked: threading.Event) -> None:
    """Run the services until there is a reason to end; its last word is the reason."""
    users, ready = Lock(supervisor.paths.users_lock), Lock(supervisor.paths.ready_lock)
    say(supervisor.home.moved)
    try:
        supervisor.start()
        ready.take(within=1)
        say("ready")
        say(wait_for_reason(supervisor, users=users, asked=asked))
    finally:
        ready.release()
        supervisor.stop()
        owner.release()  # before `users`: who waits for that one must find this one free
        users.release()


def wait_for_reason(supervisor: Supervisor, *, users: Lock, asked: threading.Event) -> str:
    """Return when the services have to end, with the reason."""
    while not asked.wait(TICK):
        if users.take():
            return "no command uses the services any more"
        if ended := supervisor.members.ended():
            return ended
    return "asked to end"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sockets", type=Path, required=True)
    parser.add_argument("--fast", action="store_true", help="for tests: nothing survives a crash")
    parser.add_argument("--temporary", action="store_true", help="remove the data at the end")
    return parser.parse_args()


def say(line: str) -> None:
    if line:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


class Supervisor:
    """The servers of a data folder whose owner lock this process holds.

    `asked` is set when it must end, even while starting. `fast` trades durability for speed and is
    for tests only.
    """

    def __init__(self, *, paths: Paths, owner: int, asked: threading.Event, fast: bool) -> None:
        self.paths = paths
        self.asked = asked
        self.fast = fast
        self.home = servers.find_home(paths)
        self.members = Members(locks=[owner])

    def start(self) -> None:
        """Start both, wait until both answer, and make the roles and the database."""
        self.make_sockets()
        if not servers.lay_out(home=self.home):
            self.make_cluster()
        self.members.start(servers.postgres(paths=self.paths, home=self.home, fast=self.fast))
        self.members.start(servers.valkey(paths=self.paths, home=self.home, fast=self.fast))
        self.make_roles()
        self.wait_for_valkey()

    def make_sockets(self) -> None:
        folder = self.paths.sockets
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        verify_sockets(folder, owners=servers.socket_owners(self.paths))
        servers.own(folder, home=self.home)

    def make_cluster(self) -> None:
        command = servers.initdb(paths=self.paths, home=self.home, fast=self.fast)
        if self.members.run(command, interrupted=self.asked.is_set):
            raise ServicesError(f"initdb failed:\n{tail(command.log)}")
        self.check_asked()
        servers.half_made(self.home).rename(self.home.data / "postgres")

    def check_asked(self) -> None:
        if self.asked.is_set():
            raise ServicesError("asked to end while starting")

    def make_roles(self) -> None:
        for _ in self.until_deadline():
            if servers.postgres_answers(self.paths):
                break
        with servers.connect(self.paths) as connection:
            bootstrap_roles(connection, database=DATABASE)
        # Databases that the tests make are copies of template1.
        with servers.connect(self.paths, database="template1") as connection:
            grant_by_default(connection)

    def wait_for_valkey(self) -> None:
        for _ in self.until_deadline():
            if servers.valkey_answers(self.paths):
                return

    def until_deadline(self) -> Iterator[None]:
        """Go round until the caller leaves; raise when a server ends or time is up."""
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline:
            yield
            self.check_asked()
            if ended := self.members.ended():
                raise ServicesError(ended)
            time.sleep(0.02)
        raise ServicesError(f"The services did not answer in {START_WITHIN:.0f} s.")

    def stop(self) -> None:
        """End both and take the socket folder away."""
        self.members.stop()
        shutil.rmtree(self.paths.sockets, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
