"""The supervisor: owns the services of one data folder, and ends with their last user.

The first command that needs the services starts it (`lease.hold`); it belongs to no terminal.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
from pathlib import Path

from config.embedded.locks import Lock
from config.embedded.paths import Paths, ServicesError
from config.embedded.processes import stop_requests
from config.embedded.supervisor import Services

TICK = 0.2


def main() -> int:
    arguments = parse()
    paths = Paths(data=arguments.data, sockets=arguments.sockets)
    asked = stop_requests()
    owner = Lock(paths.owner_lock)
    if not owner.take(within=1):
        return 0  # somebody else was first: whoever started us finds theirs
    say(f"supervisor {os.getpid()} owns {paths.data}")
    try:
        services = Services(paths=paths, owner=owner.descriptor, asked=asked, fast=arguments.fast)
        supervise(services, owner=owner, asked=asked)
    except ServicesError as error:
        say(str(error))
        return 1
    finally:
        if arguments.temporary:
            shutil.rmtree(paths.data, ignore_errors=True)
    return 0


def supervise(services: Services, *, owner: Lock, asked: threading.Event) -> None:
    """Run the services until there is a reason to end; its last word is the reason."""
    users, ready = Lock(services.paths.users_lock), Lock(services.paths.ready_lock)
    say(services.home.moved)
    try:
        services.start()
        ready.take(within=1)
        say("ready")
        say(wait_for_reason(services, users=users, asked=asked))
    finally:
        ready.release()
        services.stop()
        owner.release()  # before `users`: who waits for that one must find this one free
        users.release()


def wait_for_reason(services: Services, *, users: Lock, asked: threading.Event) -> str:
    """Return when the services have to end, with the reason."""
    while not asked.wait(TICK):
        if users.take():
            return "nobody uses the services any more"
        if ended := services.members.ended():
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


if __name__ == "__main__":
    sys.exit(main())
