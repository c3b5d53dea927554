"""`python -m config.start web`: the start command of each process.

`make run`, the Dockerfile, docker-compose.yml and a host's supervisor all use this module.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from config.embedded import ROOT, paths, read_env_file

GRACE = 30
SERVED = ("SECRET_KEY", "DATABASE_URL", "DATABASE_SWEEP_URL", "REDIS_URL", "EMAIL_URL")
OWNED = ("DATABASE_URL", "DATABASE_SWEEP_URL", "DATABASE_OWNER_URL")


def web(*, bind: str, grace: int) -> list[str]:
    """Return the gunicorn command; open requests get `grace` seconds when it is stopped."""
    workers = ["--workers", os.environ.get("WEB_CONCURRENCY", "2")]
    threads = ["--threads", os.environ.get("WEB_THREADS", "4")]
    kind = ["--worker-class", "config.web.Worker"]
    ending = ["--graceful-timeout", str(grace), "--no-control-socket"]
    listening = ["gunicorn", "config.wsgi:application", "--bind", bind]
    rest = ["--preload", "--access-logfile", "-"]
    # A visitor whose headers a proxy passes on could otherwise move the whole site to a path.
    proxies = ["--forwarded-allow-ips", trusted_proxies(), "--forwarder-headers", ""]
    return [*listening, *workers, *kind, *threads, *ending, *proxies, *rest]


def trusted_proxies() -> str:
    """Return whose `X-Forwarded-…` headers count, as addresses or networks with commas between."""
    is_proxied = os.environ.get("TRUSTED_PROXY_COUNT", "0") != "0"
    return os.environ.get("FORWARDED_ALLOW_IPS") or ("127.0.0.1,::1" if is_proxied else "")


def worker() -> list[str]:
    """Return the worker command; when stopped, it finishes its running tasks."""
    children = os.environ.get("WORKER_CONCURRENCY", "2")
    return ["celery", "-A", "config", "worker", "--concurrency", children]


def beat() -> list[str]:
    return ["celery", "-A", "config", "beat", "--schedule", str(beat_schedule())]


def beat_schedule() -> Path:
    """Where beat notes when it rang last; losing it costs nothing."""
    return paths(ROOT).data / "beat-schedule"


COMMANDS = {"web": SERVED, "worker": SERVED, "beat": SERVED, "migrate": OWNED}  # what each needs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.start", description=__doc__)
    parser.add_argument("name", choices=COMMANDS)
    name = parser.parse_args().name
    os.chdir(ROOT)
    read_env_file()
    if missing := [variable for variable in COMMANDS[name] if not os.environ.get(variable)]:
        which = ", ".join(missing)
        sys.exit(f"To start {name}, set {which}. docs/settings.md says to what.")
    if name == "migrate" and os.environ.get("DATABASE_ADMIN_URL"):
        made = subprocess.run([sys.executable, "manage.py", "bootstrap_roles"], check=False)
        if made.returncode:  # it has printed its error
            sys.exit(made.returncode)
    if name == "beat":
        beat_schedule().parent.mkdir(parents=True, exist_ok=True)
    host, port = os.environ.get("BIND", "127.0.0.1"), os.environ.get("PORT", "8000")
    programs = {
        "web": ["-m", *web(bind=f"{host}:{port}", grace=GRACE)],
        "worker": ["-m", *worker()],
        "beat": ["-m", *beat()],
        "migrate": ["manage.py", "migrate", "--noinput"],
    }
    sys.stdout.flush()
    # The program takes over this process, and gets its signals.
    os.execv(sys.executable, [sys.executable, *programs[name]])  # noqa: S606  fixed words, no shell


if __name__ == "__main__":
    main()
