"""Workers that deliver until they are killed, and are replaced: `fault_workers COUNT WAY`.

Django is loaded once; each worker is a fork of it, as are Celery's. They end with the test.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time

import django


def main(count: int, way: str) -> None:
    django.setup()
    from tests.mail import fault_kinds  # models need the apps to be loaded

    deliver, test = getattr(fault_kinds, way), os.getppid()
    alive: set[int] = set()
    while os.getppid() == test:
        while len(alive) < count:
            if not (child := os.fork()):
                work(deliver)
            alive.add(child)
        with contextlib.suppress(ChildProcessError):
            alive.discard(os.waitpid(-1, os.WNOHANG)[0])
        time.sleep(0.02)


def work(deliver: object) -> None:
    assert callable(deliver)
    master = os.getppid()
    while os.getppid() == master:
        if not deliver():
            time.sleep(0.05)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
