"""The product as an operator runs it: the start commands, over servers of the system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.embedded import ROOT
from tests.browser.servers import free_port, running
from tests.deployment.servers import Cluster, tools
from tests.deployment.visitor import HOST, Visitor
from tests.processes import eventually
from tests.smtp import MailServer, listening

SECRET_KEY = "a-key-of-this-installation-for-no-other-0123456789abcdefghijklmnopqrs"
PAGES = ("DATABASE_URL", "DATABASE_SWEEP_URL")  # all that those which serve are told
QUICK = "tests.mail.quick"
ENDS_WITHIN = 30.0


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What runs, where it answers, and what it mailed."""

    environment: Mapping[str, str]
    port: int
    mail: MailServer
    processes: Mapping[str, subprocess.Popen[bytes]]
    logs: Path

    def visitor(self, *, proxied: bool = True) -> Visitor:
        return Visitor(port=self.port, proxied=proxied)

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text()

    def end(self, name: str) -> int:
        """Ask a process to end, and return its exit code."""
        process = self.processes[name]
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=ENDS_WITHIN)


def only(**variables: str) -> dict[str, str]:
    """An environment that holds these, and nothing of the test run's servers."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **variables}


def run(*arguments: str | Path, told: Mapping[str, str], typed: str = "") -> str:
    """What Python, in the checkout, or another program printed; it must end well."""
    program = arguments if Path(arguments[0]).is_absolute() else (sys.executable, *arguments)
    ended = subprocess.run(
        program,
        cwd=ROOT,
        env=only(**told),
        input=typed,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def migrate(cluster: Cluster) -> str:
    told = {**cluster.addresses(), "DATABASE_ADMIN_URL": cluster.admin}
    return run("-m", "config.start", "migrate", told=told)


def tool(name: str, *arguments: str, cluster: Cluster) -> str:
    """A program of PostgreSQL, as the owner of the tables."""
    where = ["--host", "127.0.0.1", "--port", str(cluster.port), "--username", "plumbline_owner"]
    return run(tools() / name, *where, *arguments, told={"PGPASSWORD": "plumbline_owner-password"})


@contextmanager
def installed(cluster: Cluster, *, broker: str, folder: Path) -> Iterator[Installation]:
    """Web, worker and beat; only beat's minute is a second."""
    with ExitStack() as stack:
        mail, port = stack.enter_context(listening(MailServer)), free_port()
        told = only(
            **cluster.addresses(*PAGES),
            ALLOWED_HOSTS=HOST,
            DEFAULT_FROM_EMAIL="Plumbline <okr@example.com>",
            EMAIL_URL=f"smtp://127.0.0.1:{mail.port}",
            PLUMBLINE_DATA_DIR=str(folder / "data"),
            PORT=str(port),
            REDIS_URL=broker,
            SECRET_KEY=SECRET_KEY,
            SITE_URL=f"https://{HOST}",
            STATIC_ROOT=str(folder / "static"),
            TRUSTED_PROXY_COUNT="1",
        )
        run("manage.py", "collectstatic", "--noinput", "-v", "0", told=told)
        processes = {}
        for name in ("web", "worker", "beat"):
            settings = {"DJANGO_SETTINGS_MODULE": QUICK} if name == "beat" else {}
            log = folder / f"{name}.log"
            command = ["config.start", name]
            processes[name] = stack.enter_context(running(command, told | settings, log=log))
        found = Installation(
            environment=told, port=port, mail=mail, processes=processes, logs=folder
        )
        assert eventually(lambda: answers(found)), found.log("web")
        yield found


def answers(found: Installation) -> bool:
    try:
        return found.visitor(proxied=False).get("/healthz/live").status == 200
    except OSError:
        return False
