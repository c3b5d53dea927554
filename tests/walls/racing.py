"""Two commands at once, round after round, and commands that wait for a row that somebody holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Barrier
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import OperationalError, connection, connections, transaction

from checkins.commands import Conflict
from tenancy.locks import StaleEdit
from tenancy.scoping import scope
from tests.escalations import racing

ROUNDS = int(os.environ.get("RACE_ROUNDS", "6"))
REFUSALS = (ValidationError, StaleEdit, Conflict, ObjectDoesNotExist)
Doing = Callable[[int], Any]  # given the number of the round
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
PATIENCE = 20  # seconds


def deadlocks(engagement_id: int, *doings: Doing) -> list[str]:
    """Run these at once, `ROUNDS` times, each on its own connection; return what PostgreSQL ended."""
    ready = Barrier(len(doings), timeout=PATIENCE)

    def run(doing: Doing) -> list[str]:
        ended = []
        try:
            for turn in range(ROUNDS):
                ready.wait()
                try:
                    with scope(engagement_id):
                        doing(turn)
                except REFUSALS:
                    pass  # who comes second may be refused
                except OperationalError as error:
                    ended.append(f"round {turn}: {error}")
        except BaseException:
            ready.abort()
            raise
        finally:
            connections.close_all()
        return ended

    with ThreadPoolExecutor(len(doings)) as pool:
        return [error for some in pool.map(run, doings) for error in some]


def at_once(engagement_id: int, *works: Callable[[], Any], turns: int = 1) -> list[Any]:
    """Do these at the same time, each on its own connection.

    Return the last result of each, or its refusal.
    """

    def run(work: Callable[[], Any]) -> Any:
        result: Any = None
        try:
            for _ in range(turns):
                with scope(engagement_id):  # a transaction, as a request is one
                    result = work()
        except (StaleEdit, ValidationError) as refusal:
            return refusal
        return result

    return racing.at_once(*[partial(run, work) for work in works])


@contextmanager
def waiting(
    hold: Callable[[], Any], doing: Callable[[], Any], *, engagement_id: int
) -> Iterator[Future[Any]]:
    """Hold what `hold` locks until `doing` waits for it, run the block, and commit.

    Whether it waits is read from PostgreSQL.
    """

    def run() -> Any:
        try:
            with scope(engagement_id):
                return doing()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, transaction.atomic(), scope(engagement_id):
        hold()
        holder = connection.connection.info.backend_pid
        future = pool.submit(run)
        with ThreadPoolExecutor(1) as watcher:
            watcher.submit(_until_one_waits, holder, future).result()
        yield future


def _until_one_waits(holder: int, future: Future[Any]) -> None:
    try:
        with connections["owner"].cursor() as cursor:
            for _ in range(PATIENCE * 1000):
                cursor.execute(WAITS, [holder])
                if cursor.fetchone() != (0,):
                    return
                if future.done():
                    raise AssertionError(f"It did not wait: {future.exception() or 'it ran'}")
    finally:
        connections.close_all()
    raise AssertionError("It never waited.")
