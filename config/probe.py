"""`python -m config.probe web`: whether that process is well (0) or not (1), for a supervisor.

Asked inside its container. Whether the whole works, `/healthz/ready` says.
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
    """It answers, under the first name that it is to answer to."""
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
    """It hears the bell: whether it does what is due, the heartbeat of the sweeps says."""
    from celery.utils.nodenames import default_nodename  # slow to load, and web asks often

    from config.celery import app

    name = default_nodename("")
    return bool(app.control.ping(destination=[name], timeout=ANSWERS_WITHIN, limit=1))


def beat() -> bool:
    """It has noted its rings of late."""
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
