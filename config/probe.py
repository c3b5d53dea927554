"""`python -m config.probe web`: exit code 0 if that process is healthy, else 1.

Run it inside the process's container. `/healthz/ready` checks the whole installation.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from config.embedded import read_env_file
from config.start import beat_schedule

ANSWERS_WITHIN = 4.0
BEAT_WRITES_WITHIN = 600.0  # it notes its rings every three minutes


def web() -> bool:
    """Return whether the web process answers under its first host name."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    name = "localhost" if host == "*" else host.removeprefix(".")
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz/live"
    request = urllib.request.Request(address, headers={"Host": name})
    # Never by a proxy that the environment names: the server is right here.
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with straight.open(request, timeout=ANSWERS_WITHIN) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def worker() -> bool:
    """Return whether the worker answers; the heartbeat of the sweeps shows whether it works."""
    from celery.utils.nodenames import default_nodename  # slow to load, and web asks often

    from config.celery import app

    name = default_nodename("")
    return bool(app.control.ping(destination=[name], timeout=ANSWERS_WITHIN, limit=1))


def beat() -> bool:
    """Return whether beat has recorded a run recently."""
    schedule = beat_schedule()
    notes = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    return time.time() - max(notes, default=0.0) < BEAT_WRITES_WITHIN


PROBES: dict[str, Callable[[], bool]] = {"web": web, "worker": worker, "beat": beat}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.probe", description=__doc__)
    parser.add_argument("name", choices=PROBES)
    read_env_file()
    return 0 if PROBES[parser.parse_args().name]() else 1


if __name__ == "__main__":
    sys.exit(main())
