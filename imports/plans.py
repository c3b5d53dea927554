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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from imports.checking import (
    Fact,
    Known,
    Targets,
    check_contributions,
    check_known,
    check_together,
    metric_facts,
)
from imports.rows import Row, read_row
from imports.sheets import Problem, Record, Sheet, read_sheet
from tenancy.text import comparable

MAX_PROBLEMS = 200  # on a page
MAX_REPORTED = 10_000  # in a file
MAX_PREVIEWED = 100  # key results
MAX_CLIENTS = 20  # other clients whose lines can be chosen
LONGEST_CLIENT = 120  # characters of a name


class Previewed(NamedTuple):
    """A line, with what the engagement knows of it."""

    row: Row
    is_new: bool
    objective_is_new: bool
    unit: Fact
    owner: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of an import, or the first problems that prevent it, in line order.

    `made` counts the new rows by their noun. `rows` are all lines that were taken, if none has a
    problem, `already_there` those whose key result exists and `of_other_clients` those left out.
    `other_clients` are the names in a file that does not name this client, so that all lines were
    taken. `preview` shows the first key results in the order of the sheet, by objective. After an
    import, `cycle_ids` are the cycles that it filled, in the order of the sheet.
    """

    made: Mapping[str, int]
    preview: Sequence[Sequence[Previewed]]
    rows: Sequence[Row]
    already_there: int
    problems: Sequence[Problem]
    problem_count: int
    of_other_clients: int = 0
    other_clients: Sequence[str] = ()
    cycle_ids: Sequence[int] = ()

    @property
    def key_results(self) -> int:
        return self.made["key result"]

    @property
    def not_previewed(self) -> int:
        return max(0, self.key_results + self.already_there - MAX_PREVIEWED)

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
    names = frozenset({comparable(client)}) if client else known.client_names
    records = [record for record in sheet.records if comparable(_client(record)) in names]
    if not records and not client:
        records = sheet.records
    rows: list[Row] = []
    for record in records:
        row, faults = read_row(record, choices=known.choices)
        rows.append(row)
        sheet.problems += faults
    others = [
        name
        for name in dict.fromkeys(map(_client, records))
        if 0 < len(name) <= LONGEST_CLIENT and comparable(name) not in known.client_names
    ]
    return replace(
        plan_rows(rows, known=known, sheet=sheet, max_problems=max_problems),
        of_other_clients=len(sheet.records) - len(records),
        other_clients=others[:MAX_CLIENTS],
    )


def plan_rows(
    rows: Sequence[Row],
    *,
    known: Known,
    sheet: Sheet | None = None,
    max_problems: int = MAX_PROBLEMS,
) -> Plan:
    """Plan the import of rows; `sheet` has the problems of reading, if they were just read."""
    sheet = sheet or Sheet()
    new = [row for row in rows if row.key not in known.key_results]
    targets = Targets(rows, known=known)
    problems = [
        *sheet.problems,
        *check_together(rows),
        *check_known(new, known=known),
        *check_contributions(new, targets=targets, torn=sheet.torn),
    ]
    return Plan(
        made=_count(new, known=known),
        preview=_preview(rows, known=known),
        rows=() if problems else rows,
        already_there=len(rows) - len(new),
        problems=heapq.nsmallest(max_problems, problems, key=lambda one: (one.line, one.column)),
        problem_count=len(problems),
    )


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _client(record: Record) -> str:
    return record.cells.get("engagement", "").strip()


def _count(rows: Sequence[Row], *, known: Known) -> dict[str, int]:
    return {
        "key result": len(rows),
        "objective": len({row.key[:2] for row in rows} - known.objectives.keys()),
        "metric": len({row.metric_key for row in rows} - known.metrics.keys()),
        "cycle": len({row.key[0] for row in rows} - known.cycles.keys()),
        "team": len({comparable(row.team) for row in rows if row.team} - known.teams.keys()),
        "placeholder": len({row.owner_email for row in rows} - known.people.keys()),
        "contribution link": sum(bool(row.contributes_to) for row in rows),
    }


def _preview(rows: Sequence[Row], *, known: Known) -> list[list[Previewed]]:
    facts = metric_facts(rows)
    objectives: dict[tuple[str, str], list[Previewed]] = {}
    for row in rows[:MAX_PREVIEWED]:
        metric, owner = known.metrics.get(row.metric_key), known.people.get(row.owner_email)
        previewed = Previewed(
            row=row,
            is_new=row.key not in known.key_results,
            objective_is_new=row.key[:2] not in known.objectives,
            unit=metric.unit if metric else facts.get((row.metric_key, "unit"), ("", row))[0],
            owner=owner.name if owner else row.owner,
        )
        objectives.setdefault(row.key[:2], []).append(previewed)
    return list(objectives.values())


MEMORY = 512 * 1024 * 1024  # bytes of address space
CPU_SECONDS = 15
# A page's transaction stays open meanwhile: PostgreSQL ends one that is idle for 30 seconds.
WALL_SECONDS = 25
PR_SET_PDEATHSIG = 1
ROOT = Path(__file__).resolve().parent.parent
INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG")

logger = logging.getLogger(__name__)


class TooCostlyError(Exception):
    """The check needed more memory or time than it may have, or failed."""


def plan_in_child(
    content: bytes, *, known: Known, client: str = "", max_problems: int = MAX_PROBLEMS
) -> Plan:
    """Plan an import as `plan_import` does. Raises TooCostlyError."""
    task = pickle.dumps((content, known, client, max_problems))
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
    content, known, client, max_problems = pickle.load(sys.stdin.buffer)  # noqa: S301
    plan = plan_import(content, known=known, client=client, max_problems=max_problems)
    pickle.dump(plan, sys.stdout.buffer)


def limit() -> None:
    """Bound this process, and have it end with its parent."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(WALL_SECONDS)
    if sys.platform == "linux":  # others bound no address space, and know no such signal
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
