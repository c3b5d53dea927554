"""An import while others work: they go on, wait for their turn, or stop it; nothing is half done."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.db import connection, connections

from checkins.models import CheckIn
from engagements.commands.engagements import close_engagement
from engagements.models import Membership
from engagements.permissions import RightLost
from imports import writer
from imports.queries import read_known
from metrics.commands import create_metric
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.checkins.posting import TUESDAY, post, refused
from tests.escalations.racing import begin
from tests.imports.files import file_of, load
from tests.reviews.running import key_results
from tests.walls.racing import PATIENCE, waiting

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("committed")]


@pytest.fixture
def lead(committed: str) -> Membership:
    return build.member(build.engagement())


@contextmanager
def between_two_batches(lead: Membership, monkeypatch: pytest.MonkeyPatch) -> Iterator[Future[Any]]:
    """Run the block while an import of three key results has written one; then let it go on."""
    reached, released = Event(), Event()
    batches = []

    def stop(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "okrs_keyresult"'):
            batches.append(sql)
            if len(batches) == 2:
                reached.set()
                assert released.wait(PATIENCE)
        return execute(sql, *rest)

    def run() -> Any:
        try:
            with connection.execute_wrapper(stop):
                return load(file_of({}, {}, {}), by=lead)
        finally:
            connections.close_all()

    monkeypatch.setattr(writer, "BATCH", 1)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run)
        try:
            assert reached.wait(PATIENCE), future.exception()
            yield future
        finally:
            released.set()


def in_scope(lead: Membership, doing: Callable[[], Any]) -> Any:
    """Do it on a connection of its own."""

    def run() -> Any:
        with scope(lead.engagement_id):
            return doing()

    return begin(run)(PATIENCE)


def imported(lead: Membership) -> int:
    with scope(lead.engagement_id):
        return KeyResult.objects.filter(title__startswith="Result").count()


def versions(lead: Membership) -> tuple[int, int]:
    lead.engagement.refresh_from_db()
    return lead.engagement.status_version, lead.engagement.row_version


def test_a_check_in_is_stored_while_an_import_is_between_two_batches(
    lead: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = build.member(lead.engagement, "Bob")
    with scope(lead.engagement_id):
        (live,) = key_results(owner, "Weeks until the pilot")
        before = versions(lead)

    with between_two_batches(lead, monkeypatch) as importing:
        in_scope(lead, lambda: post(live, owner))
        with scope(lead.engagement_id):
            assert CheckIn.objects.filter(key_result=live).count() == 1
        assert not importing.done()
        assert imported(lead) == 0
    importing.result()

    assert imported(lead) == 3
    with scope(lead.engagement_id):
        after = versions(lead)
    assert all(new > old + 1 for new, old in zip(after, before, strict=True))


def test_an_import_into_an_engagement_that_is_closed_meanwhile_stores_nothing(
    lead: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = build.member(lead.engagement, "Bob")

    with between_two_batches(lead, monkeypatch) as importing:
        in_scope(lead, lambda: close_engagement(engagement=other.engagement, by=other, now=TUESDAY))

    with pytest.raises(RightLost) as refused:
        importing.result()
    assert refused.value.code == "closed"
    assert imported(lead) == 0


def test_two_imports_into_one_cycle_come_one_after_the_other(lead: Membership) -> None:
    build.cycle(lead.engagement, "2026-Q1")

    with waiting(
        lambda: load(file_of({}, {}), by=lead),
        lambda: load(file_of({}, {}, {}), by=lead),
        engagement_id=lead.engagement_id,
    ) as second:
        pass

    assert (second.result().key_results, second.result().already_there) == (1, 2)
    assert imported(lead) == 3


def test_a_metric_of_the_same_name_waits_for_the_import_and_is_refused(lead: Membership) -> None:
    other = build.member(lead.engagement, "Bob")

    with waiting(
        lambda: load(file_of({"metric": "Churn"}), by=lead),
        lambda: create_metric(engagement=other.engagement, by=other, name="churn"),
        engagement_id=lead.engagement_id,
    ) as second:
        pass

    assert refused(second.result) == "duplicate"


@pytest.mark.parametrize("table", ["keyresult", "objective", "metric", "team", "cycle"])
def test_what_others_add_while_the_data_is_read_is_left_out(lead: Membership, table: str) -> None:
    added: list[KeyResult] = []

    def add() -> None:
        team = build.team(lead.engagement)
        objective = build.objective(lead, build.cycle(lead.engagement), team=team)
        added.append(build.key_result(objective, build.metric(lead.engagement)))

    def stop(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        if re.search(rf'FROM "\w+_{table}"', sql) and not added:
            begin(add)()
        return answer

    with scope(lead.engagement_id), connection.execute_wrapper(stop):
        known = read_known(lead.engagement, now=build.COMMITTED_AT)

    assert added
    assert known.key_results == {}
