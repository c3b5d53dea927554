"""Sweeps in processes of their own, which a test kills: `sweeping MOMENT`.

Django is loaded once. For each line that comes in, a fork of it says its number and sweeps.
"""

from __future__ import annotations

import datetime as dt
import os
import sys

import django


def main(moment: str) -> None:
    django.setup()
    from tests.escalations.racing import sweep  # models need the apps to be loaded

    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            sweep(now=dt.datetime.fromisoformat(moment))
            os._exit(0)
        print(child, flush=True)  # noqa: T201
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1])
