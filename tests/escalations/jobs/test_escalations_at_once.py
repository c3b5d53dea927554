"""Four sweeps at the same moment, and people who act meanwhile: each streak fires once (M7.9)."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connections

from checkins.commands import Conflict, undo_check_in
from engagements.models import Membership
from escalations.commands.escalations import (
    activate_escalation,
    decide_escalation,
    record_outcome,
    set_huddle,
)
from escalations.jobs import statements
from escalations.jobs.escalations import open_escalations
from escalations.models import Escalation, EscalationState
from okrs.commands import update_key_result
from okrs.models import KeyResult, Objective
from tenancy.locks import StaleEdit, lock_for_edit
from tenancy.scoping import scope
from tests.checkins.posting import newest, post
from tests.escalations.jobs import racing
from tests.escalations.jobs.racing import NOW, at_once, clients, deadlocks, members, turn_red
from tests.processes import eventually

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]
TURNS = 20
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
UNSURE = "AND held.status_version = fired.status_version"


def races(objectives: list[Objective], *, turns: int) -> tuple[int, int]:
    """New reds in every turn, four sweeps at once over them; returns the lost and the doubled."""
    due: list[int] = []
    for turn in range(turns):
        due += turn_red(objectives, count=5, label=turn)
        at_once(*[racing.sweep] * 4)
    return racing.lost_and_doubled(objectives, due)


def test_four_sweeps_at_once_fire_each_streak_once_and_wait_for_nobody() -> None:
    objectives, before = clients(), deadlocks()

    assert races(objectives, turns=TURNS) == (0, 0)

    assert deadlocks() == before


def test_sweeps_that_trust_to_luck_fire_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the unique key, and without a look at what changed, the same test goes red."""
    objectives = clients()
    monkeypatch.setattr(statements, "OPEN", statements.OPEN.replace(UNSURE, ""))
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE escalations_escalation DROP CONSTRAINT escalation_once")

    _, doubled = races(objectives, turns=TURNS)

    assert doubled > 0


def test_sweeps_that_do_not_expect_a_conflict_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    naive = statements.OPEN.replace(UNSURE, "").replace(
        "ON CONFLICT DO NOTHING\n        RETURNING", "RETURNING"
    )
    assert naive.count("ON CONFLICT") == statements.OPEN.count("ON CONFLICT") - 1
    monkeypatch.setattr(statements, "OPEN", naive)

    with pytest.raises(IntegrityError):
        races(clients(), turns=TURNS)


def test_what_leaves_red_while_a_sweep_waits_does_not_fire() -> None:
    """The sweep has read a red key result and waits for its client; then it is red no more."""
    (objective,) = clients(1)
    (key,) = turn_red([objective], count=1, label="only")

    with scope(objective.engagement_id):
        KeyResult.objects.filter(pk=key).update(rag="amber", red_since=None)
        end = racing.begin(racing.sweep)
        assert racing.eventually_waits()
    end()

    with scope(objective.engagement_id):
        assert not Escalation.objects.exists()


def opened_beside_a_sweep() -> int:
    """A check-in holds its client's row when it opens what a sweep is about to open too."""
    (objective,) = clients(1)
    (key,) = turn_red([objective], count=1, label="both")
    with scope(objective.engagement_id):
        row = KeyResult.objects.select_related("engagement").get(pk=key)
        row.save(update_fields=["confidence"])
        end = racing.begin(racing.sweep)
        assert racing.eventually_waits()
        opened = open_escalations(now=NOW, using="default", key_result=row)
    end()
    return opened


def test_a_check_in_and_a_sweep_that_open_the_same_do_not_wait_for_each_other() -> None:
    assert opened_beside_a_sweep() == 1


def test_a_sweep_that_locks_its_clients_last_would(monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked = statements.OPEN.replace("ORDER BY id FOR NO KEY UPDATE", "ORDER BY id")
    assert unlocked != statements.OPEN
    monkeypatch.setattr(statements, "OPEN", unlocked)
    before = deadlocks()

    with pytest.raises(OperationalError, match="deadlock"):
        opened_beside_a_sweep()

    assert eventually(lambda: deadlocks() > before)


def test_whoever_edits_a_card_holds_no_sweep_up() -> None:
    """The sweep holds the client and points at the card; the edit has the card, wants the client."""
    (objective,) = clients(1)
    (key,) = turn_red([objective], count=1, label="edited")

    with scope(objective.engagement_id):
        shown = KeyResult.objects.get(pk=key)
        row = lock_for_edit(shown, version=shown.version)
        racing.begin(racing.sweep)(timeout=20)
        row.title = "Days from order to first report"
        row.save(update_fields=["title"])

    with scope(objective.engagement_id):
        assert Escalation.objects.count() == 1


# People who act meanwhile.


class Meanwhile:
    """Check-ins, answers, edits and sweeps over a quarter, each by a clock of its own, twelve hours a turn."""

    began = dt.datetime(2026, 2, 2, 9, tzinfo=dt.UTC)

    def __init__(self, objectives: list[Objective], *, turns: int) -> None:
        self.objectives, self.turns = objectives, turns
        self.people = {one.engagement_id: members(one) for one in objectives}

    def sweep(self) -> None:
        for turn in range(self.turns):
            racing.sweep(now=self.began + 12 * HOUR * turn)

    def check_in(self, *, seed: int) -> None:
        """Mostly red; now and then better, now and then taken back."""
        random = Random(seed)  # noqa: S311 - the same every time
        for turn in range(self.turns):
            objective = random.choice(self.objectives)
            now, chance = self.began + 12 * HOUR * turn, random.random()
            with scope(objective.engagement_id), suppress(ValidationError, Conflict):
                row = random.choice(KeyResult.objects.order_by("id"))
                by, latest = self.people[objective.engagement_id][0], newest(row)
                if latest is not None and chance < 0.1:
                    undo_check_in(check_in=latest, by=by, now=now)
                else:
                    post(row, by, actual=7 if chance > 0.92 else 9, now=now)

    def edit(self, *, seed: int) -> None:
        """A better title now and then, for which the card is held until the client's row is written."""
        random = Random(seed)  # noqa: S311 - the same every time
        for turn in range(self.turns):
            objective = random.choice(self.objectives)
            with scope(objective.engagement_id), suppress(StaleEdit):
                row = random.choice(KeyResult.objects.select_related("objective").order_by("id"))
                by, title = self.people[objective.engagement_id][0], f"{row.pk}, said anew {turn}"
                update_key_result(key_result=row, version=row.version, by=by, title=title)

    def answer(self) -> None:
        for turn in range(self.turns):
            objective = self.objectives[turn % len(self.objectives)]
            now = self.began + 12 * HOUR * turn
            with scope(objective.engagement_id):
                rows = list(Escalation.objects.open().order_by("id"))
                by = self.people[objective.engagement_id][turn % 2]
            for row in rows:
                with scope(objective.engagement_id), suppress(ValidationError, StaleEdit):
                    act(row, by, turn=turn, now=now)


def act(row: Escalation, by: Membership, *, turn: int, now: dt.datetime) -> None:
    edit: dict[str, Any] = {"escalation": row, "version": row.version, "by": by, "now": now}
    if row.state is EscalationState.WATCHING:
        activate_escalation(escalation=row, by=by, now=now)
    elif row.state is EscalationState.RAISED:
        said: dict[str, Any] = {"word_of": "Sam", "evidence_url": "https://example.test/minutes"}
        decide_escalation(**edit, verdict="resources", note="A second person.", **said)
    elif turn % 2:
        set_huddle(**edit, at=now + DAY)
    else:
        day = by.engagement.today(now) + DAY
        record_outcome(**edit, outcome="ask_help", plan="Ask.", plan_owner=by, checkpoint_on=day)


def test_people_and_sweeps_never_wait_for_each_other_and_agree_in_the_end() -> None:
    objectives, before = clients(), deadlocks()
    turn_red(objectives, count=4, label="both")
    meanwhile = Meanwhile(objectives, turns=100)

    at_once(
        meanwhile.sweep,
        meanwhile.sweep,
        lambda: meanwhile.check_in(seed=0),
        lambda: meanwhile.check_in(seed=1),
        lambda: meanwhile.edit(seed=2),
        meanwhile.answer,
    )
    end = meanwhile.began + 12 * HOUR * meanwhile.turns
    racing.sweep(now=end)
    racing.sweep(now=end)

    assert deadlocks() == before
    for objective in objectives:
        with scope(objective.engagement_id):
            must_agree(this_week=end.date() - DAY * end.weekday())


def must_agree(*, this_week: dt.date) -> None:
    """What is open is the streak that runs, and what has run for two weeks has fired."""
    fired = {(row.key_result_id, row.streak): row for row in Escalation.objects.all()}
    assert len(fired) == Escalation.objects.count() > 1
    for key_result in KeyResult.objects.all():
        streak = key_result.red_since
        still_open = [
            row for row in fired.values() if row.is_open and row.key_result_id == key_result.pk
        ]
        assert [row.streak for row in still_open] in ([], [streak])
        if streak is not None and streak <= this_week - 2 * racing.WEEK:
            assert (key_result.pk, streak) in fired
