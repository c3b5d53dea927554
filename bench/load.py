"""How many requests a second the product answers on this machine, and how soon.

Seeds a database of its own, runs web, worker and beat over it as in production, and sends visitors
from another process. Each answer is checked for the right client and no other; each accepted
check-in is counted afterwards.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import random
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from html import unescape
from http.client import HTTPConnection, HTTPException
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from psutil import NoSuchProcess, Process

import bench
from config import start
from config.embedded import ROOT
from config.embedded.processes import Command, Members, tail

HOST = "okr.load.test"
RATE, P95 = 150.0, 0.250  # requests a second at least, seconds at most
VISITED = 1_000  # clients
CARDS, READS = 5, 8  # of one sitting
WRITES = 0.35  # of all sittings
PATHS = {
    "My week": "/",
    "Status": "/e/{slug}/status/",
    "Key result": "/e/{slug}/key-results/{key_result}/",
    "Home": "/e/{slug}/",
    "Board": "/e/{slug}/board/",
    "Reviews": "/e/{slug}/reviews/",
    "Decisions": "/e/{slug}/decisions/",
}
SLUG = re.compile(r"/e/([\w-]+)/")
INPUT = re.compile(r'<input type="(?!radio|checkbox)\w+" name="(\w+)" value="([^"]*)"')
CLIENTS = """
    SELECT e.slug, e.client_name, u.id, array_agg(k.public_id)
    FROM engagements_engagement e
    JOIN engagements_membership m ON m.engagement_id = e.id AND m.role = 'champion'
    JOIN accounts_user u ON u.id = m.user_id
    JOIN okrs_keyresult k ON k.engagement_id = e.id AND k.owner_id = m.id
    GROUP BY e.id, u.id ORDER BY md5(e.slug) LIMIT %s
"""


class Client(NamedTuple):
    """A client, and the cookies of one of its members with the key results that they own."""

    slug: str
    name: str
    cookies: Mapping[str, str]
    key_results: Sequence[str]


class Answer(NamedTuple):
    """One request: start and duration in seconds, and its error."""

    kind: str
    began: float
    seconds: float
    error: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--clients", type=int, default=5_000, help="16 key results each")
    parser.add_argument("--seconds", type=float, default=120.0, help="that are measured")
    parser.add_argument("--warm-up", type=float, default=8.0, help="seconds before them")
    parser.add_argument("--visitors", type=int, default=8, help="at the same time")
    given = parser.parse_args()
    span = (given.warm_up, given.warm_up + given.seconds)
    with bench.workspace(), tempfile.TemporaryDirectory(prefix="plumbline-load-") as folder:
        clients = prepare(given.clients)
        with running(Path(folder)) as (port, members):
            began, before = time.time(), use(members)
            with get_context("spawn").Pool(1) as pool:
                answers = pool.apply(visit, (port, clients, given.visitors, span[1]))
            print_use(members, before=before, seconds=time.time() - began)
            ended = members.ended()
        met = print_figures(answers, span=span)
        posted = sum(one.kind == "Check-in" and not one.error for one in answers)
        stored = count_check_ins(since=began)
        print(f"{posted} check-ins accepted, {stored} stored. {ended or ''}")
        return 0 if met and posted == stored and not ended else 1


def prepare(number: int) -> list[Client]:
    """Seed, let the jobs of the day run once, and sign a member of each visited client in."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client as Browser
    from django.utils import timezone

    from accounts.models import User
    from demo.seeding import seed
    from okrs.weeks import monday_of

    seed(clients=number, monday=monday_of(timezone.now().date()))
    call_command("tick", stdout=io.StringIO())
    clients = []
    with connections["owner"].cursor() as cursor:
        cursor.execute(CLIENTS, [VISITED])
        for slug, name, user, key_results in cursor.fetchall():
            browser = Browser()
            browser.force_login(User.objects.using("owner").get(pk=user))
            session = browser.cookies[settings.SESSION_COOKIE_NAME]
            clients.append(Client(slug, name, {session.key: session.value}, key_results))
    return clients


@contextmanager
def running(folder: Path) -> Iterator[tuple[int, Members]]:
    """Web, worker and beat as behind a proxy that ends https; mail goes to files."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ |= {
        "ALLOWED_HOSTS": HOST,
        "EMAIL_URL": f"filemail:///{folder}/mail",
        "SITE_URL": f"https://{HOST}",
        "TRUSTED_PROXY_COUNT": "1",
    }
    members = Members()
    try:
        for name, arguments in (
            ("web", start.web(bind=f"127.0.0.1:{port}", grace=2)),
            ("worker", start.worker()),
            ("beat", start.beat()),
        ):
            argv, log = [sys.executable, "-m", *arguments], folder / f"{name}.log"
            members.start(Command(name=name, argv=argv, log=log, folder=ROOT))
        deadline, browser = time.monotonic() + 60, Browser(port, {})
        while browser.ask("GET", "/healthz/live")[0] != 200:
            if members.ended() or time.monotonic() > deadline:
                raise RuntimeError(tail(folder / "web.log"))
            time.sleep(0.1)
        yield port, members
    finally:
        members.stop()


def visit(port: int, clients: Sequence[Client], visitors: int, seconds: float) -> list[Answer]:
    """Let that many visitors in side by side, until the time is up; no client has two of them."""
    chosen = [clients[number::visitors] for number in range(visitors)]
    begin = time.monotonic()
    with ThreadPool(visitors) as pool:
        own = pool.map(lambda one: Visitor(port, one, begin=begin, seconds=seconds).run(), chosen)
    return [answer for answers in own for answer in answers]


class Browser:
    """A connection that stays open, behind a proxy that ends https."""

    def __init__(self, port: int, cookies: Mapping[str, str]) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookies = {**cookies}

    def ask(
        self, method: str, path: str, *, fields: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Return status and text; 0 and the reason where there is no answer."""
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "Origin": f"https://{HOST}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        try:
            self.connection.request(method, path, body=urlencode(fields or {}), headers=headers)
            answer = self.connection.getresponse()
            text = unescape(answer.read().decode())
        except (OSError, HTTPException) as error:
            self.connection.close()
            return 0, type(error).__name__
        for value in answer.headers.get_all("Set-Cookie", []):
            name, _, content = value.partition(";")[0].partition("=")
            self.cookies[name] = content
        return answer.status, text


class Visitor:
    """One person after the other at one browser: most read, some check in."""

    def __init__(
        self, port: int, clients: Sequence[Client], *, begin: float, seconds: float
    ) -> None:
        self.port, self.clients, self.begin, self.seconds = port, clients, begin, seconds
        self.chance = random.Random(clients[0].slug)  # noqa: S311 - the same in each run
        self.answers: list[Answer] = []

    def run(self) -> list[Answer]:
        unwritten = list(self.clients)
        while self.now < self.seconds:
            if unwritten and self.chance.random() < WRITES:
                self.check_in(unwritten.pop())
            else:
                self.read(self.chance.choice(self.clients))
        return self.answers

    @property
    def now(self) -> float:
        return time.monotonic() - self.begin

    def read(self, client: Client) -> None:
        browser = Browser(self.port, client.cookies)
        for kind in self.chance.choices(list(PATHS), k=READS):
            key_result = self.chance.choice(client.key_results)
            path = PATHS[kind].format(slug=client.slug, key_result=key_result)
            self.ask(browser, client, kind, "GET", path)

    def check_in(self, client: Client) -> None:
        browser = Browser(self.port, client.cookies)
        self.ask(browser, client, "My week", "GET", "/")
        for key_result in client.key_results[:CARDS]:
            path = f"/e/{client.slug}/key-results/{key_result}/check-in/"
            form = self.ask(browser, client, "Check-in form", "GET", path)
            fields = dict(INPUT.findall(form)) | {
                "actual": str(self.chance.randint(5, 60)),
                "confidence": str(self.chance.randint(1, 5)),
                "insight": "Accounts that see the offer early come back.",
                "next_action": f"Move the offer to day {self.chance.randint(10, 30)}",
            }
            self.ask(browser, client, "Check-in", "POST", path, fields=fields)

    def ask(
        self,
        browser: Browser,
        client: Client,
        kind: str,
        method: str,
        path: str,
        *,
        fields: dict[str, str] | None = None,
    ) -> str:
        """Time the request, then check its answer."""
        began = self.now
        status, text = browser.ask(method, path, fields=fields)
        seconds, error = self.now - began, ""
        strange = set(SLUG.findall(text)) - {client.slug}
        if status != (302 if fields else 200):
            error = f"answered {status} {text[:40] if not status else ''}"
        elif strange:
            error = f"WALL: a link into another client, {strange.pop()}"
        elif not fields and client.name not in text:
            error = "without the client's name"
        self.answers.append(Answer(kind, began, seconds, error))
        return text


def print_figures(answers: Sequence[Answer], *, span: tuple[float, float]) -> bool:
    """Print a line for each kind, and whether the aims are met; errors count at any time."""
    counted = [one for one in answers if span[0] <= one.began < span[1]]
    print(f"\n{'':<16}{'requests':>9}{'a second':>10}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}")
    for kind in [*sorted({one.kind for one in counted}), ""]:
        times = sorted(one.seconds for one in counted if kind in ("", one.kind))
        ranks = "".join(f"{percentile(times, share) * 1000:>8.0f}" for share in (0.5, 0.95, 0.99))
        rate = len(times) / (span[1] - span[0])
        print(f"{kind or 'all':<16}{len(times):>9}{rate:>10.1f}{ranks}")
    errors = [f"{one.kind}: {one.error}" for one in answers if one.error]
    for error in sorted(set(errors)):
        print(f"{errors.count(error):>9} x {error}")
    met = [bench.verdict("p95", percentile(times, 0.95), P95, unit=" s")]
    met.append(bench.verdict("seconds a request", 1 / max(rate, 0.01), 1 / RATE))
    return all(met) and not errors


def percentile(times: Sequence[float], share: float) -> float:
    """Return the time within which that share was answered (nearest rank); 0 for none."""
    return times[max(math.ceil(share * len(times)), 1) - 1] if times else 0.0


class Use(NamedTuple):
    """What a process and all that it started use: seconds of processor time, and megabytes."""

    seconds: float
    memory: float


def use(members: Members) -> dict[str, Use]:
    """Measure each part: web, worker, beat, and the supervisor of PostgreSQL and Valkey."""
    parts = {command.name: Process(process.pid) for command, process in members.running}
    begun = Process().children()
    parts["services"] = next(one for one in begun if "config.embedded" in one.cmdline())
    return {name: use_of(process) for name, process in parts.items()}


def use_of(process: Process) -> Use:
    """Measure time with that of ended children, and the PSS, in which shared memory is divided."""
    seconds, memory = 0.0, 0.0
    for one in (process, *process.children(recursive=True)):
        with suppress(NoSuchProcess):
            seconds += sum(one.cpu_times()[:4])
            memory += one.memory_full_info().pss / 2**20
    return Use(seconds, memory)


def print_use(members: Members, *, before: dict[str, Use], seconds: float) -> None:
    used = use(members)
    cores = {name: (used[name].seconds - before[name].seconds) / seconds for name in used}
    parts = ", ".join(f"{name} {number:.2f}" for name, number in cores.items())
    print(f"Cores used: {sum(cores.values()):.2f} ({parts})")
    print(f"Load average: {os.getloadavg()[0]:.1f}")
    print(f"Memory (PSS): {sum(one.memory for one in used.values()):.0f} MB")


def count_check_ins(*, since: float) -> int:
    from django.db import connections

    counted = "SELECT count(*) FROM checkins_checkin WHERE posted_at >= to_timestamp(%s)"
    with connections["owner"].cursor() as cursor:
        cursor.execute(counted, [since])
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
