"""The sweeps equal an independent reading of the rules, over 10,000 key results and seven rounds.

In each round deliberately broken variants of the statements run first, and are rolled back: each
must be told from the right one in some round, or this test would not see the mistake.
"""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest
from django.db import connections, transaction

from escalations.jobs import escalations, statements
from tests.checkins.jobs.generating import cards, store
from tests.escalations.jobs.oracle import Reader

pytestmark = pytest.mark.slow

COUNT = 10_000
# In no zone is it a weekend, on which check-ins stand for the week to come. Honolulu's weeks close
# at ten by UTC; a huddle called for then is due in the round after, to the second.
DAYS = [(2, 2, 10), (2, 4, 10), (2, 12, 10), (3, 9, 10), (3, 11, 10), (3, 16, 10), (3, 24, 12)]
ROUNDS = [dt.datetime(2026, month, day, hour, tzinfo=dt.UTC) for month, day, hour in DAYS]
BROKEN = {
    "fires a week early": (
        "OPEN",
        "k.red_since <= clock.monday - 14",
        "k.red_since <= clock.monday - 7",
    ),
    "fires a week late": (
        "OPEN",
        "k.red_since <= clock.monday - 14",
        "k.red_since < clock.monday - 14",
    ),
    "waits for the close": (
        "OPEN",
        "OR k.last_week = clock.monday AND clock.monday <= c.ends_on",
        "",
    ),
    "fires for good": ("OPEN", "clock.monday - 7 <= c.ends_on", "true"),
    "ends with the cycle": ("OPEN", "clock.monday - 7 <= c.ends_on", "clock.monday <= c.ends_on"),
    "fires by a check-in after the cycle": ("OPEN", " AND clock.monday <= c.ends_on", ""),
    "raises after the cycle": ("RAISE", " AND clock.monday <= c.ends_on", ""),
    "is early a day less": (
        "OPEN",
        "k.early_until < clock.judged_on",
        "k.early_until <= clock.judged_on",
    ),
    "counts on little": ("OPEN", "k.confidence < 3", "k.confidence < 2"),
    "sees what opened at the close": (
        "OPEN",
        "b.opened_at < clock.judged_at",
        "b.opened_at <= clock.judged_at",
    ),
    "misses what was resolved at the close": (
        "OPEN",
        "b.resolved_at >= clock.judged_at",
        "b.resolved_at > clock.judged_at",
    ),
    "runs on weekends": (
        "OPEN",
        "g.pauses_weekends THEN clock.huddle_paused",
        "g.pauses_weekends THEN clock.huddle",
    ),
    "judges again within the week": ("ACTIVATE", "e.opened_at < clock.judged_at", "true"),
    "watches for good": ("ACTIVATE", "k.early_until < clock.judged_on", "false"),
    "raises at two weeks": (
        "RAISE",
        "e.streak <= clock.monday - 21",
        "e.streak <= clock.monday - 14",
    ),
    "raises at four weeks": (
        "RAISE",
        "e.streak <= clock.monday - 21",
        "e.streak < clock.monday - 21",
    ),
    "raises after the huddle was due": (
        "RAISE",
        "e.huddle_due_at <= %(now)s",
        "e.huddle_due_at < %(now)s",
    ),
    "raises past a huddle": ("RAISE", "e.huddle_due_at <= %(now)s AND", "true AND"),
    "raises on the checkpoint": (
        "RAISE",
        "e.checkpoint_on < clock.today",
        "e.checkpoint_on <= clock.today",
    ),
    "keeps what is over": ("RECOVER", "AND NOT EXISTS (", "AND false AND NOT EXISTS ("),
    "keeps a streak that is over": ("RECOVER", "AND k.red_since = e.streak", ""),
}
Rows = set[tuple[Any, ...]]


def test_the_sweeps_write_what_the_rules_say(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random("red for two weeks")  # noqa: S311 - the same every time
    readers = {
        one.key_result.pk: Reader(one) for one in cards(COUNT, until=ROUNDS[-1], random=random)
    }
    told_apart: set[str] = set()
    with connections["owner"].cursor() as cursor:  # two facts that the sweeps write and never read
        cursor.execute(
            "GRANT SELECT (cause, raised_for) ON escalations_escalation TO plumbline_sweep"
        )

    for now in ROUNDS:
        store([reader.card for reader in readers.values()], now=now)
        for reader in readers.values():
            reader.judge(now)
        due = expected(readers)
        for name in BROKEN.keys() - told_apart:
            if swept_wrongly(name, now=now, monkeypatch=monkeypatch) != due:
                told_apart.add(name)

        sweep(now)

        assert written() == due
        act(readers, now=now, random=random)

    assert told_apart == set(BROKEN)
    assert len(readers) == COUNT
    assert len(due) > 1_000


def sweep(now: dt.datetime) -> None:
    escalations.recover_escalations(now=now)
    escalations.open_escalations(now=now)
    escalations.activate_escalations(now=now)
    escalations.raise_escalations(now=now)


def swept_wrongly(name: str, *, now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> Rows:
    """What the sweeps would write with that mistake in them."""
    statement, right, wrong = BROKEN[name]
    sql = getattr(statements, statement)
    assert right in sql
    with monkeypatch.context() as broken, transaction.atomic(using="sweep"):
        broken.setattr(statements, statement, sql.replace(right, wrong))
        sweep(now)
        rows = written()
        transaction.set_rollback(True, using="sweep")
    return rows


def written() -> Rows:
    with connections["sweep"].cursor() as cursor:
        cursor.execute(
            "SELECT key_result_id, streak, opened_at, activated_at, cause, huddle_due_at, raised_at,"
            " raised_for, recovered_at FROM escalations_escalation"
        )
        return set(cursor.fetchall())


def expected(readers: dict[int, Reader]) -> Rows:
    return {
        (
            key,
            one.streak,
            one.opened_at,
            one.activated_at,
            one.cause,
            one.huddle_due_at,
            one.raised_at,
            one.raised_for,
            one.recovered_at,
        )
        for key, reader in readers.items()
        for one in reader.expected
    }


def act(readers: dict[int, Reader], *, now: dt.datetime, random: Random) -> None:
    """Some record a plan meanwhile, some sponsors decide."""
    plans, verdicts = [], []
    for key, reader in readers.items():
        for one in reader.expected:
            if not one.is_open or random.random() < 0.5:
                continue
            by = reader.card.key_result.owner_id
            if one.raised_at is not None:
                one.decided = True
                verdicts.append((key, by))
            elif one.activated_at is not None and not one.answered:
                days = random.choice([1, 2, 5, 12, 13, 14])
                one.answered, one.checkpoint_on = True, now.date() + dt.timedelta(days=days)
                plans.append((key, by, one.checkpoint_on))
    with connections["owner"].cursor() as cursor:
        for statement, rows in ((PLAN, plans), (DECIDE, verdicts)):
            if rows:
                columns = [list(column) for column in zip(*rows, strict=True)]
                cursor.execute(statement, [now, *columns])


PLAN = """
    UPDATE escalations_escalation e SET answered_at = %s, answered_by_id = new.by,
        plan_owner_id = new.by, checkpoint_on = new.checkpoint_on
    FROM unnest(%s::bigint[], %s::bigint[], %s::date[]) AS new (id, by, checkpoint_on)
    WHERE e.key_result_id = new.id AND e.recovered_at IS NULL AND e.decided_at IS NULL
"""
DECIDE = """
    UPDATE escalations_escalation e SET decided_at = %s, decided_by_id = new.by
    FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, by)
    WHERE e.key_result_id = new.id AND e.recovered_at IS NULL AND e.decided_at IS NULL
"""
