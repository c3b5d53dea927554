"""Several jobs at once, and people who act meanwhile: each streak fires once (M7.9)."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from random import Random
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connections, transaction
from django.db.models import Model, QuerySet

from checkins.commands import Conflict, undo_check_in
from checkins.commands.check_ins import lock_key_result
from engagements.commands.engagements import close_engagement
from engagements.models import Membership
from escalations import commands, jobs
from escalations.models import Escalation, EscalationState
from okrs.commands.key_results import update_key_result
from okrs.models import KeyResult, Objective
from tenancy.locks import StaleEdit, lock, lock_for_edit
from tenancy.scoping import scope
from tests.checkins.posting import post
from tests.escalations import racing
from tests.escalations.racing import NOW, at_once, clients, deadlocks, members, turn_red
from tests.processes import eventually
from tests.walls.racing import waiting

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def objective() -> Objective:
    return clients(1)[0]


@pytest.fixture
def red(objective: Objective) -> int:
    """A key result that has been red for two weeks."""
    (key,) = turn_red([objective], count=1, label="only")
    return key


def update(objective: Objective, key: int) -> int:
    with scope(objective.engagement_id):
        return commands.update_escalation(
            key_result_id=key, engagement_id=objective.engagement_id, now=NOW
        )


def opened(objective: Objective) -> int:
    with scope(objective.engagement_id):
        return Escalation.objects.count()


def test_four_jobs_at_once_fire_each_streak_once() -> None:
    objectives, before = clients(), deadlocks()
    due: list[int] = []
    for turn in range(20):
        due += turn_red(objectives, count=5, label=turn)
        at_once(*[racing.sweep] * 4)

    assert racing.lost_and_doubled(objectives, due) == (0, 0)
    assert deadlocks() == before


def test_a_job_leaves_a_key_result_to_the_one_that_holds_it(objective: Objective, red: int) -> None:
    with scope(objective.engagement_id):
        first = update(objective, red)
        second = racing.begin(lambda: update(objective, red))(timeout=20)

    assert (first, second, opened(objective)) == (1, 0, 1)


def unlocked(queryset: QuerySet[Any], **_: bool) -> QuerySet[Any]:
    return queryset.order_by("pk")


@pytest.fixture
def two_without_locks(monkeypatch: pytest.MonkeyPatch, objective: Objective, red: int) -> list[Any]:
    """Two jobs that do not lock the key result and read its escalations at the same time."""
    both_have_read = Barrier(2)

    def lock_together(*rows: Any) -> tuple[Model, ...]:
        both_have_read.wait(timeout=20)
        return lock(*rows)

    monkeypatch.setattr(commands, "locking", unlocked)
    monkeypatch.setattr(commands, "lock", lock_together)
    return [lambda: update(objective, red)] * 2


def test_without_its_lock_only_the_unique_key_keeps_a_streak_from_firing_twice(
    two_without_locks: list[Any],
) -> None:
    with pytest.raises(IntegrityError, match="escalation_once"):
        at_once(*two_without_locks)


def test_without_its_lock_and_the_unique_key_a_streak_fires_twice(
    two_without_locks: list[Any], objective: Objective
) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE escalations_escalation DROP CONSTRAINT escalation_once")

    at_once(*two_without_locks)

    assert opened(objective) == 2


def test_a_key_result_that_left_red_before_the_lock_does_not_fire(
    objective: Objective, red: int
) -> None:
    with scope(objective.engagement_id):
        KeyResult.objects.filter(pk=red).update(rag="amber", red_since=None)
        assert racing.begin(lambda: update(objective, red))(timeout=20) == 0

    assert (update(objective, red), opened(objective)) == (0, 0)


def opened_by_a_check_in_while(job: Any, objective: Objective, red: int) -> None:
    """Open by a check-in while a job, which has begun meanwhile, is about to open the same."""
    by = members(objective)[0]
    with scope(objective.engagement_id):
        (row,) = lock(KeyResult.objects.select_related("engagement").get(pk=red))
        with commands.update_escalation_after_check_in(row, by, NOW):
            end = job()
            with transaction.atomic():
                row.save(update_fields=["confidence"])
    end()


def test_a_check_in_and_a_job_that_open_the_same_do_not_wait_for_each_other(
    objective: Objective, red: int
) -> None:
    def job() -> Any:
        end = racing.begin(lambda: update(objective, red))
        assert end(timeout=20) == 0
        return end

    opened_by_a_check_in_while(job, objective, red)

    assert opened(objective) == 1


def test_a_job_that_locks_the_client_first_deadlocks_with_a_check_in(
    objective: Objective, red: int
) -> None:
    before = deadlocks()

    def client_first() -> None:
        with scope(objective.engagement_id), transaction.atomic():
            lock(objective.engagement)
            lock(KeyResult.objects.get(pk=red))

    def job() -> Any:
        end = racing.begin(client_first)
        assert racing.eventually_waits()
        return end

    with pytest.raises(OperationalError, match="deadlock"):
        opened_by_a_check_in_while(job, objective, red)

    assert eventually(lambda: deadlocks() > before)


def test_a_key_result_that_fails_stops_no_other_client_and_is_reported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, other = clients(2)
    turn_red([broken, other], count=1, label="only")

    def fails_for_the_first(*, engagement_id: int, **known: Any) -> int:
        if engagement_id == broken.engagement_id:
            raise ValueError("broken")
        return commands.update_escalation(engagement_id=engagement_id, **known)

    monkeypatch.setattr(jobs, "update_escalation", fails_for_the_first)

    with pytest.raises(jobs.UpdatesFailed, match="1 key result"):
        racing.sweep()

    assert (opened(broken), opened(other)) == (0, 1)
    assert "ValueError: broken" in caplog.text


def test_an_edit_of_a_card_keeps_no_job_waiting_and_the_next_one_opens(
    objective: Objective, red: int
) -> None:
    with scope(objective.engagement_id):
        shown = KeyResult.objects.get(pk=red)
        row = lock_for_edit(shown, version=shown.version)
        racing.begin(racing.sweep)(timeout=20)
        row.title = "Days from order to first report"
        row.save(update_fields=["title"])
    assert opened(objective) == 0

    racing.sweep()

    assert opened(objective) == 1


def test_a_check_in_that_waits_for_a_new_owner_knows_them(objective: Objective, red: int) -> None:
    """They are told if it opens an escalation (M7.2)."""
    *_, owner = members(objective)
    with scope(objective.engagement_id):
        key_result = KeyResult.objects.exclude(owner=owner).get(pk=red)

    with waiting(
        lambda: KeyResult.objects.filter(pk=red).update(owner=owner),
        lambda: lock_key_result(key_result, by=owner),
        engagement_id=objective.engagement_id,
    ) as found:
        pass

    with scope(objective.engagement_id):
        assert found.result().key_result.owner == owner


def update_during_a_close(objective: Objective, red: int) -> int:
    """Return the changes of a job that waits while the engagement is being closed."""
    lead = members(objective)[0]
    with scope(objective.engagement_id):
        close_engagement(engagement=lead.engagement, by=lead, now=NOW)
        end = racing.begin(lambda: update(objective, red))
        assert racing.eventually_waits()
    return int(end())


def test_a_job_that_waits_for_a_close_changes_nothing(objective: Objective, red: int) -> None:
    assert update_during_a_close(objective, red) == 0


def test_a_job_that_does_not_lock_the_engagement_opens_in_a_closed_one(
    monkeypatch: pytest.MonkeyPatch, objective: Objective, red: int
) -> None:
    monkeypatch.setattr(commands, "lock", lambda *rows: rows)

    assert update_during_a_close(objective, red) == 1


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
                by = self.people[objective.engagement_id][0]
                posted = post(row, by, actual=7 if chance > 0.92 else 9, now=now)
                if chance < 0.1:
                    undo_check_in(check_in=posted, by=by, now=now)

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
        commands.activate_escalation(escalation=row, by=by, now=now)
    elif row.state is EscalationState.RAISED:
        said: dict[str, Any] = {"word_of": "Sam", "evidence_url": "https://example.test/minutes"}
        commands.decide_escalation(**edit, verdict="resources", note="A second person.", **said)
    elif turn % 2:
        commands.set_huddle(**edit, at=now + DAY)
    else:
        day = by.engagement.today(now) + DAY
        commands.record_outcome(
            **edit, outcome="ask_help", plan="Ask.", plan_owner=by, checkpoint_on=day
        )


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
