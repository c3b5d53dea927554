"""The product as it runs: gunicorn, a worker and a mail server, all on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from django.conf import settings

from tests import databases
from tests.broker import redis_url
from tests.settings import WORKER
from tests.smtp import MailServer, listening

STARTS_WITHIN = 60.0
ENDS_WITHIN = 20.0
SESSION = "plumbline-session"  # the cookie of a demo on http
VARIABLES = {
    "default": "DATABASE_URL",
    "owner": "DATABASE_OWNER_URL",
    "sweep": "DATABASE_SWEEP_URL",
}


@dataclass(frozen=True, kw_only=True)
class Served:
    """Where the product answers, and the mail it has sent."""

    url: str
    mail: MailServer


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """The product over the database that the connections point at, for as long as the block."""
    with ExitStack() as stack:
        mail = stack.enter_context(listening(MailServer))
        bell = stack.enter_context(broker())
        web = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://localhost:{web.getsockname()[1]}"
        environment = {
            **os.environ,
            **{name: databases.url(alias) for alias, name in VARIABLES.items()},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
            "PLUMBLINE_DEMO": "1",  # speaks http
            "REDIS_URL": bell,
            "SECRET_KEY": settings.SECRET_KEY,  # signs the sessions that the tests open
            "SITE_URL": url,
            "STATIC_ROOT": str(folder / "static"),
        }
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
        subprocess.run(collect, cwd=settings.BASE_DIR, env=environment, check=True)
        stack.enter_context(running(worker(), environment, log=folder / "worker.log"))
        log = folder / "web.log"
        process = stack.enter_context(running(gunicorn(web), environment, log=log, bound=web))
        wait_for(f"{url}/healthz/live", process=process, log=log)
        yield Served(url=url, mail=mail)


def gunicorn(bound: socket.socket) -> Sequence[str]:
    listening = f"--bind fd://{bound.fileno()} --no-control-socket"
    threads = "--worker-class gthread --workers 1 --threads 4 --graceful-timeout 2"
    return f"gunicorn config.wsgi:application {listening} {threads}".split()


def worker() -> Sequence[str]:
    alone = ["--without-gossip", "--without-mingle"]
    return ["celery", "-A", "config", "worker", "-c", "1", "-l", "WARNING", *alone]


@contextmanager
def running(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    log: Path,
    bound: socket.socket | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[bound.fileno()] if bound else [],
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, *, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the address answers 200."""
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  our own address
                if response.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer:\n{log.read_text()[-3000:]}")


@contextmanager
def broker() -> Iterator[str]:
    """A numbered database of the tests' Valkey, empty, that no other worker of the run uses."""
    url = redis_url(14 - WORKER)
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
