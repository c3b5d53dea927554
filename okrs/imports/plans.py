"""The plan of an import: its result, or the problems that prevent it. Pure, in a child process."""

from __future__ import annotations

import ctypes
import heapq
import logging
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from pathlib import Path

from okrs.imports.checking import (
    Known,
    Targets,
    check_contributions,
    check_known,
    check_together,
    metric_facts,
)
from okrs.imports.rows import Row, read_row
from okrs.imports.sheets import Problem, Record, read_sheet

MAX_PROBLEMS = 200  # on a page
MAX_REPORTED = 10_000  # in a file
MAX_PREVIEWED = 100  # key results
MAX_CLIENTS = 20  # other clients whose lines can be chosen
LONGEST_CLIENT = 120  # characters of a name


@dataclass(frozen=True, slots=True)
class Made:
    """How many of each kind an import makes."""

    cycles: int
    teams: int
    placeholders: int
    metrics: int
    objectives: int
    key_results: int
    contributions: int

    def texts(self, *, zeros: bool = True) -> list[str]:
        """Return each kind with its count, key results first; without `zeros` only those made."""
        counts = {
            "key result": self.key_results,
            "objective": self.objectives,
            "metric": self.metrics,
            "cycle": self.cycles,
            "team": self.teams,
            "placeholder": self.placeholders,
            "contribution link": self.contributions,
        }
        return [counted(count, noun) for noun, count in counts.items() if count or zeros]


@dataclass(frozen=True, slots=True)
class PreviewedKeyResult:
    """One line. A key result that exists stays as it is, so only its title is shown."""

    title: str
    is_new: bool
    start: Decimal | None
    goal: Decimal | None
    unit: str
    owner: str
    has_ladder: bool


@dataclass(frozen=True, slots=True)
class PreviewedObjective:
    """An objective of the sheet, with those of its key results that are shown."""

    title: str
    cycle: str
    team: str  # empty: the company's
    is_new: bool
    key_results: list[PreviewedKeyResult] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of an import, or the first problems that prevent it, in line order.

    `rows` are all lines that were taken, `already_there` those whose key result exists and
    `of_other_clients` those left out. `other_clients` are the names in a file that does not name
    this client, so that all lines were taken. `preview` shows the first key results in the order
    of the sheet.
    """

    made: Made
    preview: Sequence[PreviewedObjective]
    rows: Sequence[Row]
    already_there: int
    problems: Sequence[Problem]
    problem_count: int
    of_other_clients: int = 0
    other_clients: Sequence[str] = ()

    @property
    def not_previewed(self) -> int:
        return max(0, self.made.key_results + self.already_there - MAX_PREVIEWED)

    @property
    def problems_left_out(self) -> int:
        return self.problem_count - len(self.problems)


def plan_import(
    content: bytes, *, known: Known, client: str = "", max_problems: int = MAX_PROBLEMS
) -> Plan:
    """Read a CSV file with the columns of `COLUMNS`, and plan its import.

    Where it names this client, by name or slug, in its engagement column, rows of other clients
    are left out unread; where it names it nowhere, all rows are taken, or only those of `client`
    where one is given.
    """
    sheet = read_sheet(content)
    names = frozenset({client.casefold()}) if client else known.client_names
    records = [record for record in sheet.records if _client(record).casefold() in names]
    if not records and not client:
        records = sheet.records
    others = {_client(record): None for record in records}
    rows: list[Row] = []
    problems = sheet.problems
    for record in records:
        row, faults = read_row(record, choices=known.choices)
        rows.append(row)
        problems += faults
    return plan_rows(
        rows,
        known=known,
        problems=problems,
        torn=sheet.torn,
        max_problems=max_problems,
        of_other_clients=len(sheet.records) - len(records),
        other_clients=[
            name
            for name in others
            if 0 < len(name) <= LONGEST_CLIENT and name.casefold() not in known.client_names
        ][:MAX_CLIENTS],
    )


def plan_rows(
    rows: Sequence[Row],
    *,
    known: Known,
    problems: Iterable[Problem] = (),
    torn: Iterable[str] = (),
    max_problems: int = MAX_PROBLEMS,
    of_other_clients: int = 0,
    other_clients: Sequence[str] = (),
) -> Plan:
    """Plan the import of rows that were read before; `problems` and `torn` are those of reading."""
    new = [row for row in rows if row.key not in known.key_results]
    faults = list(
        chain(
            problems,
            check_together(rows),
            check_known(new, known=known),
            check_contributions(new, targets=Targets(rows, known=known), torn=set(torn)),
        )
    )
    first = heapq.nsmallest(max_problems, faults, key=lambda fault: (fault.line, fault.column))
    return Plan(
        made=_count(new, known=known),
        preview=_preview(rows, known=known),
        rows=rows,
        already_there=len(rows) - len(new),
        problems=first,
        problem_count=len(faults),
        of_other_clients=of_other_clients,
        other_clients=other_clients,
    )


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _client(record: Record) -> str:
    return record.cells.get("engagement", "").strip()


def _count(rows: Sequence[Row], *, known: Known) -> Made:
    return Made(
        cycles=len({row.key[0] for row in rows} - known.cycles.keys()),
        teams=len({row.team.casefold() for row in rows if row.team} - known.teams.keys()),
        placeholders=len({row.owner_email for row in rows} - known.people.keys()),
        metrics=len({row.metric_key for row in rows} - known.metrics.keys()),
        objectives=len({row.key[:2] for row in rows} - known.objectives.keys()),
        key_results=len(rows),
        contributions=sum(bool(row.contributes_to) for row in rows),
    )


def _preview(rows: Sequence[Row], *, known: Known) -> list[PreviewedObjective]:
    facts = metric_facts(rows)
    objectives: dict[tuple[str, str], PreviewedObjective] = {}
    for row in rows[:MAX_PREVIEWED]:
        objective = objectives.setdefault(
            row.key[:2],
            PreviewedObjective(
                title=row.objective,
                cycle=row.cycle,
                team=row.team,
                is_new=row.key[:2] not in known.objectives,
            ),
        )
        metric, owner = known.metrics.get(row.metric_key), known.people.get(row.owner_email)
        unit = metric.unit if metric else facts.get((row.metric_key, "unit"), ("", row))[0]
        objective.key_results.append(
            PreviewedKeyResult(
                title=row.key_result,
                is_new=row.key not in known.key_results,
                start=row.baseline,
                goal=row.target,
                unit=str(unit),
                owner=owner.name if owner else row.owner,
                has_ladder=bool(row.ladder),
            )
        )
    return list(objectives.values())


MEMORY = 512 * 1024 * 1024  # bytes of address space
CPU_SECONDS = 15
# A page's transaction stays open meanwhile: PostgreSQL ends one that is idle for 30 seconds.
WALL_SECONDS = 25
PR_SET_PDEATHSIG = 1
ROOT = Path(__file__).resolve().parent.parent.parent
INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG")

logger = logging.getLogger(__name__)


class TooCostlyError(Exception):
    """The check needed more memory or time than it may have, or failed."""


def plan_in_child(
    content: bytes,
    *,
    known: Known,
    client: str = "",
    max_problems: int = MAX_PROBLEMS,
    with_rows: bool = True,
) -> Plan:
    """Plan an import as `plan_import` does; without `with_rows` the plan comes without them.

    Raises TooCostlyError.
    """
    task = pickle.dumps((content, known, client, max_problems, with_rows))
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        process = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            input=task,
            capture_output=True,
            timeout=WALL_SECONDS,
            env={**environment, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TooCostlyError from None
    if process.returncode:
        logger.warning("Check of a sheet ended with %d: %s", process.returncode, process.stderr)
        raise TooCostlyError
    plan: Plan = pickle.loads(process.stdout)  # noqa: S301 - written by our own process
    return plan


def main() -> None:
    limit()
    content, known, client, max_problems, with_rows = pickle.load(sys.stdin.buffer)  # noqa: S301
    plan = plan_import(content, known=known, client=client, max_problems=max_problems)
    pickle.dump(plan if with_rows else replace(plan, rows=()), sys.stdout.buffer)


def limit() -> None:
    """Bound this process, and have it end with its parent."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(WALL_SECONDS)
    if sys.platform == "linux":  # others bound no address space, and know no such signal
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
