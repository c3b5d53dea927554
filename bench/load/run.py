"""One run: prepare, let the visitors in, judge."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.core.management import call_command
from django.utils import timezone

from bench.load import plan, visitors
from bench.load.audit import audit
from bench.load.cast import NAMES, cast
from bench.load.figures import figures, table, verdict, worst_errors
from bench.load.processor import processor
from bench.load.stage import HOST, Stage, stage
from bench.workspace import machine
from config.embedded.lease import ROOT
from okrs.weeks import monday_of
from reviews.seeding import seed

T = TypeVar("T")
SEED = 2026


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of a load: the visitors' record, and processor seconds a second of each process."""

    record: visitors.Record
    cores: Mapping[str, float]
    wrong: list[str]


class Load:
    def __init__(
        self, folder: Path, *, clients: int, seconds: float, warm_up: float, visitors: int
    ) -> None:
        self.folder, self.clients, self.visitors = folder, clients, visitors
        self.span = {"seconds": warm_up + seconds, "warm_up": warm_up}

    def run(self) -> bool:
        """Print the figures; whether every aim was kept and the database is right."""
        print(f"On {machine()}; the load generator runs on it too.")
        monday = monday_of(timezone.now().date())
        timed("Seeding", lambda: seed(clients=self.clients, monday=monday))
        timed("First sweep", lambda: call_command("tick", stdout=io.StringIO()))
        people = timed("Signing in", lambda: cast(seed=SEED))
        with stage(self.folder) as running:
            since = timezone.now()
            seen = timed("Load", lambda: self.visit(running, *people, since=since))
            print("", *self.report(seen, mails=running.mailbox.messages), sep="\n")
        found = figures(seen.record.answers, **self.span)
        return found.keep and not seen.wrong

    def visit(
        self,
        running: Stage,
        clients: dict[str, plan.Client],
        people: list[plan.Person],
        *,
        since: dt.datetime,
    ) -> Seen:
        """Let the visitors in, from a process of their own."""
        whole = plan.Plan(
            port=running.port,
            host=HOST,
            seed=SEED,
            visitors=self.visitors,
            seconds=self.span["seconds"],
            names=NAMES,
            clients=clients,
            people=people,
        )
        files = [self.folder / "plan.json", self.folder / "record.json"]
        plan.write(whole, files[0])
        generator = [sys.executable, "-m", "bench.load.visitors", *map(str, files)]
        with subprocess.Popen(generator, cwd=ROOT) as process:  # noqa: S603
            time.sleep(self.span["warm_up"])
            began, before = time.monotonic(), processor(running)
            assert process.wait() == 0, "The load generator failed."
            took, after = time.monotonic() - began, processor(running)
        record = visitors.read(files[1])
        return Seen(
            record=record,
            cores={name: (after[name] - before[name]) / took for name in after}
            | {"load generator": record.processor / self.span["seconds"]},
            wrong=[*audit(record.sent, since=since), *running.trouble()],
        )

    def report(self, seen: Seen, *, mails: int) -> Iterator[str]:
        answers = seen.record.answers
        found = figures(answers, **self.span)
        yield from table(answers, **self.span)
        yield ""
        yield f"{sum(taken for _, _, taken in seen.record.sent)} posts accepted, {mails} mails sent."
        yield "Milliseconds of processor time a request, whatever else the machine does:"
        for name, cores in sorted(seen.cores.items(), key=lambda one: -one[1]):
            yield f"{cores / max(found.rate, 0.01) * 1000:>8.2f} {name}"
        yield from verdict(found)
        for error, count in worst_errors(answers):
            yield f"{count:>6} x {error}"
        for sentence in seen.wrong:
            yield f"WRONG  {sentence}"


def timed(name: str, work: Callable[[], T]) -> T:
    print(f"{name} …", end=" ", flush=True)
    began = time.monotonic()
    done = work()
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return done
