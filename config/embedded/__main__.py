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
from collections.abc import Callable
from pathlib import Path

from config.embedded import DATABASE, Paths, ServicesError, servers, verify_sockets
from config.embedded.processes import Members, stop_requests, tail
from config.embedded.stack import Lock
from tenancy.database_roles import bootstrap_roles, grant_by_default

START_WITHIN = 60.0
TICK = 0.2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sockets", type=Path, required=True)
    parser.add_argument("--fast", action="store_true", help="for tests: nothing survives a crash")
    parser.add_argument("--temporary", action="store_true", help="remove the data at the end")
    arguments = parser.parse_args()
    paths = Paths(data=arguments.data, sockets=arguments.sockets)
    asked = stop_requests()
    owner = Lock(paths.owner_lock)
    if not owner.take(within=1):
        return 0  # another process was first, and its services are used
    say(f"supervisor {os.getpid()} owns {paths.data}")
    try:
        Supervisor(paths, owner=owner, asked=asked, is_fast=arguments.fast).run()
    except ServicesError as error:
        say(str(error))
        return 1
    finally:
        if arguments.temporary:
            shutil.rmtree(paths.data, ignore_errors=True)
    return 0


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Supervisor:
    """The servers of a data folder whose owner lock this process holds.

    `asked` is set when it must end, even while starting. `is_fast` trades durability for speed and
    is for tests only.
    """

    def __init__(self, paths: Paths, *, owner: Lock, asked: threading.Event, is_fast: bool) -> None:
        self.paths, self.owner, self.asked, self.is_fast = paths, owner, asked, is_fast
        self.home = servers.find_home(paths)
        self.members = Members(locks=[owner.descriptor])

    def run(self) -> None:
        """Run the services until there is a reason to end; its last word is the reason."""
        users, ready = Lock(self.paths.users_lock), Lock(self.paths.ready_lock)
        if self.home.moved:
            say(self.home.moved)
        try:
            self.start()
            ready.take(within=1)
            say("ready")
            say(self.wait_for_reason(users))
        finally:
            ready.release()
            self.members.stop()
            shutil.rmtree(self.paths.sockets, ignore_errors=True)
            self.owner.release()  # before `users`: who waits for that one must find this one free
            users.release()

    def wait_for_reason(self, users: Lock) -> str:
        """Return when the services have to end, with the reason."""
        while not self.asked.wait(TICK):
            if users.take():
                return "no command uses the services any more"
            if ended := self.members.ended():
                return ended
        return "asked to end"

    def start(self) -> None:
        """Start both, wait until both answer, and make the roles and the database."""
        self.make_sockets()
        if not servers.lay_out(home=self.home):
            self.make_cluster()
        for server in (servers.postgres, servers.valkey):
            self.members.start(server(paths=self.paths, home=self.home, fast=self.is_fast))
        self.wait_for(servers.postgres_answers)
        with servers.connect(self.paths) as connection:
            bootstrap_roles(connection, database=DATABASE)
        # Databases that the tests make are copies of template1.
        with servers.connect(self.paths, database="template1") as connection:
            grant_by_default(connection)
        self.wait_for(servers.valkey_answers)

    def make_sockets(self) -> None:
        folder = self.paths.sockets
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        verify_sockets(folder, owners=servers.socket_owners(self.paths))
        servers.own(folder, home=self.home)

    def make_cluster(self) -> None:
        command = servers.initdb(paths=self.paths, home=self.home, fast=self.is_fast)
        if self.members.run(command, check=self.check):
            raise ServicesError(f"initdb failed:\n{tail(command.log)}")
        servers.half_made(self.home).rename(self.home.data / "postgres")

    def wait_for(self, answers: Callable[[Paths], bool]) -> None:
        deadline = time.monotonic() + START_WITHIN
        while not answers(self.paths):
            self.check()
            if ended := self.members.ended():
                raise ServicesError(ended)
            if time.monotonic() > deadline:
                raise ServicesError(f"The services did not answer in {START_WITHIN:.0f} s.")
            time.sleep(0.02)

    def check(self) -> None:
        if self.asked.is_set():
            raise ServicesError("asked to end while starting")


if __name__ == "__main__":
    sys.exit(main())
