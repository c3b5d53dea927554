"""Sweeps are killed with SIGKILL in the middle of a statement: nothing is lost or doubled (M7.9)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGKILL

import pytest
from django.conf import settings
from django.db import connections, transaction

from okrs.models import Objective
from tests import faults
from tests.escalations import racing
from tests.escalations.racing import NOW, WEEK, at_once, clients, deadlocks, turn_red
from tests.processes import environment

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]
KILLS = 10
# Held by someone else, the first stops the job before it writes, the second as it commits, the third
# after it wrote the escalation, as it writes the same notice.
HOLDS = (
    "SELECT 1 FROM engagements_engagement WHERE id = %s FOR UPDATE",
    "SELECT 1 FROM engagements_membership WHERE id = %s FOR UPDATE",
    """
    INSERT INTO notifications_notice
        (engagement_id, public_id, rule, person_id, subject, period, created_at, due_at, error)
    SELECT e.engagement_id, 'held', 'escalation_raised', m.id, e.id, e.streak, now(), now(), ''
    FROM escalations_escalation e JOIN engagements_membership m USING (engagement_id)
    WHERE e.engagement_id = %s LIMIT 1
    """,
)


@contextmanager
def sweeper() -> Iterator[subprocess.Popen[str]]:
    """A process that sweeps in a fork of its own for each line that it gets."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.checkins.sweeping", NOW.isoformat()],
        cwd=settings.BASE_DIR,
        env=environment(bell=settings.REDIS_URL, mail_port=1),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate(timeout=20)


def kill_in_the_middle(process: subprocess.Popen[str], *, hold: str, key: int) -> None:
    """Begin a sweep that must wait for the row `key`, and kill it while it waits."""
    assert process.stdin
    assert process.stdout
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(hold, [key])
        process.stdin.write("\n")
        process.stdin.flush()
        victim = int(process.stdout.readline())
        assert racing.eventually_waits()
        os.kill(victim, SIGKILL)
        transaction.set_rollback(True, using="owner")


def test_sweeps_killed_in_the_middle_lose_nothing() -> None:
    objectives, before = clients(), deadlocks()
    due: list[int] = []

    with sweeper() as process:
        for number in range(KILLS):
            due += turn_red(objectives, count=5, label=number)
            held = (objectives[-1].engagement_id, objectives[-1].owner_id)[number % 2]
            kill_in_the_middle(process, hold=HOLDS[number % 2], key=held)
            at_once(*[racing.sweep] * 4)

    lost, doubled = racing.lost_and_doubled(objectives, due)
    faults.report("sweep_kill", injected=KILLS, lost=lost, dup=doubled)
    assert (lost, doubled) == (0, 0)
    assert deadlocks() == before


def test_a_raise_that_is_killed_after_it_wrote_is_as_if_it_had_not_been() -> None:
    """It waits to notify a lead, with an escalation written already."""
    (objective,) = clients(1)
    turn_red([objective], count=3, label="raised", weeks=3)
    racing.sweep(now=NOW - WEEK)

    with sweeper() as process:
        kill_in_the_middle(process, hold=HOLDS[2], key=objective.engagement_id)
        assert raised(objective) == 0
        at_once(*[racing.sweep] * 4)

    assert raised(objective) == 3


def raised(objective: Objective) -> int:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM escalations_escalation WHERE engagement_id = %s"
            " AND raised_for = 'no_plan'",
            [objective.engagement_id],
        )
        return int(cursor.fetchone()[0])
