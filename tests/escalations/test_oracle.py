"""The job equals an independent reading of the rule, over 4,000 key results and seven rounds.

In each round deliberately broken variants of `rule.py` judge the same facts first: each must come
to something else in some round, or this test would not see the mistake.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import connections

from checkins.models import Blocker
from escalations import rule
from escalations.jobs import update_escalations
from escalations.models import Escalation
from okrs.models import KeyResult
from tenancy.scoping import unscoped
from tests.checkins.generating import cards, store
from tests.escalations.oracle import Reader

pytestmark = pytest.mark.slow

COUNT = 4_000
# In no zone is it a weekend, on which check-ins stand for the week to come. Honolulu's weeks close
# at ten by UTC; a huddle called for then is due in the round after, to the second.
DAYS = [(2, 2, 10), (2, 4, 10), (2, 12, 10), (3, 9, 10), (3, 11, 10), (3, 16, 10), (3, 24, 12)]
ROUNDS = [dt.datetime(2026, month, day, hour, tzinfo=dt.UTC) for month, day, hour in DAYS]
BROKEN = {
    "fires a week early": ("since <= facts.week - WEEKS_TO_FIRE * WEEK", "True"),
    "fires a week late": (
        "since <= facts.week - WEEKS_TO_FIRE * WEEK",
        "since < facts.week - WEEKS_TO_FIRE * WEEK",
    ),
    "waits for the close": ("return is_reported or since", "return since"),
    "fires for good": (" and self.week - WEEK <= ends_on", ""),
    "ends with the cycle": ("self.week - WEEK <= ends_on", "self.week <= ends_on"),
    "fires by a check-in after the cycle": (
        "is_reported = last_week == facts.week and facts.is_in_cycle",
        "is_reported = last_week == facts.week",
    ),
    "raises after the cycle": ("if facts.is_live_red and facts.is_in_cycle else None", ""),
    "is early a day less": (
        "judged_on <= early_until",
        "judged_on < early_until",
    ),
    "watches by the calendar alone": ("facts.forecast is not Forecast.ON_PACE and", ""),
    "watches by the forecast alone": ("and not facts.is_early", ""),
    "learns of a second missed period a week late": (
        "self.week if self.at_close",
        "self.week - DAY if self.at_close",
    ),
    "counts on little": ("< ENOUGH_CONFIDENCE", "< ENOUGH_CONFIDENCE - 1"),
    "sees what opened at the close": ("blocker.opened_at < at", "blocker.opened_at <= at"),
    "misses what was resolved at the close": (
        "blocker.resolved_at >= at",
        "blocker.resolved_at > at",
    ),
    "runs on weekends": ("if engagement.pauses_weekends", "if False"),
    "judges again within the week": ("escalation.opened_at < facts.closed_at", "True"),
    "watches for good": ("is_judged and bool(cause_of(facts))", "False"),
    "raises at two weeks": ("WEEKS_TO_RAISE = 3", "WEEKS_TO_RAISE = 2"),
    "raises at four weeks": ("WEEKS_TO_RAISE = 3", "WEEKS_TO_RAISE = 4"),
    "raises after the huddle was due": ("due_at <= facts.now", "due_at < facts.now"),
    "raises past a huddle": ("max(escalation.huddle_due_at, counts_from)", "counts_from"),
    "raises on the checkpoint": ("checkpoint_on < facts.today", "checkpoint_on <= facts.today"),
    "keeps what is over": ("escalation.is_open and not facts.is_same_streak", "False"),
    "keeps a streak that is over": (" and key_result.red_since == escalation.streak", ""),
}
COMPARED = ["streak", "opened_at", "activated_at", "cause", "huddle_due_at", "raised_at"]
COMPARED += ["raised_for", "recovered_at"]
Rows = set[tuple[Any, ...]]
Known = tuple[KeyResult, list[Escalation | None], list[Blocker]]


def test_the_job_writes_what_the_rules_say(committed: str) -> None:
    random = Random("red for two weeks")  # noqa: S311 - the same every time
    readers = {
        one.key_result.pk: Reader(one) for one in cards(COUNT, until=ROUNDS[-1], random=random)
    }
    variants = {name: broken(name) for name in BROKEN}
    told_apart: set[str] = set()

    for now in ROUNDS:
        store([reader.card for reader in readers.values()], now=now)
        for reader in readers.values():
            reader.judge(now)
        for known in facts():
            right = judged(rule, known, now=now)
            for name in variants.keys() - told_apart:
                if judged(variants[name], known, now=now) != right:
                    told_apart.add(name)

        update_escalations(now=now)

        due = expected(readers)
        assert written() == due
        act(readers, now=now, random=random)

    assert told_apart == set(BROKEN)
    assert len(readers) == COUNT
    assert len(due) > 400


def broken(name: str) -> Any:
    """Return the module of the rule with that mistake in it."""
    right, wrong = BROKEN[name]
    source = Path(rule.__file__).read_text(encoding="utf-8")
    assert source.count(right) >= 1, name
    spec = importlib.util.spec_from_loader(f"broken_{name.replace(' ', '_')}", loader=None)
    assert spec is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    exec(source.replace(right, wrong), module.__dict__)  # noqa: S102 - our own source
    return module


def facts() -> Iterator[Known]:
    """Yield each key result that is red or has an open escalation, with that and its blockers."""
    with unscoped():
        escalations, blockers = defaultdict(list), defaultdict(list)
        for escalation in Escalation.objects.using("owner").all():
            escalations[escalation.key_result_id].append(escalation)
        for blocker in Blocker.objects.using("owner").all():
            blockers[blocker.key_result_id].append(blocker)
        rows = KeyResult.objects.using("owner").select_related("engagement", "objective__cycle")
        for row in rows:
            found: list[Escalation | None] = [one for one in escalations[row.pk] if one.is_open]
            if not any(one.streak == row.red_since for one in escalations[row.pk]):
                found.append(None)
            if row.red_since is not None or any(found):
                yield row, found, blockers[row.pk]


def judged(module: Any, known: Known, *, now: dt.datetime) -> list[Any]:
    """Return the states and values that follow, by this module's reading of the rule."""
    key_result, escalations, blockers = known
    found = []
    for escalation in escalations:
        fields = {"key_result": key_result, "now": now, "at_close": True, "blockers": blockers}
        these = module.Facts(**fields, escalation=escalation)
        while state := module.next_state(these):
            values = module.values_on_entry(state, these)
            found.append((state, values))
            row = Escalation(streak=key_result.red_since or now.date(), opened_at=now)
            for name, value in {**vars(these.escalation or row), **values}.items():
                setattr(row, name, value)
            these = module.Facts(**fields, escalation=row)
    return found


def written() -> Rows:
    with unscoped():
        rows = Escalation.objects.using("owner")
        return set(rows.values_list("key_result_id", *COMPARED))


def expected(readers: dict[int, Reader]) -> Rows:
    return {
        (key, *(getattr(one, name) for name in COMPARED))
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
