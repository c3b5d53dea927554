"""The product as it runs in production, on loopback: web, worker, beat, and a mail server."""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.load.browser import Browser
from config import start
from config.embedded.lease import ROOT
from config.embedded.processes import Command, Members, tail

HOST = "okr.load.test"
ANSWERS_WITHIN = 60.0
SHOWN = 60  # lines of a log
TROUBLE = re.compile(r"^Traceback|\b(?:ERROR|CRITICAL)\b", re.M)


@dataclass
class Mailbox:
    """Takes every message, and keeps only their number."""

    messages: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.messages += 1
        return "250 OK"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where it answers, its mail and its logs."""

    port: int
    mailbox: Mailbox
    members: Members
    logs: Path

    def trouble(self) -> Iterator[str]:
        """Processes that ended, and logs with a traceback or an error in them."""
        if ended := self.members.ended():
            yield ended
        for log in sorted(self.logs.glob("*.log")):
            text = log.read_text(errors="replace")
            if found := list(TROUBLE.finditer(text)):
                first = "\n".join(text[found[0].start() :].splitlines()[:SHOWN])
                yield f"{len(found)} errors in {log.name}, the first one:\n{first}"


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Everything is up when the block begins, and ended after it."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    mailbox, port = Mailbox(), free_port()
    mail = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    mail.start()
    members = Members()
    try:
        os.environ |= environment(folder, mail_port=mail.port)
        found = Stage(port=port, mailbox=mailbox, members=members, logs=folder)
        collect = command("static", "manage.py", "collectstatic", "--noinput", folder=folder)
        assert members.run(collect, interrupted=lambda: False) == 0, tail(collect.log)
        for one in processes(folder, port=port):
            members.start(one)
        wait_for(found)
        yield found
    finally:
        members.stop()
        mail.stop()


def environment(folder: Path, *, mail_port: int) -> dict[str, str]:
    """Production behind one proxy that ends https; the services are those of the environment."""
    return {
        "ALLOWED_HOSTS": HOST,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "PLUMBLINE_DEMO": "0",
        "SITE_URL": f"https://{HOST}",
        "STATIC_ROOT": str(folder / "static"),
        "TRUSTED_PROXY_COUNT": "1",
    }


def processes(folder: Path, *, port: int) -> Iterator[Command]:
    yield command("web", "-m", *start.web(bind=f"127.0.0.1:{port}", grace=2), folder=folder)
    yield command("worker", "-m", *start.worker(), folder=folder)
    yield command("beat", "-m", *start.beat(), folder=folder)


def command(name: str, *arguments: str, folder: Path) -> Command:
    log = folder / f"{name}.log"
    return Command(name=name, argv=[sys.executable, *arguments], log=log, folder=ROOT)


def wait_for(stage: Stage) -> None:
    """Return once the web answers. Raises AssertionError where something ends first."""
    deadline = time.monotonic() + ANSWERS_WITHIN
    while not answers(stage.port):
        assert not (ended := stage.members.ended()), ended
        assert time.monotonic() < deadline, tail(stage.logs / "web.log")
        time.sleep(0.1)


def answers(port: int) -> bool:
    with closing(Browser(port=port, host=HOST, address="10.255.0.1")) as browser:
        try:
            return browser.get("/healthz/live").status == 200
        except (OSError, HTTPException):
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
