"""The job over all clients: what it changes when, and what it and the reminders read (M7.1, M7.4, M7.9)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from checkins.jobs.digests import friday_digests
from checkins.jobs.reminders import escalate_missed, send_overdue, send_reminders
from demo.seeding import seed
from engagements.commands.engagements import close_engagement, reopen_engagement
from engagements.models import Engagement, Membership
from escalations.jobs import update_escalations
from escalations.models import Escalation, EscalationState
from escalations.rule import Facts, raise_due_at
from okrs.models import KeyResult
from tenancy.models import NEW_PUBLIC_ID
from tests import build
from tests.checkins.posting import TUESDAY, at
from tests.databases import copy_of
from tests.escalations.escalating import put_in, red_weeks
from tests.escalations.notices import told
from tests.plans.explaining import nodes

WEEK, SECOND = dt.timedelta(days=7), dt.timedelta(seconds=1)
NEXT_WEEK = TUESDAY + WEEK
STREAK = dt.date(2026, 2, 2)
HUDDLES = [at("2026-02-12T09:40"), at("2026-02-21T09:00"), at("2026-02-25T09:00")]
REMINDED = {send_reminders: at("2026-03-06T09:00"), send_overdue: at("2026-03-09T10:01")}
REMINDED |= {escalate_missed: at("2026-03-16T00:01"), friday_digests: at("2026-03-13T09:30")}


def run(job: object, now: dt.datetime) -> int:
    assert callable(job)
    return int(job(now=now, using="default"))


class TestClosedEngagements:
    @pytest.mark.parametrize(
        ("job", "now"), REMINDED.items(), ids=[one.__name__ for one in REMINDED]
    )
    def test_no_one_is_notified_of_check_ins(
        self, onboarding: KeyResult, alice: Membership, job: object, now: dt.datetime
    ) -> None:
        close_engagement(engagement=alice.engagement, by=alice, now=NOW)
        assert run(job, now) == 0

        type(alice.engagement).objects.update(closed_at=None, closed_by=None)
        assert run(job, now) > 0

    def test_no_escalation_opens_goes_on_or_ends(
        self, onboarding: KeyResult, alice: Membership, bob: Membership
    ) -> None:
        red_weeks(onboarding, bob, weeks=3)
        onboarding.refresh_from_db()
        put_in(onboarding, bob, state=EscalationState.WATCHING, now=TUESDAY)
        close_engagement(engagement=alice.engagement, by=alice, now=NOW)
        KeyResult.objects.filter(pk=onboarding.pk).update(rag="green", red_since=None)

        assert run(update_escalations, NEXT_WEEK) == 0

        KeyResult.objects.filter(pk=onboarding.pk).update(
            rag=onboarding.rag, red_since=onboarding.red_since
        )
        assert run(update_escalations, NEXT_WEEK) == 0
        put_in(onboarding, bob, state=EscalationState.ACTIVE, now=TUESDAY)
        assert run(update_escalations, NEXT_WEEK) == 0
        Escalation.objects.update(streak=dt.date(2026, 1, 5), recovered_at=TUESDAY)
        assert run(update_escalations, NEXT_WEEK) == 0

        Engagement.objects.update(closed_at=None, closed_by=None)
        assert run(update_escalations, NEXT_WEEK) == 1

    def test_opened_again_it_asks_for_what_is_due_from_then_on(
        self, onboarding: KeyResult, alice: Membership
    ) -> None:
        close_engagement(engagement=alice.engagement, by=alice, now=NOW)
        reopen_engagement(engagement=alice.engagement, by=alice, now=at("2026-03-09T12:00"))

        assert run(send_overdue, at("2026-03-09T13:00")) == 0
        assert run(send_reminders, at("2026-03-13T09:00")) == 1
        assert [one.period for one in told()] == [dt.date(2026, 3, 16)]


class TestRaise:
    """The deadline that the screen shows is the instant at which the job raises (M7.4)."""

    @pytest.mark.parametrize(
        "ends_on", [dt.date(2026, 2, 15), dt.date(2026, 2, 16), STREAK + 9 * WEEK]
    )
    @pytest.mark.parametrize("huddle_due_at", HUDDLES)
    @pytest.mark.parametrize("weeks", range(4), ids=lambda weeks: f"reported in week {weeks + 1}")
    @pytest.mark.parametrize("cadence", ["weekly", "biweekly"])
    def test_it_goes_to_the_sponsor_when_its_clock_says(
        self,
        onboarding: KeyResult,
        cadence: str,
        weeks: int,
        huddle_due_at: dt.datetime,
        ends_on: dt.date,
    ) -> None:
        last_week = STREAK + weeks * WEEK
        row = active(onboarding, huddle_due_at=huddle_due_at)
        Engagement.objects.filter(pk=row.engagement_id).update(cadence=cadence)
        KeyResult.objects.filter(pk=onboarding.pk).update(last_week=last_week)
        type(onboarding.objective.cycle).objects.update(ends_on=ends_on)

        fresh = KeyResult.objects.select_related("engagement", "objective__cycle").get()
        due_at = raise_due_at(Facts(key_result=fresh, escalation=row, now=huddle_due_at))

        # A check-in is on record from the Friday before its week on.
        since = max(huddle_due_at - SECOND, at(f"{last_week - dt.timedelta(days=3)}T00:00"))
        assert raised_from(since) == (max(due_at, since) if due_at else None)


def active(key_result: KeyResult, *, huddle_due_at: dt.datetime) -> Escalation:
    KeyResult.objects.filter(pk=key_result.pk).update(rag="red", red_since=STREAK, red_reported=2)
    key_result.refresh_from_db()
    state, now = EscalationState.ACTIVE, huddle_due_at - dt.timedelta(days=2)
    return put_in(key_result, key_result.owner, state=state, now=now, huddle_due_at=huddle_due_at)


def raised_from(since: dt.datetime) -> dt.datetime | None:
    """Return the first instant at which the job raises it: at once, at the huddle, at midnight."""
    midnights = [at(f"{STREAK + dt.timedelta(days=day)}T00:00") for day in range(35)]
    instants = [since, *HUDDLES, *midnights, *(one - SECOND for one in (*HUDDLES, *midnights))]
    for now in sorted(one for one in instants if one >= since):
        if run(update_escalations, now):
            return now
    return None


def test_an_unknown_time_zone_stops_no_job(onboarding: KeyResult, bob: Membership) -> None:
    red_weeks(onboarding, bob, weeks=1)
    Engagement.objects.update(time_zone="Mars/Olympus")

    assert run(update_escalations, NEXT_WEEK + WEEK) == 1


# How PostgreSQL finds the candidates.

CLIENTS = 250  # 4,000 key results, 48,000 check-ins
MONDAY = dt.date(2026, 3, 9)
FRIDAY = dt.datetime(2026, 3, 6, 18, tzinfo=dt.UTC)
IN_AUTUMN = dt.datetime(2026, 10, 9, 15, tzinfo=dt.UTC)  # a Friday too
NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
# Escalations that were closed long ago.
CLOSED = f"""
    INSERT INTO escalations_escalation (engagement_id, public_id, rule, key_result_id, streak,
        opened_at, recovered_at, cause, raised_for, version)
    SELECT engagement_id, {NEW_PUBLIC_ID}, 'red_two_weeks', k.id, date '2025-12-29' - 14 * n,
        now(), now(), '', '', 2
    FROM okrs_keyresult k CROSS JOIN generate_series(1, 3) n
"""


def candidate_plan() -> dict[str, Any]:
    """Return the plan of the job's query, which then finds no candidates."""
    plans: list[Any] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "FROM okrs_keyresult" not in sql and "candidates" not in sql:
            return execute(sql, params, many, context)
        execute(f"EXPLAIN (FORMAT json) {sql}", params, many, context)
        plans.append(context["cursor"].fetchone()[0])
        return execute("SELECT WHERE false", None, many, context)

    with connections["sweep"].execute_wrapper(explain):
        assert update_escalations(now=NOW) == 0
    (plan,) = plans
    found: dict[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return found


def read_whole(plan: dict[str, Any]) -> set[str]:
    """Return the tables that it reads from end to end."""
    return {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}


def indexes(plan: dict[str, Any]) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


Sweep = Callable[..., int]


def plans(sweep: Sweep, now: dt.datetime) -> list[str]:
    """Which tables are read from end to end; the sweep must write something."""
    lines: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "INSERT INTO" in sql:
            execute(f"EXPLAIN {sql}", params, many, context)
            lines.extend(line for (line,) in context["cursor"].fetchall())
        return execute(sql, params, many, context)

    with connections["sweep"].execute_wrapper(explain):
        assert sweep(now=now, using="sweep") > 0
    assert lines
    return [line.split(" on ")[1].split()[0] for line in lines if "Seq Scan" in line]


@pytest.fixture(scope="class")
def seeded(django_db_setup: str, django_db_blocker: Any) -> Iterator[None]:
    """Many clients in the spring, and one that goes on in the autumn."""
    with django_db_blocker.unblock(), copy_of(django_db_setup):
        seed(clients=CLIENTS, monday=MONDAY)
        lead = build.member(build.engagement(country="XX"))
        cycle = build.cycle(
            lead.engagement, starts_on=dt.date(2026, 9, 1), ends_on=dt.date(2026, 12, 31)
        )
        objective = build.objective(lead, cycle)
        for _ in range(3):
            build.live_key_result(objective)
        execute(CLOSED, "VACUUM ANALYZE")
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("seeded")
class TestPlans:
    def test_the_job_reads_neither_all_key_results_nor_check_ins(self) -> None:
        first = candidate_plan()
        assert update_escalations(now=NOW) > CLIENTS / 2
        execute("VACUUM ANALYZE escalations_escalation")
        later = candidate_plan()

        for plan in (first, later):
            assert read_whole(plan) & {"checkins_checkin", "okrs_keyresult"} == set()
            assert "keyresult_red" in indexes(plan)
        assert "escalation_open" in indexes(later)

    @pytest.mark.parametrize(
        "sweep", [send_reminders, send_overdue, escalate_missed, friday_digests]
    )
    def test_neither_old_key_results_nor_check_ins_are_read(self, sweep: Sweep) -> None:
        # When the sweep of overdue ones runs, the period of Monday 5 October is open.
        read = plans(sweep, IN_AUTUMN)

        assert {"okrs_keyresult", "checkins_checkin", "okrs_objective"} & set(read) == set()

    def test_fridays_digest_reads_no_more_check_ins_than_key_results(self) -> None:
        assert "checkins_checkin" not in plans(friday_digests, FRIDAY)


def execute(*statements: str) -> None:
    with connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
